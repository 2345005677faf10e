"""What workers compute with, each description stored once."""

import json

from sqlalchemy import Connection, text

from shared.domain.provenance import Environment

_REMEMBER = text(
    """
INSERT INTO environments (digest, described) VALUES (:digest, CAST(:described AS jsonb))
ON CONFLICT DO NOTHING
"""
)


def remember(connection: Connection, environment: Environment) -> None:
    """Store what the digest stands for, unless it is known."""
    values = {"digest": environment.digest, "described": json.dumps(environment.described)}
    connection.execute(_REMEMBER, values)
