"""A workspace's logo: whatever picture comes in, a small PNG of our own making is kept."""

import hashlib
import io
import warnings
from datetime import datetime

from django.db import transaction
from PIL import Image, ImageOps

from costinsights.accounts.models import Workspace
from costinsights.core.errors import InvalidInput
from costinsights.workspace.settings.services import locked_workspace

MOST_BYTES = 256 * 1024
MOST_PIXELS = 4096 * 4096  # read as 64 MB at worst
LONGEST_SIDE = 512
FORMATS = ("PNG", "JPEG", "WEBP")
MEDIA_TYPE = "image/png"


@transaction.atomic
def set_logo(content: bytes, *, at: datetime) -> str:
    """Keep a picture as the logo; returns its digest. Raises InvalidInput for field `logo`."""
    picture = redrawn(content)
    row = locked_workspace()
    row.logo, row.logo_media_type = picture, MEDIA_TYPE
    row.logo_digest = hashlib.sha256(picture).hexdigest()
    row.updated_at = at
    row.save(update_fields=["logo", "logo_media_type", "logo_digest", "updated_at"])
    return row.logo_digest


@transaction.atomic
def remove_logo(*, at: datetime) -> None:
    """Forget the logo; without one nothing happens."""
    row = locked_workspace()
    row.logo, row.logo_media_type, row.logo_digest, row.updated_at = b"", "", "", at
    row.save(update_fields=["logo", "logo_media_type", "logo_digest", "updated_at"])


def stored_logo() -> tuple[bytes, str]:
    """The picture and its digest; both empty without one."""
    row = Workspace.objects.filter(pk=1).values_list("logo", "logo_digest").first()
    return (bytes(row[0]), row[1]) if row is not None and row[1] else (b"", "")


def redrawn(content: bytes) -> bytes:
    """The picture as PNG of at most 512 pixels a side, with nothing but its pixels.

    What a file says beside its pixels (place, device, scripts for careless readers) does not come along. The
    size in the header is judged before a single pixel is unpacked.
    """
    if not content:
        raise _refused("Choose a picture.")
    if len(content) > MOST_BYTES:
        raise _refused(f"The picture is larger than {MOST_BYTES // 1024} kB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise _refused("The picture has too many pixels. Make it smaller first.")
                small = ImageOps.exif_transpose(opened).convert("RGBA")
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        out = io.BytesIO()
        small.save(out, "PNG", optimize=True)
    except InvalidInput:
        raise
    # Decoders raise whatever they stumble over; to the sender it all means the same.
    except Exception as error:  # see above
        raise _refused("This is no PNG, JPEG or WebP picture that can be read.") from error
    return out.getvalue()


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, field="logo")
