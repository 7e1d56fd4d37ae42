"""The workspace's logo: what is taken, what is kept, how it is served."""

import io
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from costinsights.accounts.models import Role, Workspace
from costinsights.core.errors import InvalidInput
from costinsights.workspace.settings.logo import LONGEST_SIDE, MOST_BYTES, redrawn
from tenants.models import Tenant
from tests.workspace.browsers import browser_of

API = "/api/v1/workspace/logo"


def picture(kind: str = "PNG", size: tuple[int, int] = (900, 450), **extra: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 40, 40)).save(out, kind, **extra)
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small PNG whose header promises a huge picture."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + name + body + check

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    pixels = zlib.compress(b"\x00" * 100_000)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def put(client: Client, content: bytes, kind: str = "image/png") -> int:
    return client.put(API, content, content_type=kind).status_code


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_kept_as_a_small_png(kind: str) -> None:
    with Image.open(io.BytesIO(redrawn(picture(kind)))) as kept:
        assert kept.format == "PNG"
        assert max(kept.size) == LONGEST_SIDE
        assert kept.width == 2 * kept.height


def test_what_a_file_says_beside_its_pixels_is_left_behind() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    assert b"taken at home" in picture("JPEG", exif=exif)
    assert b"taken at home" not in redrawn(picture("JPEG", exif=exif))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        picture()[:60],
        bomb(60_000, 60_000),
        b"\x00" * (MOST_BYTES + 1),
    ],
    ids=["nothing", "svg", "gif", "cut off", "bomb", "too large"],
)
def test_what_cannot_be_a_logo_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        redrawn(content)
    assert refused.value.field == "logo"


def test_a_picture_of_too_many_pixels_is_refused_before_they_are_unpacked() -> None:
    flat = picture(size=(5_000, 4_000))
    assert len(flat) < MOST_BYTES
    with pytest.raises(InvalidInput, match="too many pixels"):
        redrawn(flat)


def test_an_uploaded_logo_stands_in_the_top_bar_and_goes_again(acme: Tenant) -> None:
    browser = browser_of(acme)
    file = SimpleUploadedFile("logo.png", picture(), content_type="image/png")
    browser.post("/settings/workspace/logo/", {"logo": file})
    digest = Workspace.load().logo_digest
    address = f"/logo?v={digest[:16]}"
    assert address in browser.get("/clusters/").content.decode()

    browser.post("/settings/workspace/logo/remove/")

    assert "/logo?v=" not in browser.get("/clusters/").content.decode()
    assert browser.get(address).status_code == 404


def test_a_refused_upload_keeps_the_logo_there_is(acme: Tenant) -> None:
    browser = browser_of(acme)
    put(browser, picture())
    digest = Workspace.load().logo_digest
    file = SimpleUploadedFile("logo.png", b"no picture", content_type="image/png")
    answer = browser.post("/settings/workspace/logo/", {"logo": file})
    assert answer.status_code == 422
    assert Workspace.load().logo_digest == digest


def test_the_picture_is_served_as_png_and_kept_only_under_its_digest(acme: Tenant) -> None:
    browser = browser_of(acme)
    put(browser, picture())
    digest = Workspace.load().logo_digest
    known, unknown = browser.get(f"/logo?v={digest[:16]}"), browser.get("/logo?v=other")
    assert known["Content-Type"] == "image/png"
    assert known["X-Content-Type-Options"] == "nosniff"
    assert "max-age=31536000" in known["Cache-Control"]
    assert "max-age=0" in unknown["Cache-Control"]
    assert "private" in known["Cache-Control"]


def test_a_stranger_sees_no_logo(acme: Tenant) -> None:
    put(browser_of(acme), picture())
    assert Client(HTTP_HOST="acme.localhost").get("/logo").status_code == 302


def test_by_api_admins_set_and_remove_and_others_do_not(acme: Tenant) -> None:
    admin, viewer = browser_of(acme), browser_of(acme, Role.VIEWER)
    assert put(viewer, picture()) == 403
    assert put(admin, picture("WEBP"), "image/webp") == 200
    assert admin.get("/api/v1/workspace/").json()["logo_url"]
    assert viewer.delete(API).status_code == 403
    assert admin.delete(API).status_code == 204
    assert admin.get("/api/v1/workspace/").json()["logo_url"] is None
    assert put(admin, b"{}", "application/json") == 415
    assert put(admin, b"no picture") == 400
