"""Where things lie in a home."""

import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

from shared.domain.errors import ConfigurationError

LONGEST_SOCKET_PATH = 107  #: The kernel's limit; past it both servers refuse to start.
POSTGRESQL_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
# Other characters would need a different quoting in libpq, redis-py, kombu and the servers.
_PLAIN = re.compile(r"/[A-Za-z0-9._/+-]*")


def make_private_folder(folder: Path) -> Path:
    """Make *folder* for its owner alone, unless it is there; its parents are left as they are."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as refusal:
        raise ConfigurationError(
            f"cannot make the folder {folder} ({refusal.strerror}): "
            "set CELLTALLY_HOME to a folder that you may write"
        ) from refusal
    return folder


def run_folder(home: Path) -> Path:
    """Return the folder of what lives only as long as `celltally up`."""
    return home / "run"


def socket_folder(home: Path) -> Path:
    """Make and return the folder for the sockets: in the home, or a short one when it must be."""
    folder = run_folder(home)
    if _fits(folder):
        return make_private_folder(folder)
    name = f"celltally-{hash_of(home)}"
    short = next(folder / name for folder in _temporary_folders() if _fits(folder / name))
    make_private_folder(short)
    _refuse_foreign(short)
    return short


def _temporary_folders() -> tuple[Path, Path]:
    # TMPDIR may be as deep as the home itself; the standard folder is short everywhere.
    return Path(tempfile.gettempdir()), Path("/tmp")  # noqa: S108 - what lies in it is checked


def hash_of(home: Path) -> str:
    """Return a short name for *home* that no other home has."""
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:16]


def _fits(folder: Path) -> bool:
    path = folder / POSTGRESQL_SOCKET
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and bool(_PLAIN.fullmatch(str(path)))


def _refuse_foreign(folder: Path) -> None:
    """Anybody may make a folder in the temporary one, before we do."""
    found = folder.lstat()
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise ConfigurationError(
            f"{folder} belongs to somebody else or is open to others: "
            "remove it, or set CELLTALLY_HOME to a shorter path"
        )
