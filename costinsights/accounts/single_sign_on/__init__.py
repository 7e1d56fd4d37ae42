"""Signing in through the workspace's own identity provider: OpenID Connect, authorization code with PKCE.

`discovery` and `keys` know the provider, `attempts` remembers who left for it, `tokens` checks what comes back,
`members` decides who that is here. Nothing in them trusts the provider further than the workspace's owner did.
"""
