"""Answers of a provider that lies, is mixed up, or is not the one we asked."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from costinsights.accounts.models import TenantSession, User
from tests.accounts.people import is_signed_in
from tests.accounts.sso.conftest import Journey, reason_of
from tests.fakes.openid_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    EC_KEY,
    OTHER_RSA_KEY,
    RSA_KEY,
    OpenIdProvider,
    encode,
    signed_by_hmac,
    unsigned,
)

Twist = Callable[[OpenIdProvider], None]
NOW = int(time.time())


def claims(**changed: Any) -> Twist:
    return lambda openid: openid.token_claims.update(changed)


def header(**changed: Any) -> Twist:
    return lambda openid: openid.token_header.update(changed)


def answer(**changed: Any) -> Twist:
    def twist(openid: OpenIdProvider) -> None:
        openid.answer = lambda honest: {**honest, **changed}

    return twist


def signed_by_a_stranger(openid: OpenIdProvider) -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "rsa-1"})
    openid.make_token = lambda said, head: openid.sign(said, head, stranger)


def signed_by_hmac_with(key: bytes) -> Twist:
    def twist(openid: OpenIdProvider) -> None:
        openid.make_token = lambda said, head: signed_by_hmac(said, head, key)

    return twist


def an_hmac_key_published(openid: OpenIdProvider) -> None:
    openid.published = [{"kty": "oct", "kid": "oct-1", "k": encode(b"0" * 32)}]
    openid.make_token = lambda said, head: signed_by_hmac(said, {**head, "kid": "oct-1"}, b"0" * 32)


def without_signature(algorithm: str, **more: Any) -> Twist:
    def twist(openid: OpenIdProvider) -> None:
        openid.make_token = lambda said, head: unsigned(said, {**head, "alg": algorithm, **more})

    return twist


def changed_after_signing(openid: OpenIdProvider) -> None:
    def forge(said: dict[str, Any], head: dict[str, Any]) -> str:
        start, _, signature = openid.sign(said, head).split(".")
        return f"{start}.{encode({**said, 'sub': 'somebody-else'})}.{signature}"

    openid.make_token = forge


def a_key_of_their_own_in_the_header(openid: OpenIdProvider) -> None:
    """`jwk` and `jku` in a token's header say where to find a key: never believed."""
    theirs = RSAKey.generate_key(2048, {"kid": "rsa-1"})
    more = {"jwk": theirs.as_dict(private=False), "jku": f"{openid.issuer}/their-keys"}
    openid.make_token = lambda said, head: openid.sign(said, {**head, **more}, theirs)


def an_elliptic_key_by_an_rsa_name(openid: OpenIdProvider) -> None:
    openid.published = [RSA_KEY, EC_KEY]
    openid.token_header = {"alg": "ES256", "kid": "rsa-1"}
    openid.make_token = lambda said, head: openid.sign(said, head, EC_KEY)


def two_keys_and_no_name(openid: OpenIdProvider) -> None:
    openid.published = [RSA_KEY, OTHER_RSA_KEY]
    openid.token_header = {"kid": None}


HOSTILE: list[tuple[str, Twist, str]] = [
    ("another issuer", claims(iss="https://evil.test"), "issuer_wrong"),
    ("no issuer", claims(iss=None), "issuer_wrong"),
    (
        "the issuer with a slash",
        lambda o: o.token_claims.update(iss=o.issuer + "/"),
        "issuer_wrong",
    ),
    ("another audience", claims(aud="another-client"), "audience_wrong"),
    ("no audience", claims(aud=None), "audience_wrong"),
    ("an empty audience", claims(aud=[]), "audience_wrong"),
    ("an audience that only contains our name", claims(aud=f"x{CLIENT_ID}"), "audience_wrong"),
    ("an audience that is no text", claims(aud={"aud": CLIENT_ID}), "audience_wrong"),
    ("two audiences and no azp", claims(aud=[CLIENT_ID, "other"]), "audience_wrong"),
    ("another azp", claims(azp="another-client"), "audience_wrong"),
    ("expired", claims(exp=NOW - 3600, iat=NOW - 7200), "time_wrong"),
    ("expired past the leeway", claims(exp=NOW - 90), "time_wrong"),
    ("no end", claims(exp=None), "time_wrong"),
    ("an end that is NaN", claims(exp=float("nan")), "time_wrong"),
    ("an end in infinity", claims(exp=float("inf")), "time_wrong"),
    ("an end that is a text", claims(exp="9999999999"), "time_wrong"),
    ("an end that is true", claims(exp=True), "time_wrong"),
    ("issued in the future", claims(iat=NOW + 600), "time_wrong"),
    ("no time of issue", claims(iat=None), "time_wrong"),
    ("not valid yet", claims(nbf=NOW + 600), "time_wrong"),
    ("another nonce", claims(nonce="x" * 43), "nonce_wrong"),
    ("no nonce", claims(nonce=None), "nonce_wrong"),
    ("a nonce that is no text", claims(nonce=["x"]), "nonce_wrong"),
    ("the hash of another access token", claims(at_hash="x" * 22), "access_token_wrong"),
    ("no subject", claims(sub=None), "subject_unusable"),
    ("an empty subject", claims(sub=""), "subject_unusable"),
    ("a subject that is a number", claims(sub=1), "subject_unusable"),
    ("a subject longer than its column", claims(sub="s" * 256), "subject_unusable"),
    ("a NUL in the subject", claims(sub="a\0b"), "subject_unusable"),
    ("no signature", without_signature("none"), "algorithm_refused"),
    ("no signature, shouted", without_signature("NONE"), "algorithm_refused"),
    ("an RSA header without a signature", without_signature("RS256"), "signature_wrong"),
    (
        "HMAC with the public key",
        signed_by_hmac_with(RSA_KEY.as_pem(private=False)),
        "algorithm_refused",
    ),
    (
        "HMAC with the client secret",
        signed_by_hmac_with(CLIENT_SECRET.encode()),
        "algorithm_refused",
    ),
    ("HMAC with a published key", an_hmac_key_published, "algorithm_refused"),
    ("a stranger's signature", signed_by_a_stranger, "signature_wrong"),
    ("changed after signing", changed_after_signing, "signature_wrong"),
    ("a key of their own in the header", a_key_of_their_own_in_the_header, "signature_wrong"),
    ("an elliptic key by an RSA key's name", an_elliptic_key_by_an_rsa_name, "key_unknown"),
    ("a key nobody published", header(kid="rsa-9"), "key_unknown"),
    ("two keys and no name", two_keys_and_no_name, "key_unknown"),
    ("a crit that nobody knows", without_signature("RS256", crit=["x"], x=1), "signature_wrong"),
    ("a crit that is no list", without_signature("RS256", crit=7), "signature_wrong"),
    ("a key name that is a number", without_signature("RS256", kid=7), "id_token_malformed"),
    ("no ID token", answer(id_token=None), "id_token_missing"),
    ("an ID token that is a number", answer(id_token=7), "id_token_missing"),
    ("an ID token that is none", answer(id_token="a.b.c"), "id_token_malformed"),
    ("an encrypted ID token", answer(id_token="e30.e30.e30.e30.e30"), "id_token_malformed"),
]


@pytest.mark.parametrize(
    ("twist", "reason"), [case[1:] for case in HOSTILE], ids=[case[0] for case in HOSTILE]
)
def test_a_lie_signs_nobody_in(ada: User, journey: Journey, twist: Twist, reason: str) -> None:
    twist(journey.openid)
    refused = journey.go()
    assert (refused.status_code, reason_of(refused)) == (403, reason)
    assert not is_signed_in(journey.browser)
    assert not TenantSession.objects.filter(user__isnull=False).exists()


@pytest.mark.parametrize("size", [1024, 1536])
def test_a_short_rsa_key_is_no_key(ada: User, journey: Journey, size: int) -> None:
    with pytest.warns(UserWarning, match="2048"):
        short = RSAKey.generate_key(size, {"kid": "rsa-1"})
    journey.openid.key, journey.openid.published = short, [short]
    assert reason_of(journey.go()) == "key_unknown"


@pytest.mark.parametrize("use", ["enc", "", 7])
def test_a_key_for_encryption_signs_nothing(ada: User, journey: Journey, use: object) -> None:
    journey.openid.published = [{**RSA_KEY.as_dict(private=False), "use": use}]
    assert reason_of(journey.go()) == "key_unknown"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a",
        "....",
        "e30..",
        "W10.e30.e30",
        "bnVsbA.e30.e30",
        "ImFsZyI.e30.e30",
        "WyJhbGciXQ.e30.e30",
        "é.é.é",
    ],
)
def test_a_malformed_token_is_refused_and_not_an_error(
    ada: User, journey: Journey, token: str
) -> None:
    journey.openid.answer = lambda honest: {**honest, "id_token": token}
    assert journey.go().status_code == 403


def test_a_token_of_ten_megabytes_is_not_read(ada: User, journey: Journey) -> None:
    journey.openid.answer = lambda honest: {**honest, "id_token": "x" * 10_000_000}
    refused = journey.go()
    assert (refused.status_code, reason_of(refused)) == (502, "token_failed")


def test_userinfo_of_somebody_else_is_not_used(ada: User, journey: Journey) -> None:
    journey.openid.userinfo_claims = ("email", "email_verified")
    journey.openid.userinfo = {"sub": "somebody-else"}
    assert reason_of(journey.go()) == "userinfo_of_somebody_else"


def test_the_second_factor_is_not_believed_from_userinfo(ada: User, journey: Journey) -> None:
    journey.openid.person["amr"] = ["mfa"]
    journey.openid.userinfo_claims = ("email", "email_verified", "amr")
    journey.go()
    assert not journey.browser.session["second_factor_at_provider"]


def test_what_the_provider_says_is_never_printed(ada: User, journey: Journey) -> None:
    address = journey.openid.authorize(journey.leave())
    refused = journey.back(f"{address}&error=<script>x</script>&error_description=<b>call+0900</b>")
    assert "0900" not in refused.content.decode()
    assert "<script>x" not in refused.content.decode()
