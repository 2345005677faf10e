"""The channel of orders: heard, and caught up with when some were missed."""

from collections.abc import Callable

from shared.domain.control import CONTROL
from shared.messaging.redis_history import History, Position


class Orders:
    """Gives each order to `carry_out` once and in order.

    `missed` is called when nobody can tell any more what orders there were: then the
    database must be asked about everybody.
    """

    channel = CONTROL
    is_followed = True

    def __init__(self, carry_out: Callable[[bytes], None], missed: Callable[[], None]) -> None:
        self._carry_out = carry_out
        self._missed = missed
        self.position: Position | None = None  #: Everything up to here is carried out.

    def arrived(self, published: bytes) -> bool:
        """Carry out what comes next; False when something before it is missing."""
        epoch, offset, body = published.split(b" ", 2)
        here, new = self.position, Position(epoch.decode(), int(offset))
        if here is not None and here.epoch == new.epoch:
            if new.offset <= here.offset:
                return True
            if new.offset > here.offset + 1:
                return False
        self.position = new
        self._carry_out(body)
        if here is not None and here.epoch != new.epoch:
            self._missed()
        return True

    def advance(self, history: History) -> None:
        """Carry out what *history* has beyond the position."""
        here, top = self.position, history.top
        if here is not None and here.epoch == top.epoch:
            if top.offset <= here.offset:
                return
            if (missed := history.since(here.offset)) is not None:
                for offset, body in missed:
                    self.position = Position(top.epoch, offset)
                    self._carry_out(body)
                return
        self.position = top
        self._missed()
