"""Secrets that we hand out; only their hashes are stored."""

import hashlib
import hmac
from secrets import token_urlsafe

#: By this a secret scanner, or a person, recognises a token that leaked.
TOKEN_PREFIX = "ctly_"  # noqa: S105 - not a secret, the mark of one
_BYTES = 32


def new_session_token() -> str:
    """Return a secret for the cookie of one login."""
    return token_urlsafe(_BYTES)


def new_api_token() -> str:
    """Return a secret for a script."""
    return TOKEN_PREFIX + token_urlsafe(_BYTES)


def hash_of(token: str) -> bytes:
    """Return the SHA-256 by which the token is found again.

    A plain hash suffices: nobody can guess 256 random bits, salted or not.
    """
    return hashlib.sha256(token.encode(errors="replace")).digest()


def csrf_token(session_token: str, signing_key: str) -> str:
    """Return what a page of this login must send along with each write."""
    message = b"csrf:" + session_token.encode(errors="replace")
    return hmac.new(signing_key.encode(), message, hashlib.sha256).hexdigest()


def is_csrf_token(given: str, session_token: str, signing_key: str) -> bool:
    """Tell, in a time that betrays nothing, whether *given* is the login's CSRF token."""
    expected = csrf_token(session_token, signing_key)
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
