"""A private CA is the same one however its lines end."""

import pytest

from costinsights.core.errors import InvalidInput
from costinsights.costs.drafts import checked_ca_bundle

PEM = "-----BEGIN CERTIFICATE-----\nMIIB\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("text", [PEM, PEM.replace("\n", "\r\n"), f"\n  {PEM} \n", PEM.strip()])
def test_line_ends_and_blanks_around_do_not_make_another_ca(text: str) -> None:
    assert checked_ca_bundle(text) == PEM


def test_nothing_is_no_ca() -> None:
    assert checked_ca_bundle(" \r\n ") == ""


@pytest.mark.parametrize("text", ["a certificate", PEM + "-----BEGIN PRIVATE KEY-----\n"])
def test_what_is_no_certificate_or_more_than_one_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked_ca_bundle(text)
    assert refusal.value.field == "ca_bundle"
