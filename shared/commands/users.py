"""`celltally user`."""

import sys
from secrets import token_urlsafe

import click

from shared.actions.accounts import promote, register
from shared.commands.opening import opened_database
from shared.database import accounts
from shared.database.engine import Database
from shared.domain.errors import ConflictError

_PASSWORD_BYTES = 12


@click.group()
def user() -> None:
    """Manage accounts."""


@user.command()
@click.argument("email")
@click.option("--name", help="The person's name; else what stands before the @.")
@click.option("--admin", is_flag=True, help="Make it an administrator's; also one that is there.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, name: str | None, *, admin: bool, password_stdin: bool) -> None:
    """Make an account and print its password, unless you gave one."""
    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    password = token_urlsafe(_PASSWORD_BYTES) if given is None else given
    with opened_database() as database:
        try:
            made = register(
                database,
                email=email,
                name=name or email.partition("@")[0],
                password=password,
                is_admin=admin,
            )
        except ConflictError:
            if not admin:
                raise
            _promote(database, email)
            return
    click.echo(f"made {made.email}{', an administrator' if admin else ''}")
    if given is None:
        click.echo(f"password {password}")


def _promote(database: Database, email: str) -> None:
    with database.reading() as connection:
        found = accounts.by_email(connection, email.strip())
    if found is not None:
        database.transact(lambda tx: promote(tx, found[0].id))
        click.echo(f"{found[0].email} is an administrator now")
