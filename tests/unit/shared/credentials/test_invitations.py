"""Tokens of invitations: signed, not stored (A2)."""

from uuid import uuid4

import pytest

from shared.credentials.invitations import invitation_token, share_of_token

KEY = "a key that only tests have"


def test_a_token_names_its_share_and_is_the_same_each_time() -> None:
    share = uuid4()

    token = invitation_token(share, KEY)

    assert share_of_token(token, KEY) == share
    assert invitation_token(share, KEY) == token


def test_another_key_makes_it_worthless() -> None:
    assert share_of_token(invitation_token(uuid4(), KEY), "another key") is None


def test_no_letter_of_it_may_be_another() -> None:
    token = invitation_token(uuid4(), KEY)

    for place, letter in enumerate(token):
        forged = token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
        assert share_of_token(forged, KEY) is None


@pytest.mark.parametrize("token", ["", "A", "A" * 63, "A" * 65, "é" * 64, "=" * 64, "!" * 64])
def test_what_is_no_token_admits_to_nothing(token: str) -> None:
    assert share_of_token(token, KEY) is None
