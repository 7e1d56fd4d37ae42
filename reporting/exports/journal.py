"""The journal: what the general ledger books, as CSV. Each row debits one account and credits another by one amount,
so debits equal credits by construction; a negative amount is booked the other way round."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from reporting.exports.csv_file import csv_row
from reporting.exports.numbers import minor_text
from reporting.statements.document import StatementDocument

JOURNAL_COLUMNS = (
    "journal_date",
    "memo",
    "debit_cost_center",
    "debit_account",
    "credit_cost_center",
    "credit_account",
    "amount",
    "currency",
)


@dataclass(frozen=True, slots=True)
class Clearing:
    """Who is relieved of what the cost centres are charged: the platform's cost centre and account."""

    cost_center: str = "PLATFORM"
    account: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking. `amount` is positive, micro-units of whole minor units."""

    date: dt.date
    memo: str
    debit: tuple[str, str]  # cost centre, account
    credit: tuple[str, str]
    amount: int
    currency: str
    minor_digits: int

    def texts(self) -> tuple[str, ...]:
        amount = minor_text(self.amount, self.minor_digits)
        return (self.date.isoformat(), self.memo, *self.debit, *self.credit, amount, self.currency)


def entry_of(document: StatementDocument, clearing: Clearing) -> Entry | None:
    """What a statement books on the last day of its period; None if it charges nobody or nothing."""
    header, billed = document.header, document.lines.billed
    if header.bucket != "center" or not billed:
        return None
    center = (header.cost_center_code, header.gl_account)
    platform = (clearing.cost_center, clearing.account)
    debit, credit = (center, platform) if billed > 0 else (platform, center)
    return Entry(
        date=dt.date.fromisoformat(header.period_end) - dt.timedelta(days=1),
        memo=header.statement_no,
        debit=debit,
        credit=credit,
        amount=abs(billed),
        currency=header.currency,
        minor_digits=header.minor_digits,
    )


def write_journal(
    documents: Iterable[StatementDocument], out: BinaryIO, clearing: Clearing | None = None
) -> None:
    """The bookings of one statement or of a whole period, in the order given."""
    out.write(csv_row(JOURNAL_COLUMNS).encode())
    for document in documents:
        if entry := entry_of(document, clearing or Clearing()):
            out.write(csv_row(entry.texts()).encode())
