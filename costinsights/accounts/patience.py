"""How often one address may ask for something that costs others: a fixed number in a fixed time, per tenant."""

from django.core.cache import cache


def asks_too_often(kind: str, who: str | None, *, most: int, seconds: int) -> bool:
    """Count one more and say whether it is past `most` in this stretch of `seconds`.

    Counters lie in the default cache, whose keys carry the tenant. Somebody without an address counts as one.
    """
    key = f"patience:{kind}:{who or 'nobody'}"
    cache.add(key, 0, timeout=seconds)
    try:
        return cache.incr(key) > most
    except ValueError:  # it ran out between the two
        cache.set(key, 1, timeout=seconds)
        return False
