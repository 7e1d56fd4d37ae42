"""The forecast as a headline number."""

from costinsights.core.templatetags.display import money_short_text, money_text
from costinsights.costs.history.forecast import Forecast, Horizon


def forecast_card(found: Forecast) -> dict[str, str]:
    """Label, value and note: the total with its range, or "—" with the reason."""
    projection, currency, span = found.projection, found.currency, found.span
    is_month = span.horizon is Horizon.MONTH
    label = f"Forecast for {span.period.start:%B}" if is_month else f"Forecast for {span.name}"
    if projection is None:
        return {"label": label, "value": "—", "note": found.reason}
    value = money_text(projection.total, currency)
    if not projection.expected:
        return {"label": label, "value": value, "note": "the period is over"}
    low = money_short_text(projection.within_80.low, currency)
    high = money_short_text(projection.within_80.high, currency)
    return {"label": label, "value": value, "note": f"{low} – {high}, four times out of five"}
