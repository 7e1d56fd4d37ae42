"""CSV that people bring: read line by line with every error named, so that all of it is taken or none."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from costinsights.core.csv_cells import safe_cells
from costinsights.core.errors import ApplicationError

MOST_BYTES = 1_000_000
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


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What an import did, or would do."""

    added: int
    changed: int
    unchanged: int

    @property
    def words(self) -> str:
        return f"{self.added} added, {self.changed} changed, {self.unchanged} as they were"


class Table:
    """The lines of a file by the names of its header. Raises ImportRefused for what is no such file."""

    def __init__(
        self, content: bytes, *, columns: Sequence[str], required: Sequence[str], most_lines: int
    ) -> None:
        if len(content) > MOST_BYTES:
            raise refused(f"The file is larger than {MOST_BYTES // 1_000} kB.")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise refused("The file is no UTF-8 text. Save it as CSV in UTF-8.") from None
        header, *lines = _lines(text) or [(1, [])]
        self.names = [name.strip().lower() for name in header[1]]
        _check_header(self.names, columns, required)
        if not lines:
            raise refused("The file has no line under its header.")
        if len(lines) > most_lines:
            raise refused(f"The file has more than {most_lines:,} lines. Import it in parts.")
        self._lines = lines

    def rows(self, errors: list[LineError]) -> Iterator[tuple[int, dict[str, str]]]:
        """(number in the file, values by name); lines of another length go to `errors`."""
        for number, cells in self._lines:
            if len(cells) != len(self.names):
                message = f"It has {len(cells)} values where the header has {len(self.names)}."
                errors.append(LineError(number, "", message))
                continue
            yield number, {name: _plain(cell) for name, cell in zip(self.names, cells, strict=True)}


def refused(message: str, line: int = 1) -> ImportRefused:
    return ImportRefused([LineError(line, "", message)])


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
        raise refused(f"This is no CSV: {error}.", line=reader.line_num) from None
    return found


def _check_header(names: list[str], columns: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in names]
    unknown = [name for name in names if name not in columns]
    if missing:
        raise refused(
            f"The first line must name the columns {', '.join(columns)}; {', '.join(missing)} is missing."
        )
    if unknown or len(set(names)) < len(names):
        what = f"“{unknown[0][:40]}” is unknown" if unknown else "one is named twice"
        raise refused(f"The columns are {', '.join(columns)}; {what}.")


def _plain(cell: str) -> str:
    """Takes the apostrophe off that `safe_cells` put before what a spreadsheet would run."""
    bare = cell.strip()
    return bare[1:] if bare[:1] == "'" and safe_cells([bare[1:]]) == [bare] else bare
