"""Cost centres as CSV: read back as written, refused as a whole, and without effect the second time."""

from typing import Any

import pytest

from costinsights.core.csv_files import ImportRefused
from reporting.centers.files import export_centers, import_centers
from reporting.models import CostCenter
from tests.factories.reporting import CostCenterFactory
from tests.reporting.statements.programs import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acme")]
TREE = (
    "code,name,level,parent_code,owner_email,owner_name,gl_account,valid_from,valid_to,note\n"
    'CC100,"Checkout, web",cost_center,ENG,shop@acme.test,Sam,6200,2026-01-01,,=1+1\n'
    "ENG,Engineering,department,ACME,,,,,,\n"
    "ACME,Acme,organisation,,,,,,,\n"
)


def counts(text: str, **options: Any) -> tuple[int, int, int]:
    done = import_centers(text.encode(), **options)
    return done.added, done.changed, done.unchanged


def test_a_file_in_any_order_becomes_a_tree_and_reads_back() -> None:
    assert counts(TREE) == (3, 0, 0)
    center = CostCenter.objects.get(code="CC100")
    assert center.parent is not None
    assert (center.parent.code, center.note) == ("ENG", "=1+1")
    written = export_centers()
    assert "'=1+1" in written  # no spreadsheet runs it
    assert counts(written) == (0, 0, 3)
    assert counts(TREE) == (0, 0, 3)


def test_columns_left_out_stay_as_they_are() -> None:
    counts(TREE)
    assert counts("code;name\nCC100;Checkout\n") == (0, 1, 0)
    center = CostCenter.objects.get(code="CC100")
    assert (center.name, center.gl_account, center.parent and center.parent.code) == (
        "Checkout",
        "6200",
        "ENG",
    )


def test_a_dry_run_counts_and_stores_nothing() -> None:
    assert counts(TREE, dry_run=True) == (3, 0, 0)
    assert not CostCenter.objects.exists()


def test_every_wrong_line_is_named_and_nothing_is_taken() -> None:
    CostCenterFactory.create(code="OLD", name="Old")
    lines = [
        "code,name,level,parent_code,valid_from",
        "OLD,New name,cost_center,,",
        "A,,cost_center,,",
        "B,Bee,team,,",
        "C,Cee,cost_center,NONE,",
        "D,Dee,department,OLD,",
        "E,Eee,cost_center,,31.12.2026",
        "F,Eff,cost_center",
        "OLD,Again,cost_center,,",
    ]
    with pytest.raises(ImportRefused) as refused:
        counts("\n".join(lines))
    assert [(error.line, error.column) for error in refused.value.errors] == [
        (3, "name"),
        (4, "level"),
        (5, "parent_code"),
        (6, "parent_code"),
        (7, "valid_from"),
        (8, ""),
        (9, "code"),
    ]
    assert [row.name for row in CostCenter.objects.all()] == ["Old"]


@pytest.mark.parametrize("text", ["", "code\nA\n", "code,name\n", "code,name,x\nA,B,C\n"])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    with pytest.raises(ImportRefused):
        counts(text)


def send(program: Program, text: str, query: str = "") -> Any:
    return program.client.post(f"/api/v1/cost-centers/import{query}", text, "text/csv")


def test_programs_import_and_export(program: Program) -> None:
    assert send(program, TREE, "?dry_run=true").json()["added"] == 3
    assert send(program, TREE, "?dry_run=2").status_code == 400
    assert send(program, TREE).json() == {"added": 3, "changed": 0, "unchanged": 0}
    refused = send(program, "code,name\n,x\n")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "code")
    answer = program("get", "cost-centers/export")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.decode() == export_centers()
