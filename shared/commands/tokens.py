"""`celltally token`."""

import click

from shared.actions.accounts import create_token
from shared.commands.opening import opened_database
from shared.database import accounts
from shared.domain.errors import NotFoundError


@click.group()
def token() -> None:
    """Manage the tokens of scripts."""


@token.command()
@click.argument("email")
@click.option("--name", required=True, help="What the token is for, such as microscope-2.")
def create(email: str, name: str) -> None:
    """Make a token for the account and print it, this once."""
    with opened_database() as database:
        with database.reading() as connection:
            found = accounts.by_email(connection, email.strip())
        if found is None:
            raise NotFoundError(f"{email} has no account: `celltally user add {email}` makes one")
        account, _ = found
        made = database.transact(lambda tx: create_token(tx, account.id, name=name))
    click.echo(made.token)
