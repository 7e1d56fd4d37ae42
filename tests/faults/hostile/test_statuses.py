"""H4: what a gateway or a network says instead of costs: the right error, the right pause, one notice."""

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import time_machine
from django.test import Client

from costinsights.core.http import ConnectionFailed, OutboundError, Reply
from costinsights.core.http.errors import (
    AddressRefused,
    NameNotResolved,
    RedirectRefused,
    TlsFailed,
)
from costinsights.costs.history import breaker, ledger
from costinsights.costs.history.ingest import ingest_next
from costinsights.costs.history.models import Grain, IngestState, Snapshot
from tenants.models import Tenant
from tests.factories.accounts import UserFactory
from tests.factories.costs import ClusterFactory
from tests.fakes.opencost_rows import DAY, allocated_cost, wire_answer
from tests.faults.hostile.asking import NOW, answer, answering, opened, read

ENVELOPE = b'{"code":500,"message":"prometheus is down"}'
MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Fault:
    """What comes back, the error it is, and how often it is asked within one exchange."""

    reply: Reply | OutboundError
    code: str
    tries: int = 1
    opens_at_once: bool = True


def says(status: int, body: bytes = b"no", code: str = "not_opencost", **more: int | bool) -> Fault:
    content_type = "application/json" if body == ENVELOPE else "text/html"
    return Fault(answer(body, status=status, content_type=content_type), code, **more)  # type: ignore[arg-type]  # named above


def passing(reply: Reply | OutboundError, code: str = "opencost_unavailable") -> Fault:
    return Fault(reply, code, tries=3, opens_at_once=False)


FAULTS = {
    "400": says(400, ENVELOPE, "opencost_query_failed"),
    "401": says(401, code="opencost_refused_credentials"),
    "403": says(403, code="opencost_refused_credentials"),
    "404": says(404),
    "405": says(405),
    "410": says(410),
    "418": says(418),
    "429": passing(answer(b"slow down", status=429)),
    "500 of its own": says(500, ENVELOPE, "opencost_query_failed", opens_at_once=False),
    "500 of a gateway": says(500),
    "502": passing(answer(b"<html>", status=502)),
    "503": passing(answer(b"", status=503)),
    "504": passing(answer(b"", status=504), "opencost_timed_out"),
    "redirect": Fault(RedirectRefused("It redirects.", reason="redirect"), "opencost_unreachable"),
    "certificate": Fault(TlsFailed("Untrusted.", reason="untrusted"), "opencost_unreachable"),
    "unknown name": Fault(
        NameNotResolved("No such name.", reason="unknown", retry_is_useful=False),
        "opencost_unreachable",
    ),
    "silent name server": passing(
        NameNotResolved("No answer.", reason="no_answer", retry_is_useful=True)
    ),
    "refused": passing(ConnectionFailed("Nobody there.", reason="refused")),
    "broken off": passing(ConnectionFailed("It broke off.", reason="broken_off")),
    "forbidden address": Fault(
        AddressRefused("Not allowed.", reason="private"), "opencost_unreachable"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_error_its_pause_and_its_breaker(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    fault = FAULTS[name]
    window = opened(ClusterFactory.create(), Grain.DAY, DAY)
    with answering(monkeypatch) as session:
        session.reply = fault.reply
        assert read(window).error_code == fault.code
        assert session.asked == fault.tries
    ledger, state = Snapshot.objects.get(pk=window.pk), IngestState.objects.get()
    assert ledger.due_at is not None
    pause = ledger.due_at - NOW
    expected = 30 if fault.opens_at_once else 1
    assert 0.8 * expected * MINUTE <= pause <= 1.2 * expected * MINUTE
    assert (state.closed_until is not None) is fault.opens_at_once


def test_pauses_are_spread_so_that_clusters_do_not_come_back_together() -> None:
    pauses = {breaker.pause_after(3, retry_is_useful=True) for _ in range(50)}
    breaks = {breaker.break_after(3) for _ in range(50)}
    assert len(pauses) > 40
    assert len(breaks) > 40


def test_a_cluster_that_is_down_is_asked_less_than_once_in_half_a_minute(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day of ticks every five minutes in which nobody answers."""
    cluster = ClusterFactory.create()
    now, asked_at = NOW, []
    with answering(monkeypatch) as session:
        session.reply = ConnectionFailed("Nobody there.", reason="refused")
        while now < NOW + dt.timedelta(hours=24):
            ledger.plan(cluster, now=now, retention_days=400)
            at = now
            while ingest_next(clock=lambda at=at: at) is not None:  # type: ignore[misc]  # keeps the moment
                asked_at.append(now)
            now += 5 * MINUTE
    assert 30 <= len(asked_at) <= 24 * 60 * 2
    assert max(Counter(asked_at).values()) <= breaker.FAILURES_TO_BREAK


def test_the_tenant_reads_one_notice_for_an_outage_until_it_is_over(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, client_of: Callable[[Tenant], Client]
) -> None:
    browser = client_of(acme)
    browser.force_login(UserFactory.create())  # type: ignore[arg-type]  # the stubs know one kind of user
    window = opened(ClusterFactory.create(name="Production"), Grain.DAY, DAY)
    with answering(monkeypatch) as session, time_machine.travel(NOW, tick=False):
        for _ in range(2):
            session.reply = answer(b"who are you?", status=401)
            read(window)
            page = browser.get("/history/").text
            assert page.count("<strong>Production is not being read.") == 1
            assert "did not accept" in page or "asks for credentials" in page
        session.reply = answer(wire_answer(allocated_cost()))
        read(window)
        assert "is not being read" not in browser.get("/history/").text
