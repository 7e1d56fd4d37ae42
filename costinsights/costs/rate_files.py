"""Exchange rates as CSV: read line by line with every error named, and written so that it reads back."""

import csv
import io
from collections.abc import Iterable

from costinsights.core.csv_cells import safe_cells
from costinsights.core.csv_files import MOST_BYTES, ImportRefused, LineError, Table
from costinsights.core.errors import InvalidInput
from costinsights.costs.models import ExchangeRate
from costinsights.costs.rate_services import RateDraft, checked_draft

__all__ = ["COLUMNS", "MOST_BYTES", "ImportRefused", "read_rates", "write_rates"]

COLUMNS = ("currency", "to_currency", "valid_from", "rate", "source")
_REQUIRED = ("currency", "valid_from", "rate")
MOST_LINES = 5_000


def read_rates(content: bytes) -> list[RateDraft]:
    """Every line as a draft. Raises ImportRefused with all that is wrong; nothing is stored here."""
    table = Table(content, columns=COLUMNS, required=_REQUIRED, most_lines=MOST_LINES)
    drafts: list[RateDraft] = []
    errors: list[LineError] = []
    first_lines: dict[object, int] = {}
    for number, given in table.rows(errors):
        try:
            draft = checked_draft(**given)
        except InvalidInput as error:
            errors.append(LineError(number, error.field, error.message))
            continue
        earlier = first_lines.setdefault(draft.key, number)
        if earlier != number:
            message = f"Line {earlier} gives a rate of the same currency and day already."
            errors.append(LineError(number, "valid_from", message))
        drafts.append(draft)
    if errors:
        raise ImportRefused(errors)
    return drafts


def write_rates(rates: Iterable[ExchangeRate]) -> str:
    """The rates as a file that `read_rates` takes back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for rate in rates:
        day, number = rate.valid_from.isoformat(), f"{rate.rate.normalize():f}"
        writer.writerow([rate.currency, rate.to_currency, day, number, *safe_cells([rate.source])])
    return out.getvalue()
