"""Chargeback in the demo: cost centres and rules, last month closed by another than prepared it, this month open.

The demo's history is read by its workers after the start, so the jobs of the months are sent for some minutes later.
"""

import datetime as dt
from typing import Any

from django.db import transaction

from costinsights.accounts.models import Role, User
from costinsights.accounts.services import create_user
from costinsights.core.tenancy import current_tenant, tenant_context
from costinsights.local.addresses import PASSWORD
from reporting.models import WHOLE as WHOLE_WEIGHT
from reporting.models import CenterLevel, CostCenter, MappingRule, MappingTarget, Period, ShareRule
from reporting.tasks import close_month, prepare_month

# Code, name, department, namespaces of the demo's clusters.
CENTERS = (
    ("CC-1010", "Payments and checkout", "COMMERCE", ("payments", "checkout", "orders")),
    (
        "CC-1020",
        "Shop and search",
        "COMMERCE",
        ("storefront", "search", "catalog", "pricing", "media", "feature-previews"),
    ),
    (
        "CC-1030",
        "Machine learning",
        "DATA",
        ("recommendations", "ml-training", "ml-serving"),
    ),
    ("CC-1040", "Data platform", "DATA", ("data-platform", "data-pipelines", "analytics-sandbox")),
    ("CC-1050", "Supply chain", "COMMERCE", ("inventory", "shipping")),
    ("CC-1070", "Engagement", "COMMERCE", ("notifications", "customer-support", "loyalty")),
)
DEPARTMENTS = (("COMMERCE", "Commerce"), ("DATA", "Data and learning"))
SHARED = ("identity", "vault", "argo-cd", "ingress-nginx", "kube-system", "ci-runners")
PREPARE_AFTER, CLOSE_AFTER = 6 * 60, 9 * 60  # seconds: two clusters' history is there by then


def make_statements(*, now: dt.datetime, history_days: int) -> None:
    """Everything for the tenant of now; nothing where it has cost centres already."""
    if CostCenter.objects.exists():
        return
    _centers()
    analyst = create_user(
        email=f"analyst@{current_tenant().slug}.test",
        password=PASSWORD,
        role=Role.ANALYST,
        name=f"{current_tenant().name} Analyst",
    )
    owner = User.objects.get(email=f"owner@{current_tenant().slug}.test")
    owner.approves_statements = True
    owner.save(update_fields=["approves_statements"])
    this = now.date().replace(day=1)
    last = (this - dt.timedelta(days=1)).replace(day=1)
    reason = "" if last >= (now - dt.timedelta(days=history_days)).date() else _reason(history_days)
    months = [Period.objects.create(month=month) for month in (last, this)]
    for month in months:
        _send(prepare_month, PREPARE_AFTER, period_id=month.pk, member_id=analyst.pk)
    _send(
        close_month,
        CLOSE_AFTER,
        period_id=months[0].pk,
        member_id=owner.pk,
        override_reason=reason,
    )


def _centers() -> None:
    top = CostCenter.objects.create(
        code="ACME", name=current_tenant().name, level=CenterLevel.ORGANISATION
    )
    departments = {
        code: CostCenter.objects.create(
            code=code, name=name, level=CenterLevel.DEPARTMENT, parent=top
        )
        for code, name in DEPARTMENTS
    }
    for position, (code, name, department, namespaces) in enumerate(CENTERS, start=1):
        center = CostCenter.objects.create(
            code=code, name=name, parent=departments[department], gl_account="6210"
        )
        rule = MappingRule.objects.create(
            position=position, name=name, filter=_namespaces(namespaces)
        )
        MappingTarget.objects.create(rule=rule, center=center, weight=WHOLE_WEIGHT)
    common: dict[str, Any] = {"method": "proportional", "driver": "cost"}
    ShareRule.objects.create(
        position=1, name="Platform", source="filter", filter=_namespaces(SHARED), **common
    )
    ShareRule.objects.create(position=2, name="Idle", source="idle", by_cluster=True, **common)


def _namespaces(names: tuple[str, ...]) -> str:
    return "namespace:" + ",".join(f'"{name}"' for name in names)


def _reason(days: int) -> str:
    return f"The demo keeps {days} days, so the month's first days are missing."


def _send(job: Any, seconds: int, **values: Any) -> None:
    tenant = current_tenant()

    def send() -> None:
        with tenant_context(tenant):
            job.apply_async(kwargs=values, countdown=seconds)

    transaction.on_commit(send)
