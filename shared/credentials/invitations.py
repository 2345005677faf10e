"""Tokens of invitations: the share's id, signed. Nothing that opens a share is stored.

The owner is shown the same token whenever they look, and a copy of the database lets nobody
in. With another secret key all open invitations are worthless; who is in stays in.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64Error
from hashlib import sha256
from uuid import UUID

_ID_BYTES = 16
_LETTERS = 64  #: Of a token: 16 bytes of id and 32 of signature.


def invitation_token(share_id: UUID, signing_key: str) -> str:
    """Return the token that admits to the share."""
    return urlsafe_b64encode(share_id.bytes + _signature(share_id, signing_key)).decode()


def share_of_token(token: str, signing_key: str) -> UUID | None:
    """Return which share the token admits to; None when we never made it."""
    if len(token) != _LETTERS or not token.isascii():
        return None
    try:
        written = urlsafe_b64decode(token)
    except NotBase64Error:
        return None
    if len(written) <= _ID_BYTES:
        return None
    share_id = UUID(bytes=written[:_ID_BYTES])
    genuine = hmac.compare_digest(written[_ID_BYTES:], _signature(share_id, signing_key))
    return share_id if genuine else None


def _signature(share_id: UUID, signing_key: str) -> bytes:
    return hmac.new(signing_key.encode(), b"share:" + share_id.bytes, sha256).digest()
