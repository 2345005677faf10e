"""One relay process: its sockets, its channels, its link to Redis and its clocks."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from secrets import token_hex

from redis.exceptions import RedisError

from shared.domain.channels import Channel
from shared.domain.control import CONTROL
from web.relay.arrivals import Arrivals
from web.relay.catching_up import CatchingUp
from web.relay.enforcement import Enforcement
from web.relay.gathering import Gathered
from web.relay.hub import Hub
from web.relay.metrics import Metrics
from web.relay.orders import Orders
from web.relay.pacing import Wheel
from web.relay.protocol import CloseCode
from web.relay.redis_link import RedisLink
from web.relay.registry import Registry
from web.relay.services import RelayServices

logger = logging.getLogger(__name__)

TIMER_SECONDS = 0.5
STALL_SECONDS = 0.25  #: How often it is looked whether timers come late.


class Relay:
    """Pushes what is published to those who may see it; `start` it after the fork."""

    def __init__(self, services: RelayServices) -> None:
        self.limits = services.limits
        self.clock = services.clock
        self.authority = services.authority
        self.redeem = Gathered(services.live.tickets.redeem_many)
        self.is_signed_in = Gathered(self._which_signed_in)
        self.read_history = Gathered(services.live.history.read_many)
        self.wake_name: Callable[[Channel], str] = services.live.keys.wake
        self.metrics = Metrics()
        self.hub = Hub(self.wake_name, self.metrics)
        self.registry = Registry()
        self.arrivals = Arrivals(services.limits, services.clock)
        self.wheel = Wheel(services.limits.pace_seconds)
        self.enforcement = Enforcement(self.registry, self.authority, services.spawn, self.metrics)
        self._orders = Orders(self.enforcement.carry_out, self.enforcement.check_soon)
        self._orders_name = services.live.keys.wake(CONTROL)
        self.draining = False
        self._ticker = services.live.ticker
        self._timed_at = services.clock()
        self._tick_name = services.live.keys.tick(token_hex(8))
        self._spawn = services.spawn
        self._catching_up = CatchingUp(services.live.history, services.spawn)
        self.link = RedisLink(
            services.live.wire,
            self,
            tick_name=self._tick_name,
            confirm_seconds=services.limits.confirm_seconds,
        )
        self.link.keep(self._orders_name)

    @property
    def full(self) -> bool:
        """Whether no more sockets are let in."""
        return self.draining or len(self.registry) >= self.limits.sockets

    def start(self) -> None:
        """Connect to Redis and start the clocks."""
        self.link.start()
        self._every(self.limits.tick_seconds, self._tick)
        self._every(STALL_SECONDS, self._note_stall)
        self._spawn(lambda: self.wheel.run(self.clock))
        self._every(TIMER_SECONDS, self.look_after_sockets)
        self._every(self.limits.sweep_seconds, self._sweep)
        self._every(self.limits.sweep_seconds, self.enforcement.check_all)

    def look_after_sockets(self) -> None:
        """Do what is due on each socket, and let all go when Redis is lost."""
        self.enforcement.look()
        now = self.clock()
        lost = self.link.lost_for(time.monotonic()) > self.limits.redis_lost_seconds
        for session in self.registry:
            if lost:
                session.close(CloseCode.REDIS_LOST, "live updates are away for the moment")
            if session.pulse.due <= now:
                session.look(now)

    def drain(self, seconds: float | None = None) -> None:
        """Let nobody in and ask all to reconnect elsewhere, spread over *seconds*."""
        self.draining = True
        sessions = list(self.registry)
        pause = (self.limits.drain_seconds if seconds is None else seconds) / (len(sessions) or 1)
        for session in sessions:
            session.drain(int(random.uniform(0, self.limits.return_seconds) * 1000))  # noqa: S311
            time.sleep(min(pause, 0.05))

    def restored(self) -> None:
        """Find out what was missed while the link was down."""
        self.metrics.redis_connects += 1
        self._catching_up.ask([self._orders, *self.hub])

    def arrived(self, name: bytes, published: bytes) -> None:
        """Deliver a message from Redis, or find those before it first."""
        if name == self._orders_name.encode():
            if not self._orders.arrived(published):
                self._catching_up.ask([self._orders])
            return
        at = self.metrics.arrived(published, time.time())
        behind = self.hub.arrived(name, published)
        if at is not None:
            self.metrics.sending.observe(max(0.0, time.time() - at))
        if behind is not None:
            self.metrics.gaps += 1
            logger.info("messages of %s were missed; reading them", behind.channel)
            self._catching_up.ask([behind])

    def _which_signed_in(self, logins: Sequence[str]) -> list[bool]:
        going_on = self.authority.signed_in(set(logins))
        return [login in going_on for login in logins]

    def _note_stall(self) -> None:
        """Note how much later than asked for this timer came."""
        now = self.clock()
        self.metrics.stall.observe(max(0.0, now - self._timed_at - STALL_SECONDS))
        self._timed_at = now

    def _tick(self) -> None:
        try:
            self._ticker.tick(self._tick_name)
        except RedisError as lost:
            logger.info("a tick was not sent: %s", lost)

    def _sweep(self) -> None:
        """Forget channels that nobody watches; check that the others missed nothing."""
        idle = self.hub.forget_idle(self.clock() - self.limits.linger_seconds)
        self.link.drop([self.wake_name(channel) for channel in idle])
        self._catching_up.ask([self._orders, *self.hub])

    def _every(self, seconds: float, act: Callable[[], None]) -> None:
        def run() -> None:
            while True:
                time.sleep(seconds)
                try:
                    act()
                except Exception:
                    logger.exception("a clock of the relay failed; it goes on")

        self._spawn(run)
