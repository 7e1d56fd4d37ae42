"""Our FOCUS files before the FinOps Foundation's own validator: `make focus`.

    .venv/bin/python -m tests.reporting.exports.foundation VALIDATOR

VALIDATOR is its program, in an environment of its own (requirements/focus.txt, Python 3.12 or newer). Its newest
rules are those of FOCUS 1.2; its exit code is 0 whatever it finds, so its words are read. Ends with 1 if a rule fails
that is not known to.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from reporting.exports.focus import Version, write_focus, write_focus_period
from tests.bench.history import say
from tests.reporting.exports.documents import changed, statement

# What holds for our files; commitments, capacity reservations and zones do not.
CRITERIA = (
    "ACCOUNT_NAMING_SUPPORTED",
    "MULTIPLE_PRICING_CATEGORIES_SUPPORTED",
    "MULTIPLE_SUB_ACCOUNT_TYPES_SUPPORTED",
    "MULTIPLE_BILLING_ACCOUNT_TYPES_SUPPORTED",
    "NEGOTIATED_PRICING_SUPPORTED",
    "PUBLIC_PRICE_LIST_SUPPORTED",
    "USAGE_MEASUREMENT_SUPPORTED",
    "UNIT_PRICING_SUPPORTED",
    "SUB_ACCOUNT_SUPPORTED",
    "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED",
    "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED",
    "PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED",
    "VIRTUAL_CURRENCY_SUPPORTED",
    "REGION_SUPPORTED",
    "TAGGING_SUPPORTED",
)
# Two opposite rules of one either-or, of which one must fail: InvoiceId null, InvoiceId not null.
KNOWN = frozenset({"InvoiceId-C-004-C", "InvoiceId-C-005-C"})


def make_files(folder: Path) -> list[Path]:
    """Statements of both kinds and a whole period, in the versions that have the columns of 1.2."""
    found = []
    for version in (Version.V1_2, Version.V1_3):
        for mode in ("chargeback", "showback"):
            document, lines = statement(11, count=300)
            document = changed(document, "header", mode=mode)
            found.append(folder / f"{mode}-{version}.csv")
            with found[-1].open("wb") as out:
                write_focus(document, lines, out, version)
    found.append(folder / "period-1.3.csv")
    with found[-1].open("wb") as out:
        write_focus_period([statement(seed, count=80) for seed in range(5)], out, Version.V1_3)
    return found


def checked(validator: Path, file: Path) -> tuple[str, set[str]]:
    """The validator's summary and the ids of the rules that failed."""
    program = (
        validator.parent / "python",
        "-c",
        "import focus_validator as f; print(f.__path__[0])",
    )
    home = subprocess.run(program, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603  # the program we were given
    done = subprocess.run(  # noqa: S603  # the program we were given
        (
            *(validator, "--data-file", file, "--validate-version", "1.2", "--block-download"),
            *("--applicability-criteria", ",".join(CRITERIA)),
        ),
        cwd=Path(home).parent,  # it looks for its rules below where it is started
        check=False,
        capture_output=True,
        text=True,
    )
    summary = re.search(r"^Total: .*$", done.stdout, re.MULTILINE)
    if summary is None:
        raise SystemExit(
            f"The validator gave no result:\n{done.stdout[-500:]}{done.stderr[-2000:]}"
        )
    return summary[0], set(re.findall(r"(\S+): FAIL\b", done.stdout))


def main(validator: Path) -> int:
    unexpected = 0
    with tempfile.TemporaryDirectory() as folder:
        for file in make_files(Path(folder)):
            summary, failed = checked(validator, file)
            say(f"{file.name}: {summary}")
            for rule in sorted(failed - KNOWN):
                say(f"  {rule} failed")
                unexpected += 1
    say("Known to fail, being opposites: " + ", ".join(sorted(KNOWN)))
    return int(unexpected > 0)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]).absolute()))
