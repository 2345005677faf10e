"""What made a result, and the digest of all that decides it."""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Environment:
    """What a process computes with: `described` holds versions, and nothing of the machine's name.

    Two processes with the same description make the same result of the same picture.
    """

    described: dict[str, Any] = field(hash=False)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the description."""
        return digest_of(self.described)


@dataclass(frozen=True, slots=True)
class Making:
    """What a run's result was really made with, once its engine is there to be asked."""

    engine_version: str
    params: dict[str, Any] = field(hash=False)  #: With every default filled in.
    weights_sha256: str | None = None
    recipe: str | None = None  #: None: the engine may give another result each time.
    taken_from: UUID | None = None  #: The run whose result was copied.


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a JSON value, whatever the order of its keys."""
    written = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()
