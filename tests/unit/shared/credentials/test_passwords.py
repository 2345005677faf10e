"""Which passwords are taken, and how they are kept."""

import pytest

from shared.credentials.passwords import (
    NOBODY,
    check_strength,
    hash_password,
    is_outdated,
    is_password,
)
from shared.domain.errors import InvalidInputError


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "x" * 1025,
        "password",
        "Password1!",
        "P@ssw0rd",
        "12345678",
        "87654321",
        "12031985",
        "qwertyuiop",
        "1q2w3e4r",
        "aaaaaaaa",
        "abcabcab",
        "iloveyou2",
        "passwordpassword",
        "celltally1",
        "        ",
    ],
)
def test_what_is_tried_first_is_refused(password):
    with pytest.raises(InvalidInputError):
        check_strength(password)


@pytest.mark.parametrize("password", ["mira", "mira.novak", "mira.novak@lab.example"])
def test_the_address_is_no_password(password):
    with pytest.raises(InvalidInputError):
        check_strength(password, email="Mira.Novak@lab.example")


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "Tr0ub4dor&3", "xK9#mP2$", "8301947562018375", "žluťoučký"],
)
def test_others_are_taken(password):
    check_strength(password, email="mira@lab.example")


def test_only_the_password_fits_its_hash():
    kept = hash_password("spheroids at dawn")

    assert kept.startswith("$argon2id$")
    assert is_password("spheroids at dawn", kept)
    assert not is_password("spheroids at dusk", kept)


@pytest.mark.parametrize("kept", [None, "", "nonsense"])
def test_without_a_hash_no_password_fits(kept):
    assert not is_password("nobody has this password", kept)


def test_to_look_for_nobody_costs_as_much_as_to_look_for_somebody():
    assert not is_outdated(NOBODY)
