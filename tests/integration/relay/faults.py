"""What may break between a publisher and a browser, and the account of it."""

import os
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from time import sleep
from uuid import uuid4

from shared.domain.events import ImageChange, ImageStatusUpdate
from shared.domain.images import ImageStatus
from shared.servers.valkey import ValkeyServer
from tests.faults.proxy import StallingProxy
from tests.integration.relay.live import Live, RelayProcess, wait_until
from tests.integration.relay.watcher import Watcher

MESSAGES = 40  #: Of one round; the fault is injected in the middle of them.
BEYOND_HISTORY = 600  #: More than is kept, and more than waits for a browser.
QUICK_LINK = {"tick_seconds": 0.1, "silence_seconds": 1.0}


@dataclass
class Scene:
    """A Valkey that may be broken, and what runs on it."""

    live: Live
    server: ValkeyServer
    relays: list[RelayProcess] = field(default_factory=list)
    proxy: StallingProxy | None = None
    published: int = 0

    def publish(self, messages: int) -> None:
        """Publish so many numbered messages, each again until Redis took it."""
        for _ in range(messages):
            self.published += 1
            change = ImageChange(
                image_id=uuid4(), status=ImageStatus.QUEUED, version=self.published
            )
            event = ImageStatusUpdate(project_id=self.live.project_id, images=[change])
            key = str(self.published)
            self.live.publisher.publish_event(self.live.images, event, key=key)


@dataclass
class Tally:
    """What came of all rounds of one fault."""

    name: str
    rounds: int = 0
    messages: int = 0
    lost: int = 0
    double: int = 0
    disorder: int = 0
    unrecovered: int = 0

    @property
    def passed(self) -> bool:
        """Whether every message came once and in order, or was said to be beyond recovery."""
        return not (self.lost or self.double or self.disorder)

    @property
    def figures(self) -> tuple[int, ...]:
        return (
            self.rounds,
            self.messages,
            self.lost,
            self.double,
            self.disorder,
            self.unrecovered,
        )

    def account(self, watcher: Watcher, first: int, last: int, *, told: bool) -> None:
        """Add a round in which *first* to *last* were published."""
        shown = [number for number in watcher.seen if first <= number <= last]
        self.rounds += 1
        self.messages += last - first + 1
        self.double += len(shown) - len(set(shown))
        self.disorder += sum(a > b for a, b in pairwise(shown))
        self.unrecovered += told
        if not told:
            self.lost += last - first + 1 - len(set(shown))


Fault = Callable[[Scene, Watcher], None]
FAULTS: dict[str, Fault] = {}


def fault(act: Fault) -> Fault:
    """Register what breaks something in the middle of a round."""
    FAULTS[act.__name__] = act
    return act


def play(scene: Scene, name: str, rounds: int) -> Tally:
    """Inject the fault so often; a round ends when its last message was seen."""
    live, tally = scene.live, Tally(name)
    if name == "the_link_goes_silent":
        live = _behind_a_proxy(scene)
    count = 2 if name == "a_relay_is_killed" else 1
    scene.relays = [live.relay(**QUICK_LINK, stalled_seconds=1) for _ in range(count)]
    watcher = Watcher(scene.live, scene.relays)
    watcher.begin()
    for _ in range(rounds):
        first, told = scene.published + 1, watcher.unrecovered
        scene.publish(MESSAGES // 2)
        FAULTS[name](scene, watcher)
        scene.publish(MESSAGES // 2)
        watcher.read_until(scene.published)
        tally.account(watcher, first, scene.published, told=watcher.unrecovered > told)
    if scene.proxy is not None:
        scene.proxy.close()
    return tally


@fault
def the_subscription_is_cut(scene: Scene, watcher: Watcher) -> None:
    """Cut the relay's pub/sub connection."""
    scene.live.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


@fault
def a_relay_is_killed(scene: Scene, watcher: Watcher) -> None:
    """Kill the relay of the browser, which goes to the other; start one in its place."""
    dying = watcher.relay
    pid = dying.process.pid
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (pid, *map(int, workers)):
        os.kill(each, signal.SIGKILL)
    dying.process.wait()
    scene.live.ending.remove(dying)
    scene.publish(MESSAGES)
    scene.relays[scene.relays.index(dying)] = scene.live.relay(**QUICK_LINK)


@fault
def redis_restarts(scene: Scene, watcher: Watcher) -> None:
    """Stop Redis, which keeps what it was told, and start it again."""
    scene.server.stop()
    scene.server.start()


@fault
def the_link_goes_silent(scene: Scene, watcher: Watcher) -> None:
    """Let nothing more come through the relay's connections, though they stay open."""
    assert scene.proxy is not None
    scene.proxy.stall()


@fault
def a_browser_stops_reading(scene: Scene, watcher: Watcher) -> None:
    """Publish more than waits for a browser, and more than is kept."""
    scene.publish(BEYOND_HISTORY)
    sleep(0.1)


@fault
def messages_come_again_and_late(scene: Scene, watcher: Watcher) -> None:
    """Repeat old wake-ups, in no order."""
    live = scene.live
    name = live.keys.wake(live.images)
    epoch = live.redis.hget(live.keys.meta(live.images), "epoch")
    kept = live.redis.xrange(live.keys.stream(live.images))
    again = [(entry.split(b"-")[0], next(iter(values.values()))) for entry, values in kept]
    for offset, body in random.sample(again, len(again)) + again:
        live.redis.publish(name, b"%b %b %b" % (epoch, offset, body))


@fault
def the_history_expires(scene: Scene, watcher: Watcher) -> None:
    """Have Redis forget the channel."""
    keys, images = scene.live.keys, scene.live.images
    scene.live.redis.delete(keys.meta(images), keys.stream(images))


def _behind_a_proxy(scene: Scene) -> Live:
    path = scene.server.url.removeprefix("unix://").partition("?")[0]
    scene.proxy = StallingProxy(Path(path))
    wait_until(lambda: scene.proxy is not None)
    return replace(scene.live, redis_url=f"redis://127.0.0.1:{scene.proxy.port}/0")
