"""`live.revoke_p99`: from the commit that ends a share to the guest's socket that is told so.

Real are PostgreSQL, the outbox and its publisher in the stats process, Valkey and the relay with
its database. Each time another guest watches another project. Without a peer; beside it the goal
(R8).
"""

import os
import time
from collections.abc import Iterator
from uuid import UUID

from bench.measurement import Measurement
from bench.processes import stats_worker
from bench.relay_live import live_relay, ticket_for
from bench.rounds import Scale
from bench.rows import insert_project
from bench.servers import Bench, bench_servers
from shared.actions.shares import revoke_share
from shared.client.socket import PROTOCOL, RelaySocket
from shared.database import shares
from shared.database.shares import Offer
from shared.database.transaction import Transaction
from shared.domain.accounts import Role
from shared.domain.channels import Channel, ChannelKind

NAMES = ("live.revoke_p99",)

_REVOKES, _GOAL = 100, 1000.0


def run(scale: Scale) -> Iterator[Measurement]:
    """End shares one after the other."""
    with bench_servers() as bench:
        os.environ.update(bench.settings())  # Read by celeryconfig.
        os.environ["CELLTALLY_RATE_LIMITS"] = "off"  # All guests knock from one address.
        with live_relay(bench) as port, stats_worker(bench):
            _revoked(bench, port)  # Opens connections on the whole way.
            ages = sorted(_revoked(bench, port) for _ in range(scale.of(_REVOKES)))
    yield Measurement(NAMES[0], 1000 * ages[int(0.99 * len(ages))], "ms", "the goal", _GOAL)


def _revoked(bench: Bench, port: int) -> float:
    """Return the seconds until a guest is told that the project is not theirs any more."""
    project_id, _ = insert_project(bench.database)
    _, guest = insert_project(bench.database)
    share_id = bench.database.transact(lambda tx: _let_in(tx, project_id, guest))
    socket = RelaySocket(f"ws://127.0.0.1:{port}/ws")
    try:
        socket.send(m="hello", ticket=ticket_for(bench, guest), proto=PROTOCOL)
        channel = str(Channel(ChannelKind.PROJECT, project_id))
        socket.send(m="sub", ref=1, subs=[{"ch": channel}])
        _await(socket, "subbed", channel)
        bench.database.transact(lambda tx: revoke_share(tx, project_id, share_id))
        committed = time.monotonic()
        _await(socket, "unsub", channel)
        return time.monotonic() - committed
    finally:
        socket.close()


def _let_in(tx: Transaction, project_id: UUID, guest: UUID) -> UUID:
    share_id, _ = shares.offer(tx.connection, project_id, Offer(None, Role.VIEWER))
    shares.join(tx.connection, share_id, guest)
    return share_id


def _await(socket: RelaySocket, kind: str, channel: str) -> None:
    while (message := socket.receive(30)) is not None:
        if message["m"] == kind and message.get("ch") == channel:
            return
    raise RuntimeError(f"no {kind} of {channel} came")
