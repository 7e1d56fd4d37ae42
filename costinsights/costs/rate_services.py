"""What changes about exchange rates: entered, corrected, removed, imported."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.db import IntegrityError, transaction

from costinsights.accounts.models import User
from costinsights.core.audit import record_event
from costinsights.core.csv_files import ImportCounts
from costinsights.core.errors import Conflict, InvalidInput, NotFound
from costinsights.core.tenancy import current_tenant
from costinsights.costs.currencies import is_currency
from costinsights.costs.models import (
    LONGEST_RATE_SOURCE,
    RATE_DECIMALS,
    RATE_DIGITS,
    ExchangeRate,
)

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)
LARGEST_RATE = 10 ** (RATE_DIGITS - RATE_DECIMALS)


@dataclass(frozen=True, slots=True)
class RateDraft:
    """A rate as somebody gave it, checked. An empty `to_currency` was the reporting currency."""

    currency: str
    to_currency: str
    valid_from: date
    rate: Decimal
    source: str = ""

    @property
    def key(self) -> tuple[str, str, date]:
        return self.currency, self.to_currency, self.valid_from


def checked_draft(
    *,
    currency: str,
    valid_from: date | str,
    rate: Decimal | str,
    to_currency: str = "",
    source: str = "",
) -> RateDraft:
    """Texts or values into a draft. Raises InvalidInput that names the field."""
    code = _checked_code(currency, "currency")
    target = _checked_code(to_currency or current_tenant().reporting_currency, "to_currency")
    if code == target:
        raise InvalidInput(
            f"{code} needs no rate to itself. Give the rate of another currency.",
            field="currency",
            value=code,
        )
    source = " ".join(source.split())
    if len(source) > LONGEST_RATE_SOURCE:
        raise InvalidInput(
            f"The source has at most {LONGEST_RATE_SOURCE} characters.", field="source"
        )
    return RateDraft(code, target, _checked_day(valid_from), checked_rate(rate), source)


def _checked_code(text: str, field: str) -> str:
    code = text.strip().upper()
    if not is_currency(code):
        raise InvalidInput(
            f"“{text.strip()[:20]}” is no currency. Use a code of ISO 4217, such as EUR.",
            field=field,
            value=text[:20],
        )
    return code


def _checked_day(value: date | str) -> date:
    if isinstance(value, str):
        text = value.strip()
        try:
            value = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            raise InvalidInput(
                f"“{text[:20]}” is no day. Write it as 2026-01-31.",
                field="valid_from",
                value=text[:20],
            ) from None
    if not FIRST_DAY <= value < LAST_DAY:
        raise InvalidInput(
            f"A rate is valid from a day between {FIRST_DAY.year} and {LAST_DAY.year}.",
            field="valid_from",
            value=value,
        )
    return value


def checked_rate(value: Decimal | str) -> Decimal:
    """An exact, positive rate. Raises InvalidInput for field `rate`."""
    shown = str(value).strip()
    try:
        number = Decimal(shown) if shown.isascii() and len(shown) <= 40 else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InvalidInput(
            f"“{shown[:40]}” is no rate. Write a decimal number with a point, such as 1.0855.",
            field="rate",
            value=shown[:40],
        )
    if not 0 < number < LARGEST_RATE:
        raise InvalidInput(
            f"A rate is above 0 and below {LARGEST_RATE:,}.", field="rate", value=shown
        )
    if number != number.quantize(Decimal(1).scaleb(-RATE_DECIMALS)):
        raise InvalidInput(
            f"A rate has at most {RATE_DECIMALS} decimals.", field="rate", value=shown
        )
    return number


def access_rate(pk: int) -> ExchangeRate:
    """The tenant's rate with this id. Raises NotFound."""
    rate = ExchangeRate.objects.filter(pk=pk).first()
    if rate is None:
        raise NotFound("There is no such exchange rate.", rate=pk)
    return rate


def enter_rate(*, draft: RateDraft, by: User | None, at: datetime) -> ExchangeRate:
    """Store a new rate. Raises Conflict when the pair has a rate of that day already."""
    try:
        with transaction.atomic():
            return ExchangeRate.objects.create(
                currency=draft.currency,
                to_currency=draft.to_currency,
                valid_from=draft.valid_from,
                rate=draft.rate,
                source=draft.source,
                entered_by=by,
                updated_at=at,
            )
    except IntegrityError as error:
        raise _taken(draft) from error


def change_rate(
    *, pk: int, draft: RateDraft, by: User | None, at: datetime, seen_at: datetime | None = None
) -> ExchangeRate:
    """Correct a rate. Raises NotFound, Conflict for a day that is taken or, with `seen_at` (its
    `updated_at` as the caller knows it), for a rate that somebody changed since."""
    try:
        with transaction.atomic():
            row = ExchangeRate.objects.select_for_update().filter(pk=pk).first()
            if row is None:
                raise NotFound("There is no such exchange rate.", rate=pk)
            if seen_at is not None and row.updated_at != seen_at:
                raise Conflict(
                    "Somebody changed this rate in the meantime. Look at it again first."
                )
            row.currency, row.to_currency = draft.currency, draft.to_currency
            row.valid_from, row.rate, row.source = draft.valid_from, draft.rate, draft.source
            row.entered_by, row.updated_at = by, at
            row.save()
            return row
    except IntegrityError as error:
        raise _taken(draft) from error


def remove_rate(*, pk: int) -> ExchangeRate:
    """Forget a rate: from its day on the one before it counts again. Raises NotFound."""
    row = access_rate(pk)
    ExchangeRate.objects.filter(pk=pk).delete()
    return row


@transaction.atomic
def import_rates(*, drafts: list[RateDraft], by: User | None, at: datetime) -> ImportCounts:
    """Store all of these rates or none: new days are added, known days get the rate given now."""
    added = changed = unchanged = 0
    pairs = {(draft.currency, draft.to_currency) for draft in drafts}
    known = {
        (row.currency, row.to_currency, row.valid_from): row
        for row in ExchangeRate.objects.select_for_update().filter(
            currency__in={pair[0] for pair in pairs}, to_currency__in={pair[1] for pair in pairs}
        )
    }
    for draft in drafts:
        row = known.get(draft.key)
        if row is None:
            enter_rate(draft=draft, by=by, at=at)
            added += 1
        elif (row.rate, row.source) != (draft.rate, draft.source):
            row.rate, row.source, row.entered_by, row.updated_at = draft.rate, draft.source, by, at
            row.save(update_fields=["rate", "source", "entered_by", "updated_at"])
            changed += 1
        else:
            unchanged += 1
    record_event(
        "exchange_rates.imported",
        details={"added": added, "changed": changed, "unchanged": unchanged},
    )
    return ImportCounts(added, changed, unchanged)


def _taken(draft: RateDraft) -> Conflict:
    return Conflict(
        f"There is a rate of {draft.currency} in {draft.to_currency} from {draft.valid_from:%-d %b %Y} "
        "already. Change that one.",
        field="valid_from",
    )
