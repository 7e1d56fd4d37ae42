"""The text of an API token says what it is and shows when it was copied wrongly."""

import string

from hypothesis import given
from hypothesis import strategies as st

from costinsights.accounts import tokens

ALPHABET = string.ascii_letters + string.digits + "_-=+/ ."


def test_a_new_token_has_the_published_shape() -> None:
    prefix, key_id, secret, checksum = tokens.generate().text.split("_")
    assert (prefix, len(key_id), len(secret), len(checksum)) == ("ci", 12, 43, 8)
    assert set(key_id) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert secret.isalnum()


def test_what_is_generated_is_parsed_back() -> None:
    made = [tokens.generate() for _ in range(200)]
    assert [tokens.parse(token.text) for token in made] == made
    assert len({token.key_id for token in made} | {token.secret for token in made}) == 400


def test_the_secret_is_in_no_representation() -> None:
    token = tokens.generate()
    assert token.secret not in repr(token)


@given(st.integers(0, 67), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(position: int, character: str) -> None:
    text = tokens.TokenParts("a" * 12, "B" * 43).text
    spoiled = text[:position] + character + text[position + 1 :]
    assert spoiled == text or tokens.parse(spoiled) is None


@given(st.integers(0, 66))
def test_two_swapped_neighbours_are_noticed(position: int) -> None:
    text = tokens.TokenParts("abcdefgh2345", "Zz0123456789" * 3 + "AbCdEfG").text
    swapped = text[:position] + text[position + 1] + text[position] + text[position + 2 :]
    assert swapped == text or tokens.parse(swapped) is None


@given(st.text())
def test_any_text_is_parsed_or_refused_without_an_error(text: str) -> None:
    assert tokens.parse(text) is None


def test_digits_of_other_scripts_are_no_digits() -> None:
    text = tokens.TokenParts("a" * 12, "0" * 43).text
    assert tokens.parse(text.replace("0", "\u0660")) is None
