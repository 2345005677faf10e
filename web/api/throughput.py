"""How much was uploaded and segmented lately."""

from flask import Blueprint

from shared.database.throughput import read_throughput
from shared.domain.throughput import Throughput
from web import access
from web.access import services
from web.api.dashboard_requests import ThroughputQuery
from web.api.exchange import exchange

blueprint = Blueprint("throughput", __name__)


@blueprint.get("/throughput")
@access.signed_in
@exchange(asks=ThroughputQuery, gives=Throughput)
def show_throughput(query: ThroughputQuery) -> Throughput:
    """Answer how much the account's own projects did in each step of a span, and before it."""
    with services().database.reading() as connection:
        return read_throughput(connection, access.current_account().id, query.span)
