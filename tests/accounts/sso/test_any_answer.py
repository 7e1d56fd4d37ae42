"""Whatever JSON a provider sends: it is used or refused, and never an error of ours."""

import contextlib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from costinsights.accounts.single_sign_on.claims import person_of
from costinsights.accounts.single_sign_on.discovery import read_metadata
from costinsights.accounts.single_sign_on.errors import ProviderUnusable
from costinsights.accounts.single_sign_on.keys import usable_keys
from tests.fakes.openid_provider import EC_KEY, RSA_KEY

ISSUER = "https://login.test"
LETTERS = "aZ09=._-@:/#?é\0\n\u202e"
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(LETTERS, max_size=20),
    st.sampled_from(
        ["AQAB", "!!", "P-256", "P-521", "secp256k1", "https://[", "http://u@h", "a.b"]
    ),
    st.lists(st.text(LETTERS, max_size=5), max_size=3),
    st.dictionaries(st.text(LETTERS, max_size=5), st.text(LETTERS, max_size=5), max_size=2),
)
KEYS = [key.as_dict(private=False) for key in (RSA_KEY, EC_KEY)]
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "userinfo_endpoint": f"{ISSUER}/userinfo",
    "token_endpoint_auth_methods_supported": ["client_secret_post"],
}
CLAIMS = ["email", "email_verified", "xms_edov", "name", "amr", "acr", "groups", "a"]


def with_odd_members(document: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    changes = st.dictionaries(st.sampled_from([*document, "use", "alg", "x5c"]), ODD, max_size=3)
    return changes.map(lambda changed: {**document, **changed})


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.sampled_from(KEYS).flatmap(with_odd_members), max_size=3))
def test_any_key_set_is_read(keys: list[dict[str, Any]]) -> None:
    assert len(usable_keys(keys)) <= len(keys)


@settings(deadline=None)  # a busy machine is no failure
@given(with_odd_members(METADATA))
def test_any_metadata_is_used_or_refused(document: dict[str, Any]) -> None:
    with contextlib.suppress(ProviderUnusable):
        assert read_metadata(document, ISSUER).issuer == ISSUER


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.dictionaries(st.sampled_from(CLAIMS), ODD),
    st.dictionaries(st.sampled_from(CLAIMS), ODD),
    st.sampled_from(["", "groups", "a.b", "a..b", "."]),
)
def test_any_claims_make_a_person_that_can_be_stored(
    claims: dict[str, Any], userinfo: dict[str, Any], path: str
) -> None:
    person = person_of({"sub": "1", **claims}, userinfo, role_claim=path)
    assert person.name.isprintable()
    assert len(person.name) <= 120
    assert person.email.isascii()
    assert all(isinstance(group, str) for group in person.groups)
