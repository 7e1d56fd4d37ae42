"""Kept files: the same bytes or none, and links that end and stay with their member."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.core.files.storage import storages
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from reporting import files

PDF = b"%PDF-1.7 a statement"
SHA256 = "8c0f1c2b5f0bf1ad4c4b6ac1ef0dfbc6b8d4cbb2b8bb0b8f4c8e6ff5a29e8c11"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """A storage of the test's own."""
    with override_settings(
        STORAGES={
            "reports": {
                "BACKEND": "reporting.storage.WholeFileStorage",
                "OPTIONS": {"location": tmp_path},
            }
        }
    ):
        yield tmp_path


def read(tenant: str, sha256: str) -> bytes:
    with files.opened(tenant, sha256) as file:
        return file.read()


def test_a_file_is_kept_once_under_the_hash_of_its_content(folder: Path) -> None:
    first = files.keep("acme", io.BytesIO(PDF))
    assert files.keep("acme", io.BytesIO(PDF)) == first
    assert first.name == f"acme/{first.sha256}"
    assert [path.name for path in (folder / "acme").iterdir()] == [first.sha256]
    assert read("acme", first.sha256) == PDF


def test_keeping_starts_at_the_beginning_wherever_the_file_stands() -> None:
    file = io.BytesIO(PDF)
    file.seek(5)
    kept = files.keep("acme", file)
    assert (kept.size, read("acme", kept.sha256)) == (len(PDF), PDF)


@pytest.mark.parametrize("change", [PDF[:-1], PDF + b" ", b"", PDF.replace(b"a", b"A")])
def test_changed_bytes_are_refused_and_logged(folder: Path, change: bytes) -> None:
    kept = files.keep("acme", io.BytesIO(PDF))
    (folder / kept.name).write_bytes(change)

    with capture_logs() as logs, pytest.raises(files.FileChanged):
        read("acme", kept.sha256)
    assert [log["event"] for log in logs] == ["reports.file_changed"]
    assert not files.verify("acme", kept.sha256)


def test_keeping_again_repairs_what_was_changed(folder: Path) -> None:
    kept = files.keep("acme", io.BytesIO(PDF))
    (folder / kept.name).write_bytes(b"half of")
    files.keep("acme", io.BytesIO(PDF))
    assert read("acme", kept.sha256) == PDF


def test_a_file_that_is_gone_says_so() -> None:
    with pytest.raises(files.FileGone):
        read("acme", SHA256)
    files.forget("acme", SHA256)


def test_a_tenant_does_not_find_the_file_of_another() -> None:
    kept = files.keep("acme", io.BytesIO(PDF))
    with pytest.raises(files.FileGone):
        read("globex", kept.sha256)


@pytest.mark.parametrize("tenant", ["", "..", "../acme", "acme/..", "a b", "ACME"])
def test_a_name_is_a_tenant_and_a_hash_and_nothing_else(tenant: str) -> None:
    with pytest.raises(ValueError, match="named by"):
        files.storage_name(tenant, SHA256)
    with pytest.raises(ValueError, match="named by"):
        files.storage_name("acme", f"../{SHA256}")


def test_a_file_that_cannot_be_written_whole_is_not_there_at_all(folder: Path) -> None:
    class Torn(io.BytesIO):
        def chunks(self) -> object:
            yield b"half"
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        storages["reports"].save("acme/x", Torn())
    assert list((folder / "acme").iterdir()) == []


def test_a_bucket_can_keep_the_files_instead() -> None:
    options = {"bucket_name": "reports", "region_name": "eu-central-1", "file_overwrite": True}
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    with override_settings(STORAGES={"reports": backend}):
        assert type(files.storage()).__name__ == "S3Storage"


# Links ------------------------------------------------------------------------------------------


def test_a_link_ends() -> None:
    with time_machine.travel("2026-10-01T00:00:00Z", tick=False) as clock:
        token = files.link_token(tenant="acme", member=7, purpose="mail", file=42)
        clock.move_to("2026-10-07T23:59:59Z")
        assert files.file_of_link(token, tenant="acme", member=7, purpose="mail") == 42
        clock.move_to("2026-10-08T00:00:02Z")
        with pytest.raises(files.LinkExpired):
            files.file_of_link(token, tenant="acme", member=7, purpose="mail")


@pytest.mark.parametrize(
    ("tenant", "member", "purpose"),
    [("globex", 7, "mail"), ("acme", 8, "mail"), ("acme", 7, "page"), ("acme:7", 7, "mail")],
)
def test_a_link_stays_with_its_tenant_member_and_purpose(
    tenant: str, member: int, purpose: str
) -> None:
    token = files.link_token(tenant="acme", member=7, purpose="mail", file=42)
    with pytest.raises(files.LinkInvalid):
        files.file_of_link(token, tenant=tenant, member=member, purpose=purpose)


@given(st.text(max_size=80))
def test_no_text_that_we_did_not_sign_is_a_link(token: str) -> None:
    with pytest.raises(files.LinkInvalid):
        files.file_of_link(token, tenant="acme", member=7, purpose="mail")
