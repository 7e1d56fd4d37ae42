"""Against a provider that others wrote: what it sends is not what we made up."""

import re
import warnings
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from django.test import Client

from costinsights.accounts.models import IdentityProvider, User
from tests.accounts.people import is_signed_in

with warnings.catch_warnings(record=True):  # it uses a module that its library calls deprecated
    import oidc_provider_mock


@pytest.fixture
def issuer() -> Iterator[str]:
    person = oidc_provider_mock.User(
        sub="ada", claims={"email": "ada@people.test", "email_verified": True, "name": "Ada"}
    )
    with oidc_provider_mock.run_server_in_thread(user_claims=[person]) as server:
        yield f"http://127.0.0.1:{server.server_port}"


class _Stay(HTTPRedirectHandler):
    """Shows a redirect instead of following it."""

    def redirect_request(self, *_: object) -> None:
        return None


def agree(url: str) -> str:
    """Send the provider's own form as Ada; where it sends the browser."""
    body = urlencode({"sub": "ada"}).encode()
    with pytest.raises(HTTPError) as redirect:
        build_opener(_Stay).open(Request(url, body))  # noqa: S310  loopback
    redirect.value.close()
    return str(redirect.value.headers["Location"])


# The provider's own code, in its own thread, still uses what its libraries call deprecated.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_member_signs_in_through_a_provider_we_did_not_write(
    ada: User, browser: Client, issuer: str
) -> None:
    provider = IdentityProvider.objects.create(
        name="Mock", slug="mock", issuer=issuer, client_id="any"
    )
    provider.seal_client_secret("any")
    provider.save()
    away = browser.get("/sign-in/sso/mock/")["Location"]
    assert re.match(rf"{issuer}/oauth2/authorize\?", away)
    back = urlsplit(agree(away))
    answer = browser.get(f"{back.path}?{back.query}")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_signed_in(browser)
