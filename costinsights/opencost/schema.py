"""From the bytes of an allocation answer to exact rows, or OpenCostAnswerInvalid.

Typed decoding straight from bytes: what is not a number where one belongs (a string, NaN, Infinity,
1e400, true) ends the decoding with an error that names the place, and no row of that answer is used.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType

from costinsights.core.garbage import uncollected
from costinsights.core.money import AmountOutOfRange, micros_from_number
from costinsights.core.periods import ChargePeriod
from costinsights.opencost.duplicates import holds_duplicates
from costinsights.opencost.errors import (
    OpenCostAnswerInvalid,
    OpenCostAnswerTooLarge,
    OpenCostQueryFailed,
)
from costinsights.opencost.rows import (
    COMPONENTS,
    TOTAL_TOLERANCE_MICROS,
    AllocatedCost,
    AllocationAnswer,
    ClusterInfo,
    InstallInfo,
    RowFlag,
    RowKind,
)
from costinsights.opencost.wire import Answer, Number, Properties, Refusal, Row, Sets

__all__ = [
    "COMPONENTS",
    "AllocatedCost",
    "AllocationAnswer",
    "ClusterInfo",
    "InstallInfo",
    "RowFlag",
    "RowKind",
    "decode_allocations",
    "envelope_error",
]

IDLE = "__idle__"
UNMOUNTED = "__unmounted__"
EMPTY_SET_MESSAGE = "empty AssetSet"
# Past these a figure is broken, not big: a billion cores or an exabyte of memory for a month.
_MAX_HOURS = 1e12
_MAX_BYTE_HOURS = 1e21
_LONGEST_MESSAGE = 200

_answers = msgspec.json.Decoder(Answer)
_refusals = msgspec.json.Decoder(Refusal)


def _invalid(message: str, reason: str) -> OpenCostAnswerInvalid:
    return OpenCostAnswerInvalid(f"OpenCost's answer cannot be used: {message}", reason=reason)


@uncollected()
def decode_allocations(body: bytes, *, period: ChargePeriod | None) -> AllocationAnswer:
    """Decode the body of a successful /allocation answer.

    Every row must cover exactly `period` (None skips that check, for recorded answers). Raises
    OpenCostAnswerInvalid, or OpenCostQueryFailed when the envelope reports an error under HTTP 200,
    as OpenCost up to 1.114 does. An "empty AssetSet" error is an empty answer.
    """
    if not body.strip():
        raise _invalid(
            "it is empty. Old versions send that when a cost is not a number.", "empty_body"
        )
    try:
        # The decoder skips what it does not know without looking whether it is text at all.
        if not body.isascii():
            body.decode()
        answer = _answers.decode(body)
    except MemoryError:
        raise _too_large() from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        # An error envelope carries anything as data; see whether this is one before complaining.
        refusal = _refusal(body)
        if refusal is None or refusal.code in (None, 200):
            raise _undecodable(error) from None
        answer = Answer(code=refusal.code, message=refusal.message)
    sets = _sets(answer)
    if holds_duplicates(body, sum(len(rows) for rows in sets if rows)):
        raise _invalid("a name stands twice in one object.", "duplicate_name")
    try:
        rows = _rows(sets, period, holds_nul=b"\\u0000" in body)
    except MemoryError:
        raise _too_large() from None
    return AllocationAnswer(
        rows=rows,
        envelope="new" if isinstance(answer.status, UnsetType) else "old",
        warning=answer.warning or "",
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_bytes=len(body),
    )


def _too_large() -> OpenCostAnswerTooLarge:
    return OpenCostAnswerTooLarge(
        "The answer takes more memory than a worker has. A shorter window may help.",
        reason="memory",
    )


def envelope_error(body: bytes) -> str:
    """What an error's body says, fit to be shown: one line, printable, at most 200 characters.

    Reads the JSON envelope, plain text, and plain text followed by an envelope. Empty for HTML.
    """
    refusal = _refusal(body)
    text = refusal.message if refusal is not None else body[:2000].decode("utf-8", "replace")
    line = next((line for line in (text or "").splitlines() if line.strip()), "").strip()
    if line.startswith("<"):
        return ""
    return "".join(c if c.isprintable() else " " for c in line)[:_LONGEST_MESSAGE]


def _refusal(body: bytes) -> Refusal | None:
    try:
        return _refusals.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _sets(answer: Answer) -> Sets:
    """The answer's sets; none for "empty AssetSet", OpenCost's way to say that nothing matched."""
    if answer.code is None:
        raise _invalid("it is JSON, but not OpenCost's: it has no code.", "no_code")
    if answer.code != 200:
        if EMPTY_SET_MESSAGE in (answer.message or ""):
            return []
        message = " ".join((answer.message or "no reason given").split())[:_LONGEST_MESSAGE]
        raise query_failed(message, answer.code)
    if isinstance(answer.data, UnsetType):
        raise _invalid("it has no data.", "no_data_member")
    return answer.data or []


def query_failed(message: str, code: int) -> OpenCostQueryFailed:
    """The error for what OpenCost says went wrong; a query it calls illegal stays illegal."""
    ours_to_fix = code < 500 or any(word in message for word in ("illegal", "invalid", "Invalid"))
    return OpenCostQueryFailed(
        f"OpenCost could not answer: {message or 'no reason given'}",
        reason="bad_query" if ours_to_fix else "server_error",
        retry_is_useful=not ours_to_fix,
        opencost_code=code,
    )


def _undecodable(error: Exception) -> OpenCostAnswerInvalid:
    if isinstance(error, msgspec.ValidationError):
        return _invalid(f"{error}.", "wrong_type")
    if isinstance(error, UnicodeError):
        return _invalid("it holds bytes that are no UTF-8 text.", "not_text")
    if isinstance(error, RecursionError):
        return _invalid("it is nested too deeply.", "too_deep")
    return _invalid(f"it is no valid JSON ({error}).", "not_json")


def _rows(sets: Sets, period: ChargePeriod | None, *, holds_nul: bool) -> list[AllocatedCost]:
    """The rows of all sets, which are emptied on the way: a large answer is held once, not twice."""
    windows: dict[tuple[datetime, datetime], ChargePeriod] = {}
    rows: list[AllocatedCost] = []
    has_several = sum(map(bool, sets)) > 1
    for allocation_set in sets:
        for key in list(allocation_set or ()):
            row = allocation_set.pop(key)  # type: ignore[union-attr]  # it has a key
            try:
                rows.append(_row(key, row, _window(row, period, windows)))
            except AmountOutOfRange as error:
                raise _invalid(f"{error}.", "amount_out_of_range") from None
    # Recorded answers, which are read without a period, may hold several windows that repeat their names.
    if has_several and period is not None and len(set(map(_identity, rows))) != len(rows):
        raise _invalid("a row stands twice.", "row_twice")
    if holds_nul and any("\0" in text for row in rows for text in _texts(row)):
        raise _invalid("a name holds a NUL character.", "nul_character")
    return rows


def _identity(row: AllocatedCost) -> tuple[str, ...]:
    """What two rows of one window never have in common."""
    return (
        *(row.kind, row.cluster, row.node, row.namespace, row.controller_kind, row.controller),
        *(row.pod, row.container, row.provider_id),
    )


def _texts(row: AllocatedCost) -> Iterable[str]:
    yield from (row.cluster, row.node, row.namespace, row.controller_kind, row.controller)
    yield from (row.pod, row.container, row.provider_id, *row.services)
    for pairs in (row.labels, row.annotations):
        yield from pairs.keys()
        yield from pairs.values()


def _window(
    row: Row, period: ChargePeriod | None, known: dict[tuple[datetime, datetime], ChargePeriod]
) -> ChargePeriod:
    window = row.window
    if window is None or window.start is None or window.end is None:
        raise _invalid("a row does not say which window it covers.", "no_window")
    ends = (window.start, window.end)
    found = known.get(ends)
    if found is None:
        try:
            found = known[ends] = ChargePeriod(*ends)
        except (ValueError, TypeError):
            raise _invalid("a row's window does not run forward.", "window") from None
    if period is not None and found != period:
        raise _invalid(f"a row covers {found} where {period} was asked.", "window")
    return found if period is None else period


def _row(key: str, row: Row, window: ChargePeriod) -> AllocatedCost:
    properties = row.properties or Properties()
    name = key if row.name is None else row.name
    kind = _kind(name, properties)
    unknown: list[str] = []
    costs = [
        _cost("cpu", row.cpu_cost, row.cpu_cost_adjustment, unknown),
        _cost("ram", row.ram_cost, row.ram_cost_adjustment, unknown),
        _cost("gpu", row.gpu_cost, row.gpu_cost_adjustment, unknown),
        _cost("pv", row.pv_cost, row.pv_cost_adjustment, unknown),
        _cost("network", row.network_cost, row.network_cost_adjustment, unknown),
        _cost("load_balancer", row.load_balancer_cost, row.load_balancer_cost_adjustment, unknown),
        _cost("shared", row.shared_cost, UNSET, unknown),
        _cost("external", row.external_cost, UNSET, unknown),
    ]
    if len(unknown) == len(COMPONENTS) and row.total_cost is None:
        raise _invalid("a row has no cost at all.", "no_cost")
    reported = None if row.total_cost is None else _micros(row.total_cost)
    start, end, minutes = _life(row, window)
    flags = _flags(kind, costs, unknown, reported)
    if start < window.start or end > window.end or minutes > window.minutes + 1:
        flags += (RowFlag.LIFE_OUTSIDE_WINDOW,)
    if None in (row.cpu_core_hours, row.ram_byte_hours, row.gpu_hours, row.pv_byte_hours):
        flags += (RowFlag.UNKNOWN_HOURS,)
    return AllocatedCost(
        kind=kind,
        window=window,
        start=start,
        end=end,
        minutes=minutes,
        cluster=properties.cluster or "",
        node=properties.node or "",
        namespace=properties.namespace or "",
        controller_kind=properties.controller_kind or "",
        controller=properties.controller or "",
        pod=properties.pod or "",
        container=properties.container or "",
        provider_id=properties.provider_id or "",
        # OpenCost neither sorts these nor keeps them apart; its order changes from hour to hour.
        services=tuple(sorted(set(properties.services))) if properties.services else (),
        labels=properties.labels or {},
        annotations=properties.annotations or {},
        cpu_cost=costs[0],
        ram_cost=costs[1],
        gpu_cost=costs[2],
        pv_cost=costs[3],
        network_cost=costs[4],
        load_balancer_cost=costs[5],
        shared_cost=costs[6],
        external_cost=costs[7],
        unknown=tuple(unknown),
        reported_total=reported,
        flags=flags,
        cpu_core_hours=_amount(row.cpu_core_hours, _MAX_HOURS) or 0.0,
        ram_byte_hours=_amount(row.ram_byte_hours, _MAX_BYTE_HOURS) or 0.0,
        gpu_hours=_amount(row.gpu_hours, _MAX_HOURS) or 0.0,
        pv_byte_hours=_amount(row.pv_byte_hours, _MAX_BYTE_HOURS) or 0.0,
        cpu_request=_amount(row.cpu_core_request_average, _MAX_HOURS),
        cpu_usage=_amount(row.cpu_core_usage_average, _MAX_HOURS),
        ram_request=_amount(row.ram_byte_request_average, _MAX_BYTE_HOURS),
        ram_usage=_amount(row.ram_byte_usage_average, _MAX_BYTE_HOURS),
    )


def _kind(name: str, properties: Properties) -> RowKind:
    """By exact names: OpenCost's own substring test would take a namespace for idle."""
    if name == IDLE or (name.endswith(f"/{IDLE}") and not properties.namespace):
        return RowKind.IDLE
    if name == UNMOUNTED or UNMOUNTED in (
        properties.namespace,
        properties.pod,
        properties.container,
    ):
        return RowKind.UNMOUNTED
    return RowKind.WORKLOAD


def _cost(name: str, cost: Number, adjustment: Number | UnsetType, unknown: list[str]) -> int:
    """Cost and adjustment in micro-units; a null one counts 0 and puts the name on the list."""
    if cost is None or adjustment is None:
        unknown.append(name)
    micros = _micros(cost) if cost else 0
    if adjustment and not isinstance(adjustment, UnsetType):
        micros += _micros(adjustment)
    return micros


def _micros(value: float) -> int:
    """As micros_from_number, without its detour over Decimal where binary cannot go wrong.

    Far enough from a tie, the nearest whole micro-unit is the same by either road; below 10^15 a
    double still tells quarters apart.
    """
    scaled = value * 1e6
    if -1e15 < scaled < 1e15:
        nearest = round(scaled)
        if abs(scaled - nearest) < 0.25:
            return nearest
    return micros_from_number(value)


def _amount(value: Number, most: float) -> Number:
    """An hour sum or an average as it came; raises when it cannot be one."""
    if value is not None and not 0 <= value <= most:
        raise _invalid(f"{value!r} is no amount of a resource.", "amount_out_of_range")
    return value


def _life(row: Row, window: ChargePeriod) -> tuple[datetime, datetime, float]:
    start = row.start or window.start
    end = row.end or window.end
    if start.tzinfo is None or end.tzinfo is None or end < start:
        raise _invalid("a row's life does not run forward.", "life")
    minutes = (end - start).total_seconds() / 60 if row.minutes is None else row.minutes
    return start, end, _amount(minutes, _MAX_HOURS) or 0.0


def _flags(
    kind: RowKind, costs: list[int], unknown: list[str], reported: int | None
) -> tuple[RowFlag, ...]:
    flags: tuple[RowFlag, ...] = ()
    if min(costs) < 0:
        flags = (RowFlag.NEGATIVE_IDLE if kind is RowKind.IDLE else RowFlag.NEGATIVE_COST,)
    if reported is not None and not unknown and abs(sum(costs) - reported) > TOTAL_TOLERANCE_MICROS:
        flags += (RowFlag.TOTAL_DIFFERS,)
    return flags
