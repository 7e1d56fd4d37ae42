"""Exchange rates as CSV: read line by line with every error named, and written so that it reads back."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from costinsights.core.csv_cells import safe_cells
from costinsights.core.errors import ApplicationError, InvalidInput
from costinsights.costs.models import ExchangeRate
from costinsights.costs.rate_services import RateDraft, checked_draft

COLUMNS = ("currency", "to_currency", "valid_from", "rate", "source")
_REQUIRED = ("currency", "valid_from", "rate")
MOST_BYTES = 1_000_000
MOST_LINES = 5_000
MOST_ERRORS = 50


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong in one line of a file; the header is line 1."""

    line: int
    column: str
    message: str

    def document(self) -> dict[str, object]:
        return {"line": self.line, "field": self.column, "message": self.message}


class ImportRefused(ApplicationError):
    """Lines of the file cannot be used, so none of it was."""

    code = "import_refused"
    status = 422
    title = "Nothing was imported"

    def __init__(self, errors: list[LineError]) -> None:
        count = len(errors)
        lines = "1 line needs" if count == 1 else f"{count} lines need"
        super().__init__(
            f"{lines} a correction, so nothing was imported.",
            errors=[error.document() for error in errors[:MOST_ERRORS]],
            error_count=count,
        )
        self.errors = errors[:MOST_ERRORS]
        self.hidden = max(0, count - MOST_ERRORS)


def read_rates(content: bytes) -> list[RateDraft]:
    """Every line as a draft. Raises ImportRefused with all that is wrong; nothing is stored here."""
    if len(content) > MOST_BYTES:
        raise _refused(f"The file is larger than {MOST_BYTES // 1_000} kB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("The file is no UTF-8 text. Save it as CSV in UTF-8.") from None
    header, *lines = _lines(text) or [(1, [])]
    names = [name.strip().lower() for name in header[1]]
    _check_header(names)
    if not lines:
        raise _refused("The file has no line under its header.")
    if len(lines) > MOST_LINES:
        raise _refused(f"The file has more than {MOST_LINES:,} lines. Import it in parts.")
    return _drafts(names, lines)


def _lines(text: str) -> list[tuple[int, list[str]]]:
    """(number in the file, cells) of every line that holds anything."""
    first = text.partition("\n")[0]
    delimiter = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    found = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((reader.line_num, cells))
    except csv.Error as error:
        raise _refused(f"This is no CSV: {error}.", line=reader.line_num) from None
    return found


def _check_header(names: list[str]) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    if missing:
        raise _refused(
            f"The first line must name the columns {', '.join(COLUMNS)}; {', '.join(missing)} is missing."
        )
    if unknown or len(set(names)) < len(names):
        what = f"“{unknown[0][:40]}” is unknown" if unknown else "one is named twice"
        raise _refused(f"The columns are {', '.join(COLUMNS)}; {what}.")


def _drafts(names: list[str], lines: list[tuple[int, list[str]]]) -> list[RateDraft]:
    drafts: list[RateDraft] = []
    errors: list[LineError] = []
    first_lines: dict[object, int] = {}
    for number, cells in lines:
        if len(cells) != len(names):
            message = f"It has {len(cells)} values where the header has {len(names)}."
            errors.append(LineError(number, "", message))
            continue
        given = {name: _plain(cell) for name, cell in zip(names, cells, strict=True)}
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


def _plain(cell: str) -> str:
    """Takes the apostrophe off that `safe_cells` put before what a spreadsheet would run."""
    bare = cell.strip()
    return bare[1:] if bare[:1] == "'" and safe_cells([bare[1:]]) == [bare] else bare


def _refused(message: str, line: int = 1) -> ImportRefused:
    return ImportRefused([LineError(line, "", message)])


def write_rates(rates: Iterable[ExchangeRate]) -> str:
    """The rates as a file that `read_rates` takes back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for rate in rates:
        day, number = rate.valid_from.isoformat(), f"{rate.rate.normalize():f}"
        writer.writerow([rate.currency, rate.to_currency, day, number, *safe_cells([rate.source])])
    return out.getvalue()
