"""`celltally token`."""

from datetime import UTC, datetime, timedelta

import click

from shared.actions.accounts import create_token
from shared.commands.opening import opened_database
from shared.database import accounts
from shared.database.accounts import NewToken
from shared.domain.accounts import TokenScope
from shared.domain.errors import NotFoundError


@click.group()
def token() -> None:
    """Manage the tokens of scripts."""


@token.command()
@click.argument("email")
@click.option("--name", required=True, help="What the token is for, such as microscope-2.")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in TokenScope]),
    default=TokenScope.ALL.value,
    show_default=True,
    help="read: look, download, watch. write: also change projects. all: the account too.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="How long it holds; else without end.")
def create(email: str, name: str, scope: str, days: int | None) -> None:
    """Make a token for the account and print it, this once."""
    with opened_database() as database:
        with database.reading() as connection:
            found = accounts.by_email(connection, email.strip())
        if found is None:
            raise NotFoundError(f"{email} has no account: `celltally user add {email}` makes one")
        account, _ = found
        end = None if days is None else datetime.now(UTC) + timedelta(days=days)
        wanted = NewToken(name, TokenScope(scope), end)
        made = database.transact(lambda tx: create_token(tx, account.id, wanted))
    click.echo(made.token)
