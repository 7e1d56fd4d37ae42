"""The keys a provider signs with. Only public RSA and elliptic-curve keys are ever used."""

from typing import Any

from django.core.cache import cache
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from costinsights.accounts.models import IdentityProvider
from costinsights.accounts.single_sign_on.discovery import KEPT_SECONDS, Metadata, cache_key
from costinsights.accounts.single_sign_on.errors import ProviderUnusable
from costinsights.accounts.single_sign_on.outbound import ProviderLine

PublicKey = RSAKey | ECKey
SMALLEST_RSA_BITS = 2048
MOST_KEYS = 100
_KINDS: dict[str, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey}


def find_key(
    provider: IdentityProvider, metadata: Metadata, line: ProviderLine, *, kid: str | None, kty: str
) -> PublicKey | None:
    """The provider's key of this id and kind; None when it has none.

    Providers rotate keys: an id we have not seen is looked for once more in a fresh set. A token without an
    id is only good for a provider with a single key of that kind.
    """
    kept = cache.get(cache_key("keys", provider))
    if isinstance(kept, list) and (found := _pick(usable_keys(kept), kid, kty)):
        return found
    fresh = fetch_keys(metadata, line)
    cache.set(cache_key("keys", provider), fresh, timeout=KEPT_SECONDS)
    return _pick(usable_keys(fresh), kid, kty)


def fetch_keys(metadata: Metadata, line: ProviderLine) -> list[dict[str, Any]]:
    """The provider's key set as it is now. Raises ProviderUnusable."""
    keys = line.get_json(metadata.jwks_uri, what="keys").get("keys")
    if not isinstance(keys, list):
        raise ProviderUnusable("The provider's key set holds no keys.", reason="keys_failed")
    return [key for key in keys[:MOST_KEYS] if isinstance(key, dict)]


def usable_keys(documents: list[dict[str, Any]]) -> list[PublicKey]:
    """Those that may verify a signature. One broken or foreign key never spoils the others."""
    keys = []
    for document in documents:
        kind = _KINDS.get(str(document.get("kty")))
        if kind is None or document.get("use", "sig") != "sig" or _is_short(document):
            continue
        try:
            key = kind.import_key(document)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey) and key.public_key.key_size < SMALLEST_RSA_BITS:
            continue
        keys.append(key)
    return keys


def _is_short(document: dict[str, Any]) -> bool:
    """Whether an RSA key's modulus is too small to be believed; told before the library reads it."""
    modulus = document.get("n")
    return isinstance(modulus, str) and len(modulus.rstrip("=")) * 6 < SMALLEST_RSA_BITS


def _pick(keys: list[PublicKey], kid: str | None, kty: str) -> PublicKey | None:
    candidates = [key for key in keys if key.key_type == kty]
    if kid is None:
        return candidates[0] if len(candidates) == 1 else None
    return next((key for key in candidates if key.kid == kid), None)
