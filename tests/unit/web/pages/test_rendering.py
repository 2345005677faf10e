import pytest

from web.pages.rendering import initials


@pytest.mark.parametrize(
    ("name", "letters"), [("Mira Kovač", "MK"), ("Ana Maria de la Cruz", "AM"), ("jo", "J")]
)
def test_initials_are_of_the_first_two_words(name, letters):
    assert initials(name) == letters
