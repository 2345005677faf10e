"""Cutting off whom an order, an expired share or the database says.

Orders come within moments. That none was lost is not relied on: every half minute the
database is asked about all who watch something here.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from shared.domain.control import EndSession, EndUser, Revoke, read_order
from shared.domain.errors import UnavailableError
from web.relay.metrics import Metrics
from web.relay.ports import Authority, Pair
from web.relay.protocol import CloseCode
from web.relay.registry import Registry

logger = logging.getLogger(__name__)

PAIRS_PER_QUESTION = 5_000
RETRY = timedelta(seconds=5)
OVER = "the session is over"


class Enforcement:
    """Who may go on, for all sockets of this process."""

    def __init__(
        self,
        registry: Registry,
        authority: Authority,
        spawn: Callable[[Callable[[], None]], None],
        metrics: Metrics,
    ) -> None:
        self._registry = registry
        self._authority = authority
        self._spawn = spawn
        self._metrics = metrics
        self._until: dict[Pair, datetime] = {}  #: When a share of the pair expires.

    def carry_out(self, written: bytes) -> None:
        """Do what an order says, before anything else is sent."""
        try:
            order = read_order(written)
        except ValueError:
            logger.exception("an order cannot be read; everybody is checked instead")
            self.check_soon()
            return
        match order:
            case Revoke():
                self._revoke(order.user_id, order.project_id)
                if order.at is not None:
                    late = (datetime.now(UTC) - order.at).total_seconds()
                    self._metrics.revoke.observe(max(0.0, late))
            case EndSession():
                self._end(order.user_id, lambda login: login == str(order.session_id))
            case EndUser():
                self._end(order.user_id, lambda login: login != str(order.except_session_id))

    def expect(self, pair: Pair, until: datetime | None) -> None:
        """Ask again about this pair when a share of it expires."""
        if until is not None:
            self._until[pair] = until

    def look(self) -> None:
        """Ask about those whose share just expired."""
        now = datetime.now(UTC)
        due = [pair for pair, until in self._until.items() if until <= now]
        for pair in due:
            del self._until[pair]
        if due:
            self._spawn(lambda: self._check_due(due))

    def check_soon(self) -> None:
        """Ask about everybody, beside everything else."""
        self._spawn(self.check_all)

    def check_all(self) -> None:
        """Ask the database about everybody who watches something here."""
        self._check(set(self._pairs()))
        watched = set(self._pairs())  # Some came and went while we asked.
        self._until = {pair: until for pair, until in self._until.items() if pair in watched}
        self._check_logins()

    def _check_due(self, due: Collection[Pair]) -> None:
        if not self._check(due):
            for pair in due:
                self._until.setdefault(pair, datetime.now(UTC) + RETRY)

    def _check(self, pairs: Collection[Pair]) -> bool:
        """Cut off those without access; False when the database could not tell."""
        waiting = iter(pairs)
        while some := list(islice(waiting, PAIRS_PER_QUESTION)):
            try:
                holding = self._authority.holding(some)
            except UnavailableError as away:
                logger.warning("access could not be checked: %s", away)
                return False
            for pair in some:
                if pair in holding:
                    self.expect(pair, holding[pair])
                else:
                    self._revoke(*pair)
        return True

    def _check_logins(self) -> None:
        logins = {session.login for session in self._registry if session.login is not None}
        if not logins:
            return
        try:
            going_on = self._authority.signed_in(logins)
        except UnavailableError as away:
            logger.warning("logins could not be checked: %s", away)
            return
        for session in self._registry:
            if session.login in logins - going_on:
                session.close(CloseCode.NOT_SIGNED_IN, OVER)

    def _pairs(self) -> Iterator[Pair]:
        for session in self._registry:
            yield from session.pairs()

    def _revoke(self, user_id: UUID, project_id: UUID) -> None:
        for session in self._registry.of_user(user_id):
            session.cut_off(project_id)

    def _end(self, user_id: UUID, ends: Callable[[str | None], bool]) -> None:
        for session in self._registry.of_user(user_id):
            if ends(session.login):
                session.close(CloseCode.NOT_SIGNED_IN, OVER)
