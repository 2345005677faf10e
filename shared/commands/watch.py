"""`celltally watch`: a project's events from the terminal, one JSON line each."""

import json
import os
import sys

import click

from shared.client.following import follow
from shared.client.rest import RestClient
from shared.client.socket import SocketClosedError
from shared.commands.account import TOKEN, address_here, how_to_make_one, token_of_environment
from shared.domain.errors import CelltallyError, NotSignedInError, UnavailableError

_INTERRUPTED = 130  # As a shell counts Ctrl-C.
_TOO_MANY_SOCKETS = 4409


@click.command()
@click.argument("project")
@click.option("--url", help="The address of celltally; otherwise the one running here.")
@click.option("--poll", is_flag=True, help="Ask for the counts while there is no live connection.")
def watch(project: str, url: str | None, *, poll: bool) -> None:
    """Print the events of PROJECT, its id or exact title, live; Ctrl-C ends it.

    Speaks as the account whose token is in CELLTALLY_TOKEN. Interruptions are said on stderr and
    bridged: each event comes once, and what cannot be replayed is fetched and said to be
    (`refetched`). docs/events.md has the events field by field.
    """
    try:
        _print_events(project, url or address_here(), poll=poll)
    except KeyboardInterrupt:
        raise click.exceptions.Exit(_INTERRUPTED) from None
    except BrokenPipeError:  # Whoever reads has read enough; nothing may be flushed at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_events(project: str, address: str, *, poll: bool) -> None:
    with RestClient(address, token=token_of_environment(purpose="watch")) as rest:
        try:
            project_id = rest.project(project)["id"]
            for event in follow(rest, project_id, poll=poll, tell=_tell):
                click.echo(json.dumps(event, separators=(",", ":"), ensure_ascii=False))
        except NotSignedInError as refusal:
            raise _with_remedy(refusal, f"{address} does not know the token in {TOKEN}: ") from None
        except SocketClosedError as closed:
            if closed.close_code != _TOO_MANY_SOCKETS:
                raise
            raise UnavailableError(
                f"{closed.detail}: close a page or another `celltally watch` of this account"
            ) from None


def _with_remedy(refusal: CelltallyError, words: str) -> CelltallyError:
    return type(refusal)(words + how_to_make_one("watch"), code=refusal.code)


def _tell(sentence: str) -> None:
    click.echo(f"watch: {sentence}", err=True)
