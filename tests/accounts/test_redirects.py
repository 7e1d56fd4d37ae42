"""`next=` never leads off the host."""

import pytest
from django.test import Client

from costinsights.accounts.models import User
from costinsights.accounts.redirects import is_own_path
from tests.accounts.people import sign_in

OWN = [
    "/",
    "/settings/tokens/",
    "/?window=7d&aggregate=namespace",
    "/clusters/a%20b/",
    "/a//b",
    "/@x",
]
FOREIGN = [
    "",
    "settings/tokens/",
    "?next=/",
    "#x",
    "//evil.example",
    "///evil.example",
    "////evil.example/%2e%2e",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\x00/evil.example",
    "/\x1f/evil.example",
    "/\u2028/evil.example",
    "/\u00a0/evil.example",
    "http://evil.example",
    "https://evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "HTTPS://evil.example",
    "//acme.localhost@evil.example",
    "http://acme.localhost/",
    "http://acme.localhost@evil.example/",
    "http://globex.localhost/",
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "ftp://evil.example",
    "evil.example",
    "evil.example//",
    "@evil.example",
    ".evil.example",
    "%2f%2fevil.example",
    "%5c%5cevil.example",
    "\u2044\u2044evil.example",
    "\uff0f\uff0fevil.example",
    "//[::1]/",
    "//evil.example:80",
    "/\\/evil.example",
    "/\\\\evil.example",
    "x" * 5000,
]


@pytest.mark.parametrize("url", OWN)
def test_a_path_of_this_host_is_followed(ada: User, browser: Client, url: str) -> None:
    assert sign_in(browser, ada, goes_to=url)["Location"] == url


@pytest.mark.parametrize("url", FOREIGN)
def test_anything_else_leads_to_the_start_page(ada: User, browser: Client, url: str) -> None:
    assert not is_own_path(url)
    assert sign_in(browser, ada, goes_to=url)["Location"] == "/"
    assert browser.get("/sign-in/", {"next": url})["Location"] == "/"
