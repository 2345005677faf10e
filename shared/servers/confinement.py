"""How PostgreSQL, which refuses to be root, runs when we are root.

First choice is a user namespace, in which root's own files belong to a plain user: home and
virtual environment may then lie where no plain user can enter, and no mode is changed. Where
the system refuses namespaces (most containers do), the programs and the data lie in a folder
of the system that belongs to a plain account, and the home holds a link to the data.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from shared.domain.errors import ConfigurationError
from shared.servers.binaries import postgresql_wheel, postgresql_wheel_version, programs_in
from shared.servers.places import hash_of, make_private_folder, socket_folder
from shared.supervision.spawning import Account

SYSTEM_FOLDER = Path("/var/lib/celltally")
ACCOUNT_NAME = "celltally"
_INSIDE_UID = 1000  # The user that root appears to be inside the namespace.


@dataclass(frozen=True, slots=True)
class Confinement:
    """Where PostgreSQL's programs, data and socket lie, and as whom it runs."""

    programs: Path
    data: Path
    sockets: Path
    prefix: tuple[str, ...] = ()
    account: Account | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return the command line that runs *program* confined."""
        return [*self.prefix, str(self.programs / program), *arguments]

    def give(self, path: Path) -> None:
        """Let PostgreSQL own *path*."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)


def confinement_of(home: Path) -> Confinement:
    """Return the first way to run PostgreSQL on *home* that this system allows."""
    if os.geteuid() != 0:
        return as_ourselves(home)
    linked = (home / "postgresql").is_symlink()  # Its files belong to the plain account already.
    if not linked and namespace_works(home):
        return in_namespace(home)
    return as_plain_account(home)


def as_ourselves(home: Path) -> Confinement:
    """Run as the user we are."""
    return Confinement(
        programs=programs_in(postgresql_wheel()),
        data=home / "postgresql",
        sockets=socket_folder(home),
    )


def in_namespace(home: Path) -> Confinement:
    """Run as root who appears to be a plain user."""
    return Confinement(
        programs=programs_in(postgresql_wheel()),
        data=home / "postgresql",
        sockets=socket_folder(home),
        prefix=_namespace_prefix(),
    )


def namespace_works(home: Path) -> bool:
    """Tell whether inside a namespace the program runs and the home can be written."""
    program = programs_in(postgresql_wheel()) / "postgres"
    script = 'test -w "$0" && exec "$1" --version'
    try:
        tried = subprocess.run(
            [*_namespace_prefix(), "sh", "-c", script, str(home), str(program)],
            check=False,
            capture_output=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def as_plain_account(
    home: Path, *, system_folder: Path = SYSTEM_FOLDER, account: Account | None = None
) -> Confinement:
    """Run as a plain account, ours if none is given, on copies that it can reach."""
    account = account or _plain_account()
    system_folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    state = make_private_folder(system_folder / hash_of(home))
    os.chown(state, account.uid, account.gid)
    sockets = make_private_folder(state / "run")
    os.chown(sockets, account.uid, account.gid)
    _move_and_link(home / "postgresql", state / "postgresql", account)
    return Confinement(
        programs=programs_in(_copied_wheel(state, account)),
        data=state / "postgresql",
        sockets=sockets,
        account=account,
    )


def _namespace_prefix() -> tuple[str, ...]:
    # initdb asks for the name of its user, so the number must be that of a known one.
    known = {entry.pw_uid for entry in pwd.getpwall()} - {0}
    inside = _INSIDE_UID if _INSIDE_UID in known or not known else max(known)
    return ("unshare", "--user", f"--map-user={inside}", f"--map-group={inside}", "--")


def _plain_account() -> Account:
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        _add_account()
        entry = pwd.getpwnam(ACCOUNT_NAME)
    return Account(entry.pw_uid, entry.pw_gid)


def _add_account() -> None:
    command = ["useradd", "--system", "--user-group", "--no-create-home"]
    command += ["--shell", "/usr/sbin/nologin", ACCOUNT_NAME]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as refusal:
        raise ConfigurationError(
            "PostgreSQL refuses to run as root, this system refuses user namespaces, and adding "
            f"the account {ACCOUNT_NAME} failed ({refusal}): start celltally as a plain user, "
            "or set CELLTALLY_DATABASE_URL and CELLTALLY_REDIS_URL"
        ) from refusal


def _copied_wheel(state: Path, account: Account) -> Path:
    """Copy the programs once per version; they find their libraries beside them."""
    wheel = postgresql_wheel()
    copies = state / f"programs-{postgresql_wheel_version()}"
    if not copies.exists():
        new = state / "programs.new"
        shutil.rmtree(new, ignore_errors=True)
        for folder in (wheel, wheel.with_name(f"{wheel.name}.libs")):
            shutil.copytree(folder, new / folder.name)
        _give_tree(new, account)
        new.replace(copies)
    return copies / wheel.name


def _move_and_link(place: Path, data: Path, account: Account) -> None:
    if place.is_dir() and not place.is_symlink():  # Made when namespaces were still allowed.
        shutil.move(place, data)
        _give_tree(data, account)
    if not place.is_symlink():
        place.symlink_to(data)


def _give_tree(top: Path, account: Account) -> None:
    os.chown(top, account.uid, account.gid)
    for path in top.rglob("*"):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
