"""The channel of orders: each once and in order, and what happens when some were missed."""

from shared.messaging.redis_history import History, Position
from web.relay.orders import Orders


class Heard:
    def __init__(self) -> None:
        self.carried_out: list[bytes] = []
        self.missed = 0
        self.orders = Orders(self.carried_out.append, self._miss)

    def _miss(self) -> None:
        self.missed += 1


def published(offset: int, epoch: str = "e") -> bytes:
    return f"{epoch} {offset} order-{offset}".encode()


def history(top: int, *, after: int = 0, epoch: str = "e") -> History:
    entries = [(n, f"order-{n}".encode()) for n in range(after + 1, top + 1)]
    return History(Position(epoch, top), None, None, entries)


def test_the_first_order_is_carried_out_wherever_it_stands() -> None:
    heard = Heard()

    assert heard.orders.arrived(published(7))

    assert (heard.carried_out, heard.missed) == ([b"order-7"], 0)


def test_an_order_that_came_before_is_not_carried_out_again() -> None:
    heard = Heard()
    for offset in (1, 2, 2, 1):
        assert heard.orders.arrived(published(offset))

    assert heard.carried_out == [b"order-1", b"order-2"]


def test_a_gap_is_said_and_filled_in_order() -> None:
    heard = Heard()
    heard.orders.arrived(published(1))

    assert not heard.orders.arrived(published(4))
    heard.orders.advance(history(4, after=1))

    assert heard.carried_out == [b"order-1", b"order-2", b"order-3", b"order-4"]
    assert heard.missed == 0


def test_orders_that_are_kept_no_longer_have_everybody_checked() -> None:
    heard = Heard()
    heard.orders.arrived(published(1))

    heard.orders.advance(history(900, after=500))

    assert (heard.carried_out, heard.missed) == ([b"order-1"], 1)
    assert heard.orders.arrived(published(901))


def test_a_redis_that_forgot_has_everybody_checked() -> None:
    heard = Heard()
    heard.orders.arrived(published(5))

    heard.orders.arrived(published(1, epoch="new"))

    assert (heard.carried_out, heard.missed) == ([b"order-5", b"order-1"], 1)
    heard.orders.advance(history(1, epoch="newer"))
    assert heard.missed == 2


def test_what_is_no_news_changes_nothing() -> None:
    heard = Heard()
    heard.orders.arrived(published(5))

    heard.orders.advance(history(5))

    assert (heard.carried_out, heard.missed) == ([b"order-5"], 0)


def test_a_link_that_broke_before_the_first_order_has_everybody_checked() -> None:
    heard = Heard()

    heard.orders.advance(history(3))

    assert (heard.carried_out, heard.missed) == ([], 1)
    assert heard.orders.position == Position("e", 3)
