"""Testing a provider as far as that goes without signing in: discovery, endpoints, keys."""

from dataclasses import dataclass

from costinsights.accounts.single_sign_on.discovery import Metadata, discover
from costinsights.accounts.single_sign_on.errors import ProviderUnusable
from costinsights.accounts.single_sign_on.keys import fetch_keys, usable_keys
from costinsights.accounts.single_sign_on.outbound import ProviderLine, outbound_policy

_SKIPPED = "Not tested, because an earlier step failed."


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """One step: `state` is ok, warning, failed or skipped."""

    name: str
    title: str
    state: str
    text: str
    code: str = ""


def probe_issuer(issuer: str, *, has_secret: bool) -> list[ProbeStep]:
    """What the provider says now. Never raises for what the other side does."""
    line = ProviderLine(outbound_policy())
    try:
        metadata = discover(issuer, line)
    except ProviderUnusable as error:
        return [
            ProbeStep("discovery", "Discovery", "failed", error.message, error.reason),
            ProbeStep("keys", "Keys", "skipped", _SKIPPED),
            ProbeStep("client", "Client", "skipped", _SKIPPED),
        ]
    return [
        ProbeStep(
            "discovery",
            "Discovery",
            "ok",
            f"The provider calls itself {issuer}, as entered, and names its endpoints.",
        ),
        _keys(metadata, line),
        _client(metadata, has_secret=has_secret),
    ]


def is_good(steps: list[ProbeStep]) -> bool:
    """Whether somebody could sign in, as far as the test can tell."""
    return all(step.state in ("ok", "warning") for step in steps)


def _keys(metadata: Metadata, line: ProviderLine) -> ProbeStep:
    try:
        keys = usable_keys(fetch_keys(metadata, line))
    except ProviderUnusable as error:
        return ProbeStep("keys", "Keys", "failed", error.message, error.reason)
    if not keys:
        return ProbeStep(
            "keys",
            "Keys",
            "failed",
            "The key set holds no RSA key of 2048 bits or more and no elliptic-curve key for signatures.",
            "keys_unusable",
        )
    kinds = " and ".join(sorted({key.key_type for key in keys}))
    count = "One usable signing key" if len(keys) == 1 else f"{len(keys)} usable signing keys"
    return ProbeStep("keys", "Keys", "ok", f"{count} ({kinds}).")


def _client(metadata: Metadata, *, has_secret: bool) -> ProbeStep:
    if not has_secret:
        words = "A public client: no secret is sent, PKCE protects the sign-in."
    elif metadata.sends_secret_in_body:
        words = "The client secret will be sent in the body (client_secret_post)."
    else:
        words = "The client secret will be sent in a header (client_secret_basic)."
    return ProbeStep(
        "client",
        "Client",
        "ok",
        f"{words} Client ID, secret and redirect URI can only be proven by signing in.",
    )
