"""A small OpenID provider on loopback that can also lie: every part of its answers can be replaced.

It speaks real HTTP, checks client, redirect URI, code and PKCE as a provider must, and shows a page with a button
to a browser. `faults` names what it does wrong.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

Claims = dict[str, Any]
CLIENT_ID = "cost-insights"
CLIENT_SECRET = "s3cret: ü+%"
PATHS = {
    "authorization_endpoint": "/authorize",
    "token_endpoint": "/token",
    "jwks_uri": "/keys",
    "userinfo_endpoint": "/userinfo",
}
# Making RSA keys takes a while: these are made once for all tests.
RSA_KEY = RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"})
OTHER_RSA_KEY = RSAKey.generate_key(2048, {"kid": "rsa-2", "use": "sig"})
EC_KEY = ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"})


def encode(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unsigned(claims: Claims, header: Claims) -> str:
    """A token with alg none and an empty signature."""
    return f"{encode(header)}.{encode(claims)}."


def signed_by_hmac(claims: Claims, header: Claims, key: bytes) -> str:
    """A token with alg HS256; made by hand, because the library refuses a public key for it."""
    start = f"{encode({**header, 'alg': 'HS256'})}.{encode(claims)}"
    return f"{start}.{encode(hmac.digest(key, start.encode(), 'sha256'))}"


@dataclass
class Grant:
    """A code that was given out and what it is good for."""

    parameters: dict[str, str]
    claims: Claims
    used: bool = False


@dataclass
class OpenIdProvider:
    """`with OpenIdProvider() as provider:`; then change its attributes to make it lie."""

    person: Claims = field(
        default_factory=lambda: {
            "sub": "subject-1",
            "email": "ada@people.test",
            "email_verified": True,
            "name": "Ada",
        }
    )
    key: RSAKey | ECKey = field(default_factory=lambda: RSA_KEY)
    algorithm: str = "RS256"
    published: list[Any] = field(default_factory=lambda: [RSA_KEY])
    secret: str | None = CLIENT_SECRET
    metadata: Claims = field(default_factory=dict)  # replaces members; None takes one out
    token_header: Claims = field(default_factory=dict)
    token_claims: Claims = field(default_factory=dict)  # replaces claims; None takes one out
    userinfo: Claims = field(default_factory=dict)
    userinfo_claims: tuple[str, ...] = ()  # told there instead of in the token
    make_token: Callable[[Claims, Claims], str] | None = None
    answer: Callable[[Claims], object] | None = None  # replaces the token endpoint's answer
    adds_to_callback: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)  # path -> raw answer instead
    statuses: dict[str, int] = field(default_factory=dict)
    _grants: dict[str, Grant] = field(default_factory=dict)

    def __enter__(self) -> Self:
        provider: OpenIdProvider = self

        class Handler(_Handler):
            openid = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def asked_for(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(1 for _, asked in self.requests if asked == path)

    # What a browser does at the provider, without one.

    def authorize(self, url: str) -> str:
        """Follow our redirect as somebody who agrees; the address the provider sends the browser to."""
        asked = urlsplit(url)
        assert asked.path == "/authorize", url
        parameters = {name: values[-1] for name, values in parse_qs(asked.query).items()}
        code = f"code-{len(self._grants)}-{hashlib.sha256(url.encode()).hexdigest()[:12]}"
        self._grants[code] = Grant(parameters, dict(self.person))
        sent = {"code": code, "state": parameters["state"], **self.adds_to_callback}
        return f"{parameters['redirect_uri']}?{urlencode(sent)}"

    # The endpoints.

    def discovery(self) -> Claims:
        found: Claims = {
            "issuer": self.issuer,
            **{name: self.issuer + path for name, path in PATHS.items()},
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        }
        return _replaced(found, self.metadata)

    def keys(self) -> Claims:
        return {
            "keys": [
                key if isinstance(key, dict) else key.as_dict(private=False)
                for key in self.published
            ]
        }

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, object]:
        client, secret = _credentials(form, authorization)
        grant = self._grants.get(form.get("code", ""))
        if client != CLIENT_ID or (self.secret is not None and secret != self.secret):
            return 401, {"error": "invalid_client"}
        if grant is None or grant.used or not _matches(grant, form):
            return 400, {"error": "invalid_grant"}
        grant.used = True
        answer = {
            "access_token": f"access-{form['code']}",
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.id_token(grant),
        }
        return 200, self.answer(answer) if self.answer else answer

    def id_token(self, grant: Grant) -> str:
        now = int(time.time())
        told = {k: v for k, v in grant.claims.items() if k not in self.userinfo_claims}
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": grant.parameters.get("nonce"),
            **told,
        }
        claims = _replaced(claims, self.token_claims)
        header = {"alg": self.algorithm, "typ": "JWT", "kid": self.key.as_dict().get("kid")}
        header = _replaced(header, self.token_header)
        if self.make_token:
            return self.make_token(claims, header)
        return self.sign(claims, header)

    def sign(self, claims: Claims, header: Claims, key: Any = None) -> str:
        """A token with exactly this header, whatever it says, signed with our key or another."""
        algorithm = header["alg"]
        registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        payload = json.dumps(claims).encode()
        return jws.serialize_compact(header, payload, key or self.key, [algorithm], registry)

    def person_info(self) -> Claims:
        told = {k: v for k, v in self.person.items() if k in ("sub", *self.userinfo_claims)}
        return {**told, **self.userinfo}


class _Handler(BaseHTTPRequestHandler):
    openid: OpenIdProvider

    def do_GET(self) -> None:
        path = self._noted()
        if path == "/authorize":
            self._page()
        elif path == "/agree":
            self._agree()
        elif path == "/userinfo" and not self.headers.get("Authorization", "").startswith(
            "Bearer "
        ):
            self._json(401, {"error": "invalid_token"})
        elif answer := {
            "/.well-known/openid-configuration": self.openid.discovery,
            "/keys": self.openid.keys,
            "/userinfo": self.openid.person_info,
        }.get(path):
            self._json(200, answer())
        else:
            self._json(404, {})

    def do_POST(self) -> None:
        path = self._noted()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[-1] for name, values in parse_qs(body).items()}
        if path != "/token":
            self._json(404, {})
            return
        self._json(*self.openid.redeem(form, self.headers.get("Authorization", "")))

    def _noted(self) -> str:
        path = urlsplit(self.path).path
        self.openid.requests.append((self.command, path))
        return path

    def _page(self) -> None:
        query = urlsplit(self.path).query.replace("&", "&amp;")
        self._send(
            200,
            "text/html",
            f'<title>Provider</title><h1>Provider</h1><a href="/agree?{query}">Continue as Ada</a>'.encode(),
        )

    def _agree(self) -> None:
        query = urlsplit(self.path).query
        self.send_response(302)
        self.send_header("Location", self.openid.authorize(f"/authorize?{query}"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _json(self, status: int, document: object) -> None:
        path = urlsplit(self.path).path
        status = self.openid.statuses.get(path, status)
        body = self.openid.bodies.get(path)
        if 300 <= status < 400:
            self.send_response(status)
            self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()
            return
        self._send(
            status, "application/json", body if body is not None else json.dumps(document).encode()
        )

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def _replaced(members: Claims, changes: Claims) -> Claims:
    merged = {**members, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _credentials(form: dict[str, str], authorization: str) -> tuple[str, str]:
    if authorization.startswith("Basic "):
        client, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
        return unquote_plus(client), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _matches(grant: Grant, form: dict[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return (
        form.get("redirect_uri") == grant.parameters["redirect_uri"]
        and grant.parameters["code_challenge_method"] == "S256"
        and encode(digest) == grant.parameters["code_challenge"]
    )
