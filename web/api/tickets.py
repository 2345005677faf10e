"""Tickets for the live channel."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Blueprint, request

from shared.config import Settings
from shared.database.accounts import SignedIn
from shared.messaging.ports import TicketHolder
from shared.messaging.tickets import TICKET_SECONDS
from web import access
from web.access import services
from web.api.account_schemas import TicketAnswer
from web.api.exchange import exchange

blueprint = Blueprint("tickets", __name__)

PATH = "/ws"

#: A token may have no end; its sockets come back for another ticket after this.
TOKEN_SOCKET = timedelta(hours=12)


@blueprint.post("/realtime/ticket")
@access.only_reads
@access.signed_in
@exchange(gives=TicketAnswer)
def open_ticket() -> TicketAnswer:
    """Hand out a ticket for one socket; 503 while Redis is away."""
    visitor = access.current_visitor()
    holder = TicketHolder(
        user_id=visitor.account.id,
        session_id=str(visitor.credential_id),
        expires_at=_end_of(visitor),
    )
    ticket = services().tickets.issue(holder)
    url = relay_address(services().settings, host=request.host, secure=request.is_secure)
    return TicketAnswer(ticket=ticket, url=url, expires_in=TICKET_SECONDS)


def _end_of(visitor: SignedIn) -> datetime:
    """Return when a socket of this login or token has to show another ticket."""
    soon = datetime.now(UTC) + TOKEN_SOCKET
    if visitor.expires_at is None:
        return soon
    return visitor.expires_at if visitor.token_scope is None else min(visitor.expires_at, soon)


def relay_address(settings: Settings, *, host: str, secure: bool) -> str:
    """Return where the relay is for a page that was asked on *host*.

    Behind TLS it is at the same address as the pages: the proxy that ends the TLS passes
    `/ws` on, for the relay's own port speaks none.
    """
    if settings.relay_url is not None:
        given = settings.relay_url.rstrip("/")
        return given if urlsplit(given).path else given + PATH
    if secure or settings.web_address.startswith("https://"):
        return f"wss://{host}{PATH}"
    return f"ws://{_without_port(host)}:{settings.relay_port}{PATH}"


def _without_port(host: str) -> str:
    if host.startswith("["):  # An IPv6 address; its own colons part no port.
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
