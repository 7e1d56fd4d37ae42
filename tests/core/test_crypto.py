"""A stored secret opens only where it was put, with any key that is still listed."""

import base64
import os

import pytest
from pytest_django import Settings

from costinsights.core.crypto import SecretUnreadable, seal, unseal

HERE = "t_1:costs.Cluster:secret:7"


def new_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def test_what_was_sealed_opens_at_its_place() -> None:
    assert unseal(seal("s3cret ✓", aad=HERE), aad=HERE) == "s3cret ✓"


def test_two_seals_of_one_secret_differ_and_do_not_contain_it() -> None:
    first, second = seal("s3cret", aad=HERE), seal("s3cret", aad=HERE)
    assert first != second
    assert "s3cret" not in first


@pytest.mark.parametrize(
    "elsewhere",
    ["t_2:costs.Cluster:secret:7", "t_1:costs.Cluster:secret:8", "t_1:costs.Cluster:ca:7", ""],
)
def test_a_secret_copied_elsewhere_does_not_open(elsewhere: str) -> None:
    with pytest.raises(SecretUnreadable):
        unseal(seal("s3cret", aad=HERE), aad=elsewhere)


def test_an_old_key_still_opens_and_a_removed_one_does_not(settings: Settings) -> None:
    old, new = new_key(), new_key()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    token = seal("s3cret", aad=HERE)
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    assert unseal(token, aad=HERE) == "s3cret"
    settings.FIELD_ENCRYPTION_KEYS = [new]
    with pytest.raises(SecretUnreadable, match="no configured key"):
        unseal(token, aad=HERE)


@pytest.mark.parametrize("token", ["", "v1", "v1.x", "v2.a.b", "v1.abcdef01.!!!", "plain"])
def test_a_damaged_token_is_named_not_decoded(token: str) -> None:
    with pytest.raises(SecretUnreadable):
        unseal(token, aad=HERE)


def test_any_flipped_byte_is_noticed() -> None:
    version, key_id, body = seal("s3cret", aad=HERE).split(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    for index in range(len(raw)):
        changed = bytes(raw[:index]) + bytes([raw[index] ^ 1]) + bytes(raw[index + 1 :])
        token = f"{version}.{key_id}.{base64.urlsafe_b64encode(changed).decode()}"
        with pytest.raises(SecretUnreadable):
            unseal(token, aad=HERE)
