"""Passwords: which ones we take, and how they are kept (argon2id)."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.credentials.well_known import is_well_known
from shared.domain.errors import InvalidInputError

SHORTEST = 8
LONGEST = 1024  #: Hashing takes time in proportion to the length.

_hasher = PasswordHasher()

#: Checked when an address has no account, so that both answers take the same time. Of a password
#: that nobody kept; made once, or every process would begin with 0.1 s of hashing.
NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$obz0m89SOZzX/WweXjN5Gg"
    "$xGIWSU5ufNl8RAXOnFuo/vdFCqIaAYtExLl3+vANUSU"
)


def check_strength(password: str, *, email: str = "") -> None:
    """Refuse a password that would be among the first to be tried."""
    if problem := _weakness(password, email):
        raise InvalidInputError(
            problem,
            code="weak_password",
            errors=[{"field": "password", "detail": problem}],
        )


def hash_password(password: str) -> str:
    """Return the argon2id hash, its salt and cost included."""
    return _hasher.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Tell whether it is the password of the hash; without a hash, take as long and say no."""
    try:
        _hasher.verify(NOBODY if password_hash is None else password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Tell whether the hash was made with less cost than we ask for today."""
    return _hasher.check_needs_rehash(password_hash)


def _weakness(password: str, email: str) -> str | None:
    if len(password) < SHORTEST:
        return f"The password is too short. Use {SHORTEST} characters or more."
    if len(password) > LONGEST:
        return f"The password is too long. Use at most {LONGEST} characters."
    if is_well_known(password):
        return "Many people use this password, so it is tried first. Choose another one."
    if email and password.lower() in {email.lower(), email.partition("@")[0].lower()}:
        return "The password is the e-mail address. Choose another one."
    return None
