"""What the PDF's template is given: every number already written, every text already printable."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from reporting.exports.columns import driver_micros, gib_micros, percent_of, ratio_of
from reporting.exports.numbers import decimal_text, grouped, minor_text
from reporting.exports.pdf_lines import Group, Printed, Sums
from reporting.exports.pdf_text import printable
from reporting.exports.words import (
    EVENTS_TO_SIGN,
    bucket_words,
    driver_unit,
    rule_words,
    source_words,
    spread_words,
)
from reporting.statements.document import Line, ShareOfPool, StatementDocument, sha256_of

_TYPE_WORDS = {
    "direct": "Direct cost",
    "shared": "Shared cost",
    "idle": "Idle cost",
    "overhead": "Overhead",
    "adjustment": "Adjustments of earlier periods",
    "rounding": "Rounding",
}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MOST_RULES = 60
_MOST_LETTERS = 90  # of a fact in the head


def encoded(document: StatementDocument, printed: Printed) -> str:
    """The template's data as JSON."""
    return msgspec.json.encode(_all_printable(PdfData(document, printed).found())).decode()


def _all_printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        # Hashes are printed in a fixed-width face, in one piece.
        return {
            name: each if name == "sha256" else _all_printable(each) for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return [_all_printable(each) for each in value]
    return value


class PdfData:
    """One statement in the words and numbers of its PDF."""

    def __init__(self, document: StatementDocument, printed: Printed) -> None:
        self._document, self._printed = document, printed
        self._digits = document.header.minor_digits

    def found(self) -> dict[str, Any]:
        document, header = self._document, self._document.header
        return {
            "sha256": sha256_of(document),
            "number": header.statement_no,
            "kind": f"{header.mode.capitalize()} statement",
            "tenant": header.tenant_name,
            "center": f"{header.cost_center_code} {header.cost_center_name}".strip()
            or bucket_words(header.bucket).capitalize(),
            "running": _short(
                f"{header.tenant_name} · {header.cost_center_code} {header.cost_center_name}"
            ),
            "period": f"{header.period_start} to {_last_day(header.period_end)}",
            "currency": header.currency,
            "sample": header.sample,
            "preliminary": header.revision == 0,
            "facts": self._facts(),
            "billed": self.money(document.summary.billed),
            "compared": self._compared(),
            "split": self._split(),
            "bridge": self._bridge(),
            "months": self._months(),
            "movers": self._movers(),
            "lines": self._lines(),
            "shared": [self._share(share) for share in document.shared],
            "shared_total": self.cents(sum(share.amount for share in document.shared)),
            "idle": [self._share(share) for share in document.idle],
            "idle_total": self.cents(sum(share.amount for share in document.idle)),
            "reconciliation": self._reconciliation(),
            "adjustments": self._adjustments(),
            "method": self._method(),
            "evidence": self._evidence(),
            "sign": EVENTS_TO_SIGN,
        }

    def money(self, micros: int | None) -> str:
        """To the minor unit; finer where the amount is finer than that. An en dash for unknown."""
        return "–" if micros is None else grouped(minor_text(micros, self._digits))

    def cents(self, micros: int) -> str:
        """To the minor unit, rounded for the eye; the exact amount is in the CSV."""
        unit = 10 ** (6 - self._digits)
        whole, rest = divmod(abs(micros), unit)
        rounded = (whole + (2 * rest >= unit)) * unit
        return grouped(minor_text(-rounded if micros < 0 else rounded, self._digits))

    def _facts(self) -> list[tuple[str, str]]:
        header, document = self._document.header, self._document
        complete = percent_of(header.complete_micros, 1_000_000)
        found = [
            ("Cost centre", f"{header.cost_center_code} {header.cost_center_name}".strip()),
            ("Within", " › ".join(header.cost_center_path[:-1])),
            ("Owner", header.owner_name),
            ("E-mail", header.owner_email),
            ("Ledger account", header.gl_account),
            ("Charged to", bucket_words(header.bucket)),
            ("Period", f"{header.period_start} to {_last_day(header.period_end)}, days in UTC"),
            ("Time zone", header.time_zone),
            ("Currency", header.currency),
            ("Revision", str(header.revision) if header.revision else "preliminary"),
            ("Data complete", f"{decimal_text(complete, 2)} %"),
            ("Made", f"{header.generated_at.replace('T', ' ').removesuffix('Z')} UTC"),
            ("Made by", header.generated_by),
            ("Lines", grouped(str(document.lines.count))),
        ]
        return [(name, _short(value)) for name, value in found if value]

    def _compared(self) -> list[tuple[str, str, str]]:
        """Against the period before and the budget: name, amount, difference."""
        summary = self._document.summary
        against = (("Period before", summary.previous), ("Budget", summary.budget))
        return [
            (name, "–" if value is None else self.cents(value), self._change(value))
            for name, value in against
        ]

    def _change(self, base: int | None) -> str:
        if base is None:
            return "not known"
        change = self._document.summary.billed - base
        sign = "+" if change > 0 else ""
        text = f"{sign}{self.cents(change)}"
        if base:
            text += f" ({sign}{grouped(decimal_text(percent_of(change, base), 2))} %)"
        return text

    def _split(self) -> list[dict[str, Any]]:
        summary = self._document.summary
        parts = [
            ("Direct", summary.direct),
            ("Shared", summary.shared),
            ("Idle", summary.idle),
            ("Overhead", summary.overhead),
            ("Adjustments", summary.adjustments),
        ]
        whole, billed = sum(abs(amount) for _, amount in parts), summary.billed
        return [
            {
                "name": name,
                "amount": self.cents(amount),
                "part": abs(amount) / whole if whole else 0,
                "percent": f"{grouped(decimal_text(percent_of(amount, billed), 2))} %"
                if billed
                else "–",
            }
            for name, amount in parts
        ]

    def _bridge(self) -> list[tuple[str, str]]:
        summary = self._document.summary
        found = [
            ("List cost", self.cents(summary.list_cost)),
            ("− Discount", self.cents(summary.discount)),
            ("+ Markup", self.cents(summary.markup)),
            ("= Effective cost", self.cents(summary.effective)),
            ("Rounding", self.cents(summary.rounding)),
            ("= Billed", self.money(summary.billed)),
        ]
        if summary.efficiency_pct is not None:
            found.append(("Efficiency", f"{summary.efficiency_pct} %"))
        return found

    def _months(self) -> list[dict[str, Any]]:
        months = self._document.summary.months
        most = max((month.billed or 0 for month in months), default=0)
        return [
            {
                "name": f"{_MONTHS[int(month.month[5:7]) - 1]} {month.month[2:4]}",
                "known": month.billed is not None,
                "part": max(0, month.billed or 0) / most if most else 0,
                "label": "–" if month.billed is None else compact(month.billed),
                "amount": self.money(month.billed),
                "current": index == len(months) - 1,
            }
            for index, month in enumerate(months)
        ]

    def _movers(self) -> list[list[str]]:
        return [
            [
                mover.name,
                *map(self.cents, (mover.previous, mover.current, mover.current - mover.previous)),
                *map(self.cents, (mover.quantity_effect, mover.price_effect)),
            ]
            for mover in self._document.summary.movers
        ]

    # Lines ----------------------------------------------------------------------------------

    def _lines(self) -> dict[str, Any]:
        printed = self._printed
        return {
            "sections": [
                {
                    "title": _TYPE_WORDS.get(section.line_type, section.line_type)
                    + (f", cluster {section.cluster}" if section.cluster else ""),
                    "rows": self._rows(section.shown(printed.most_groups)),
                    "total": self._sums("", section.sums),
                }
                for section in printed.sections
            ],
            "total": self._sums("", printed.total),
            "cut": printed.cut,
            "count": grouped(str(printed.total.count)),
        }

    def _rows(self, shown: tuple[list[Group], Sums, int]) -> list[list[str]]:
        """[level, name, CPU, memory, list, effective, billed]: level "1" is a group, "2" a line in it, "0" the
        only line of its group.
        """
        groups, rest, others = shown
        rows = []
        for group in groups:
            lines = group.largest()
            if group.sums.count == 1:
                name = " / ".join(text for text in (group.name, _line_name(lines[0])) if text)
                rows.append(["0", *self._sums(name, group.sums)])
                continue
            rows.append(["1", *self._sums(group.name, group.sums)])
            for line in lines:
                sums = Sums()
                sums.add(line)
                rows.append(["2", *self._sums(_line_name(line) or line.cluster or "–", sums)])
            left = group.others()
            if left.count:
                rows.append(["2", *self._sums(f"{_count(left.count, 'smaller line')}", left)])
        if others:
            rows.append(["0", *self._sums(_count(others, "more group"), rest)])
        return rows

    def _sums(self, name: str, sums: Sums) -> list[str]:
        return [
            name,
            hours(sums.cpu) if sums.cpu else "",
            hours(gib_micros(sums.ram)) if sums.ram else "",
            self.cents(sums.list_cost),
            self.cents(sums.effective),
            self.money(sums.billed),
        ]

    # Annexes --------------------------------------------------------------------------------

    def _share(self, share: ShareOfPool) -> list[str]:
        unit = driver_unit(share.driver) or (self._document.header.currency if share.driver else "")
        ratio = ratio_of(share.weight, share.weight_total) if share.weight_total else None
        value, total = (
            hours(driver_micros(share.driver, amount))
            for amount in (share.driver_value, share.driver_total)
        )
        pool = f"{share.name} ({source_words(share.source)})"
        return [
            f"{pool}, {share.cluster}" if share.cluster else pool,
            f"{share.first_day} to {share.last_day}",
            spread_words(share),
            f"{value} of {total} {unit}".strip() if share.driver else "–",
            "–" if ratio is None else decimal_text(ratio // 10**6, 6),
            self.cents(share.pool_total),
            self.cents(share.amount),
        ]

    def _reconciliation(self) -> dict[str, Any]:
        block = self._document.reconciliation
        amounts = [line.amount for line in block.lines]
        exact = self._alike([*amounts, *block.by_cluster.values(), *block.excluded.values()])
        return {
            "rows": [[line.letter, line.label, exact(line.amount)] for line in block.lines],
            "exact": block.difference == 0,
            "difference": exact(block.difference) if block.difference else "0",
            "clusters": [[name, exact(cost)] for name, cost in sorted(block.by_cluster.items())],
            "excluded": [[name, exact(cost)] for name, cost in sorted(block.excluded.items())],
        }

    def _alike(self, amounts: Iterable[int]) -> Callable[[int], str]:
        """A writer of exact amounts that gives all of these the same number of decimals."""
        needed = max(
            (len(minor_text(amount, self._digits).partition(".")[2]) for amount in amounts),
            default=self._digits,
        )
        return lambda amount: grouped(minor_text(amount, needed))

    def _adjustments(self) -> list[list[str]]:
        exact = self._alike(each.amount for each in self._document.adjustments)
        return [
            [
                each.period,
                each.statement_no,
                "/".join(
                    name
                    for name in (
                        each.cluster,
                        each.namespace,
                        each.controller_kind,
                        each.controller,
                    )
                    if name
                ),
                each.reason,
                exact(each.amount),
            ]
            for each in self._document.adjustments
        ]

    def _method(self) -> dict[str, Any]:
        method = self._document.method
        return {
            "mapping": _rules(method.mapping_rules),
            "shares": _rules(method.share_rules),
            "rates": _rules(method.rate_card),
            "exchange": [
                f"1 {rate.currency} = {rate.rate} {rate.to_currency} from {rate.valid_from} ({rate.source})"
                for rate in method.exchange_rates
            ],
            "rounding": method.rounding,
            "versions": f"OpenCost {', '.join(method.opencost_versions) or 'of unknown version'}; "
            f"Cost Insights {method.generator}",
            "rules": {"sha256": method.rules_sha256},
        }

    def _evidence(self) -> dict[str, Any]:
        evidence, document = self._document.evidence, self._document
        missing = evidence.missing_days
        return {
            "rows": [
                (
                    "Clusters",
                    ", ".join(
                        f"{name} ({slug})" for slug, name in sorted(evidence.clusters.items())
                    ),
                ),
                ("Stored windows", grouped(str(evidence.snapshots))),
                ("Facts read", grouped(str(evidence.facts))),
                ("Facts with an unknown cost", grouped(str(evidence.unknown_rows))),
                ("Data through", evidence.data_through),
                (
                    "Missing days",
                    ", ".join(missing[:20]) + (" …" if len(missing) > 20 else "")
                    if missing
                    else "none",
                ),
                ("Closed although incomplete", evidence.override_reason or "no"),
            ],
            "hashes": [
                {"name": "Statement", "sha256": sha256_of(document)},
                {"name": "Lines", "sha256": document.lines.sha256},
                {"name": "Windows read", "sha256": evidence.snapshots_sha256},
            ],
        }


def _short(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def _line_name(line: Line) -> str:
    """ "" for what has no workload and nothing to say."""
    name = line.controller or line.notes
    return f"{name} ({line.controller_kind})" if name and line.controller_kind else name


def _count(number: int, word: str) -> str:
    return f"{grouped(str(number))} {word}{'' if number == 1 else 's'}"


def _rules(rules: Iterable[Mapping[str, Any]]) -> list[str]:
    found = [rule_words(dict(rule)) for rule in rules]
    if len(found) > _MOST_RULES:
        found[_MOST_RULES:] = [f"… and {len(found) - _MOST_RULES} more, in the workbook"]
    return found


def _last_day(exclusive_end: str) -> str:
    """2026-10-01, excluded → 2026-09-30."""
    return (dt.date.fromisoformat(exclusive_end) - dt.timedelta(days=1)).isoformat()


def hours(micros: int) -> str:
    """Hours, or a driver's units, with one decimal."""
    tenths = (abs(micros) + 50_000) // 100_000
    return grouped(decimal_text(-tenths if micros < 0 else tenths, 1))


def compact(micros: int) -> str:
    """A label of a bar: 12.3k, 4.56M."""
    value = micros / 1_000_000
    for size, sign in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{sign}".replace("-", "−")
    return f"{value:.0f}".replace("-", "−")
