"""Second factors: time-based one-time codes (RFC 6238) and recovery codes, without any storage.

Members and staff keep theirs in different schemas; both use these functions, so that neither is weaker.
A code is taken once: the caller stores the returned step with a conditional update and treats
"no row changed" as a wrong code.
"""

import datetime as dt
import hashlib
import io
import re
import secrets
from typing import Final

import pyotp
import segno

STEP_SECONDS: Final = 30
STEPS_OF_DRIFT: Final = 1  # a clock may be off by one step in either direction
RECOVERY_CODES: Final = 10
# No 0/o, 1/l/i: these are copied by hand.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE: Final = re.compile(r"\A[0-9]{6}\Z", re.ASCII)


def new_secret() -> str:
    """160 random bits in base 32, as authenticator apps expect."""
    return pyotp.random_base32(32)


def provisioning_uri(secret: str, *, account: str, issuer: str) -> str:
    """The `otpauth://` address that an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def qr_svg(uri: str) -> str:
    """The address as an inline SVG without styles or scripts, black on white. It scales with its box."""
    code, out = segno.make(uri, error="m"), io.BytesIO()
    code.save(
        out,
        kind="svg",
        scale=5,
        border=2,
        light="#fff",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        omitsize=True,  # it then has a view box, without which a smaller box would cut it off
    )
    width, height = code.symbol_size(scale=5, border=2)
    return out.getvalue().decode().replace("<svg ", f'<svg width="{width}" height="{height}" ', 1)


def matching_step(secret: str, code: str, *, at: dt.datetime, last_step: int) -> int | None:
    """The 30-second step whose code this is, later than the last one taken; None when there is none.

    Every step in reach is compared, so that the time says nothing about which one matched.
    """
    digits = re.sub(r"[\s-]", "", code)
    if not _CODE.match(digits):
        return None
    totp = pyotp.TOTP(secret)
    now = int(at.timestamp()) // STEP_SECONDS
    found = None
    for step in range(now - STEPS_OF_DRIFT, now + STEPS_OF_DRIFT + 1):
        expected = totp.generate_otp(step)
        if secrets.compare_digest(expected, digits) and step > last_step:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes of 50 random bits each, such as `k7mq2-x9wfc`. Shown once; only hashes are stored."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_code_hash(code: str, *, owner: str) -> str:
    """What is stored of a recovery code. `owner` (schema and id) keeps it from working elsewhere.

    50 random bits with a single use and a lock-out before it: a fast hash is enough.
    """
    plain = re.sub(r"[\s-]", "", code).lower()
    return hashlib.sha256(f"{owner}\x1f{plain}".encode()).hexdigest()


def next_code(secret: str, *, at: dt.datetime, last_step: int) -> str | None:
    """A code that `matching_step` takes now: this step's, or the next one's once that was used."""
    now = int(at.timestamp()) // STEP_SECONDS
    step = max(now, last_step + 1)
    return pyotp.TOTP(secret).generate_otp(step) if step <= now + STEPS_OF_DRIFT else None
