"""From the bytes of /assets, /cloudCost and /customCost to exact rows, or OpenCostAnswerInvalid.

As with allocations: money becomes whole micro-units once, here; null stays unknown; what is not a number where one
belongs ends the decoding, and no row of that answer is used.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import UnsetType

from costinsights.core.money import AmountOutOfRange, micros_from_number
from costinsights.core.periods import ChargePeriod
from costinsights.opencost.errors import OpenCostAnswerInvalid
from costinsights.opencost.layer_rows import Layer, LayerAnswer, LayerCost
from costinsights.opencost.layer_wire import (
    Asset,
    AssetData,
    AssetProperties,
    Breakdown,
    CloudCost,
    CloudData,
    CloudProperties,
    CustomCost,
    CustomData,
    Envelope,
    Metric,
)
from costinsights.opencost.schema import EMPTY_SET_MESSAGE, query_failed
from costinsights.opencost.wire import Number, Window

UNDEFINED = "__undefined__"  # OpenCost's word for a property an asset has not
_MOST_MINUTES = 60 * 24 * 400.0
_MOST_QUANTITY = 9e12
_REGION_LABELS = ("topology_kubernetes_io_region", "failure_domain_beta_kubernetes_io_region")
_ZONE_LABELS = ("topology_kubernetes_io_zone", "failure_domain_beta_kubernetes_io_zone")

Data = TypeVar("Data")
_envelopes = msgspec.json.Decoder(Envelope)
_assets = msgspec.json.Decoder(AssetData | None)
_clouds = msgspec.json.Decoder(CloudData | None)
_customs = msgspec.json.Decoder(CustomData | None)


def decode_layer(layer: Layer, body: bytes, *, period: ChargePeriod | None) -> LayerAnswer:
    """Decode the body of a layer's successful answer.

    Every row must cover exactly `period` (None skips that check, for recorded answers). Raises
    OpenCostAnswerInvalid, or OpenCostQueryFailed when the envelope reports an error under HTTP 200.
    """
    try:
        body.decode()  # the decoder passes over what it does not know without looking at it
        envelope = _envelopes.decode(body)
        raw = _data(envelope)
        rows = [] if raw is None else list(_ROWS[layer](raw, period))
    except AmountOutOfRange as error:
        raise _invalid(f"{error}.", "amount_out_of_range") from None
    except msgspec.ValidationError as error:
        raise _invalid(f"{error}.", "wrong_type") from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _invalid(f"it is no valid JSON ({error}).", "not_json") from None
    _refuse_nul(body, rows)
    return LayerAnswer(
        layer=layer,
        rows=rows,
        body_sha256=hashlib.sha256(body).hexdigest(),
        body_bytes=len(body),
        warning=envelope.warning or "",
    )


def _invalid(message: str, reason: str) -> OpenCostAnswerInvalid:
    return OpenCostAnswerInvalid(f"OpenCost's answer cannot be used: {message}", reason=reason)


def _data(envelope: Envelope) -> msgspec.Raw | None:
    """The answer's data; None for "empty AssetSet", OpenCost's way to say that nothing matched."""
    if envelope.code is None:
        raise _invalid("it is JSON, but not OpenCost's: it has no code.", "no_code")
    if envelope.code != 200:
        if EMPTY_SET_MESSAGE in (envelope.message or ""):
            return None
        message = " ".join((envelope.message or "no reason given").split())[:200]
        raise query_failed(message, envelope.code)
    if isinstance(envelope.data, UnsetType):
        raise _invalid("it has no data.", "no_data_member")
    _refuse_doubled(bytes(envelope.data))
    return envelope.data


def _refuse_doubled(data: bytes) -> None:
    """A name that stands twice in one object: a decoder would silently take the last."""

    def once(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            raise _invalid("a name stands twice in one object.", "duplicate_name")

    json.loads(data, object_pairs_hook=once)


def _refuse_nul(body: bytes, rows: Iterable[LayerCost]) -> None:
    if b"\\u0000" not in body:
        return
    for row in rows:
        texts = [value for value in msgspec.structs.astuple(row) if isinstance(value, str)]
        if any("\0" in text for text in (*texts, *row.labels, *row.labels.values())):
            raise _invalid("a name holds a NUL character.", "nul_character")


def _check_window(window: Window | None, period: ChargePeriod | None) -> None:
    if period is None:
        return
    if window is None or window.start is None or window.end is None:
        raise _invalid("a row does not say which window it covers.", "no_window")
    if (window.start, window.end) != (period.start, period.end):
        raise _invalid(
            f"a row covers {window.start} to {window.end} where {period} was asked.", "window"
        )


# Assets -------------------------------------------------------------------------------------------


def _asset_rows(raw: msgspec.Raw, period: ChargePeriod | None) -> Iterator[LayerCost]:
    for asset in (_assets.decode(raw) or {}).values():
        _check_window(asset.window, period)
        yield _asset(asset)


def _asset(asset: Asset) -> LayerCost:
    found = asset.properties or AssetProperties()
    labels = asset.labels or {}
    total = _micros(asset.total_cost)
    cpu, ram, gpu = (_part(cost) for cost in (asset.cpu_cost, asset.ram_cost, asset.gpu_cost))
    adjustment = _part(asset.adjustment)
    discount = _discount(asset, cpu, ram)
    parts = (cpu, ram, gpu, discount, adjustment)
    known = [part for part in parts if part is not None]
    return LayerCost(
        layer=Layer.ASSETS,
        provider=_named(found.provider),
        account=_named(found.account) or _named(found.project),
        service=_named(found.service),
        category=_named(found.category),
        region=_first(labels, _REGION_LABELS),
        zone=_first(labels, _ZONE_LABELS),
        resource_type=_named(asset.type),
        resource_name=_named(found.name),
        resource_id=_named(found.provider_id),
        cluster=_named(found.cluster),
        labels=labels,
        total=total,
        cpu_cost=cpu,
        ram_cost=ram,
        gpu_cost=gpu,
        discount_cost=discount,
        adjustment_cost=adjustment,
        # Disks, load balancers and the control plane; of nodes what OpenCost's own rounding leaves.
        other_cost=total - sum(known) if total is not None and len(known) == len(parts) else None,
        idle_cost=_idle(asset, cpu, ram, total),
        minutes=_within(asset.minutes, _MOST_MINUTES),
    )


def _discount(asset: Asset, cpu: int | None, ram: int | None) -> int | None:
    """What a node's discount takes off CPU and RAM, below zero."""
    if isinstance(asset.discount, UnsetType):
        return 0
    if asset.discount is None or cpu is None or ram is None:
        return None
    return -_share(cpu + ram, asset.discount)


def _idle(asset: Asset, cpu: int | None, ram: int | None, total: int | None) -> int | None:
    if asset.breakdown is not None:
        return _share_or_none(total, asset.breakdown)
    halves = (
        _share_or_none(cpu, asset.cpu_breakdown),
        _share_or_none(ram, asset.ram_breakdown),
    )
    return None if None in halves else sum(half or 0 for half in halves)


def _share_or_none(amount: int | None, breakdown: Breakdown | None) -> int | None:
    if amount is None or breakdown is None or breakdown.idle is None:
        return None
    return _share(amount, breakdown.idle)


# The cloud's bill ---------------------------------------------------------------------------------


def _cloud_rows(raw: msgspec.Raw, period: ChargePeriod | None) -> Iterator[LayerCost]:
    data = _clouds.decode(raw)
    for found in (data.sets if data else None) or []:
        for cost in ((found.cloud_costs if found else None) or {}).values():
            _check_window(cost.window, period)
            yield _cloud(cost)


def _cloud(cost: CloudCost) -> LayerCost:
    found = cost.properties or CloudProperties()
    effective = _metric(cost.amortized_net_cost)
    share = cost.amortized_net_cost.kubernetes_percent if cost.amortized_net_cost else None
    return LayerCost(
        layer=Layer.CLOUD,
        provider=found.provider or "",
        billing_account=found.invoice_entity_id or "",
        account=found.account_id or "",
        account_name=found.account_name or "",
        service=found.service or "",
        category=found.category or "",
        region=found.region_id or "",
        zone=found.availability_zone or "",
        resource_id=found.provider_id or "",
        labels=found.labels or {},
        total=effective,
        list_cost=_metric(cost.list_cost),
        net_cost=_metric(cost.net_cost),
        billed_cost=_metric(cost.invoiced_cost),
        amortized_cost=_metric(cost.amortized_cost),
        kubernetes_cost=None if effective is None or share is None else _share(effective, share),
    )


def _metric(metric: Metric | None) -> int | None:
    return None if metric is None else _micros(metric.cost)


# Custom costs -------------------------------------------------------------------------------------


def _custom_rows(raw: msgspec.Raw, period: ChargePeriod | None) -> Iterator[LayerCost]:
    data = _customs.decode(raw)
    if data is None:
        return
    if data.custom_costs:
        _check_window(data.window, period)
    for cost in data.custom_costs or []:
        yield _custom(cost)


def _custom(cost: CustomCost) -> LayerCost:
    total, billed, listed = _custom_amounts(cost)
    quantity = _within(cost.usage_quantity, _MOST_QUANTITY)
    return LayerCost(
        layer=Layer.CUSTOM,
        account=cost.account_name or "",
        zone=cost.zone or "",
        resource_type=cost.resource_type or "",
        resource_name=cost.resource_name or "",
        resource_id=cost.provider_id or "",
        domain=cost.domain or "",
        charge_category=cost.charge_category or "",
        cost_source=cost.cost_source or "",
        unit=cost.usage_unit or "",
        total=total,
        billed_cost=billed,
        list_cost=listed,
        quantity=None if quantity is None else round(quantity * 1_000_000),
    )


def _custom_amounts(cost: CustomCost) -> tuple[int | None, int | None, int | None]:
    """What counts, what was billed, what the list says: billed where something was, else the list's."""
    if not isinstance(cost.billed_cost, UnsetType) or not isinstance(cost.list_cost, UnsetType):
        billed, listed = _known(cost.billed_cost), _known(cost.list_cost)
        return (billed or listed if listed is not None else billed), billed, listed
    amount = _known(cost.cost)
    return (
        amount,
        amount if cost.cost_type == "billed" else None,
        amount if cost.cost_type == "list" else None,
    )


# Numbers and names --------------------------------------------------------------------------------


def _micros(value: Number) -> int | None:
    return None if value is None else micros_from_number(value)


def _part(value: Number | UnsetType) -> int | None:
    """A component: 0 where this kind of asset has none, None where OpenCost does not know it."""
    return 0 if isinstance(value, UnsetType) else _micros(value)


def _known(value: Number | UnsetType) -> int | None:
    return None if isinstance(value, UnsetType) else _micros(value)


def _share(amount: int, share: float) -> int:
    """A part of an amount, rounded once. A share is 0 to 1, give or take what a float loses."""
    if not -0.001 <= share <= 1.001:
        raise _invalid(f"{share!r} is no share.", "amount_out_of_range")
    whole = Decimal(repr(min(1.0, max(0.0, share))))
    return int((amount * whole).to_integral_value(rounding=ROUND_HALF_EVEN))


def _within(value: Number, most: float) -> Number:
    if value is not None and not 0 <= value <= most:
        raise _invalid(f"{value!r} is no amount of a resource.", "amount_out_of_range")
    return value


def _named(text: str | None) -> str:
    return "" if text is None or text == UNDEFINED else text


def _first(labels: dict[str, str], names: Iterable[str]) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


_ROWS: dict[Layer, Callable[[msgspec.Raw, ChargePeriod | None], Iterator[LayerCost]]] = {
    Layer.ASSETS: _asset_rows,
    Layer.CLOUD: _cloud_rows,
    Layer.CUSTOM: _custom_rows,
}
