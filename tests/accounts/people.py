"""What people do in a browser."""

import re
from typing import Any

from django.test import Client

from costinsights.accounts.models import User
from tests.factories.accounts import PASSWORD


def sign_in(
    client: Client, user: User | str, password: str = PASSWORD, *, goes_to: str = "", **extra: Any
) -> Any:
    """Send the sign-in form. Returns the response, redirects not followed."""
    email = user if isinstance(user, str) else user.email
    form = {"email": email, "password": password}
    if goes_to:
        form["next"] = goes_to
    return client.post("/sign-in/", form, **extra)


def is_signed_in(client: Client) -> bool:
    """Whether a page for members opens."""
    answer = client.get("/settings/profile/")
    assert answer.status_code in (200, 302)
    return bool(answer.status_code == 200)


def without_csrf_token(body: bytes) -> str:
    """A page without the one value that differs on every request."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body.decode())
