"""Passwords that everybody tries first, and their usual disguises."""

from functools import cache
from importlib.resources import files

#: Walks over a keyboard or an alphabet, in both directions; any part of one is well known.
_WALKS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]",
    "qwertzuiopü",
    "azertyuiop",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "yxcvbnm,.-",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qweasdzxc",
    "!@#$%^&*()",
    "147258369",
    "741852963",
    "159357",
    "789456123",
)

#: Words that people make passwords of by adding digits, a capital or an exclamation mark.
_WORDS = frozenset(files(__package__).joinpath("well_known_passwords.txt").read_text().split())

_UNDISGUISED = str.maketrans("@4310$57!8", "aaeiosstib")
_AROUND = "0123456789 !@#$%^&*()_+-=.,;:?/\\'\"~`<>[]{}|"
_LONGEST_PERIOD = 4  #: `abababab` and `xyz1xyz1` are no more than their period.
_LONGEST_NUMBER = 10


def is_well_known(password: str) -> bool:
    """Tell whether the password is a well-known one, plainly or thinly disguised."""
    plain = "".join(password.lower().split())
    if _is_a_date(plain) or _repeats(plain):
        return True
    forms = {plain, plain.strip(_AROUND)}
    forms |= {form.translate(_UNDISGUISED) for form in forms}
    forms |= {form.strip(_AROUND) for form in forms}
    return any(_is_known(form) for form in forms - {""})


def _is_known(form: str) -> bool:
    half = form[: len(form) // 2]
    if form in _WORDS or (form == half * 2 and half in _WORDS):
        return True
    return any(form in walk for walk in _walks())


def _is_a_date(plain: str) -> bool:
    """Tell whether it may be a date or a telephone number."""
    return plain.isdigit() and len(plain) <= _LONGEST_NUMBER


def _repeats(plain: str) -> bool:
    """Tell whether a short piece, over and over, makes the whole."""
    return any(
        plain == (plain[:period] * len(plain))[: len(plain)]
        for period in range(1, _LONGEST_PERIOD + 1)
    )


@cache
def _walks() -> tuple[str, ...]:
    return tuple(form for walk in _WALKS for form in (walk, walk[::-1]))
