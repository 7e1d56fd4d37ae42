"""The profile page."""

import pytest
from django.test import Client

from costinsights.accounts.models import User
from tests.accounts.people import sign_in
from tests.factories.accounts import PASSWORD


def test_the_name_is_changed(ada: User, browser: Client) -> None:
    sign_in(browser, ada)
    browser.post("/settings/profile/", {"name": " Ada <b>L</b> ", "role": "viewer", "email": "x"})
    ada.refresh_from_db()
    assert (ada.name, ada.role, ada.email) == ("Ada <b>L</b>", "owner", "ada@people.test")
    assert "Ada &lt;b&gt;L" in browser.get("/settings/profile/").content.decode()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"current": "wrong", "password": "x" * 14, "repeated": "x" * 14}, "not your current"),
        ({"current": PASSWORD, "password": "a" * 14, "repeated": "b" * 14}, "passwords differ"),
        ({"current": PASSWORD, "password": "short", "repeated": "short"}, "too short"),
        ({}, "required"),
    ],
)
def test_a_password_is_not_changed_by_a_wrong_form(
    ada: User, browser: Client, form: dict[str, str], words: str
) -> None:
    sign_in(browser, ada)
    answer = browser.post("/settings/profile/password/", form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)
