"""Keep all processes of a Procfile running, and stop them in an order that loses nothing."""

import selectors
import signal
import time
from collections.abc import Callable, Mapping, Sequence

from shared.domain.errors import CelltallyError
from shared.supervision.backoff import USUAL, Patience
from shared.supervision.child import Child, described
from shared.supervision.output import LinePrinter
from shared.supervision.procfile import Entry

#: Who is told to stop, and in which order: those who take work in, those who do it, those who
#: count and repair. A stage begins when the one before it has ended.
STOP_STAGES = (("web", "relay", "flower"), ("worker",), ("stats", "scheduler"))
_TICK = 0.1


class KeepsDyingError(CelltallyError):
    """A process died again and again; starting it once more would change nothing."""

    code = "keeps_dying"


class Supervisor:
    """Runs the entries until it is asked to stop or one of them keeps dying.

    It works in one thread, which must be the one that lives longest: the kernel ties the
    processes to the thread that started them.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        *,
        environment: Mapping[str, str],
        printer: LinePrinter | None = None,
        patience: Patience = USUAL,
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._environment = environment
        self._patience = patience
        self._on_tick = on_tick
        self._children = {
            label: Child(label, entry.command, patience)
            for entry in entries
            for label in labels_of(entry)
        }
        self._printer = printer or LinePrinter(self._children)
        self._due = dict.fromkeys(self._children, 0.0)  # When each is to be started next.
        self._selector = selectors.DefaultSelector()
        self._stop_requests = 0

    def run(self) -> None:
        """Start all and watch them; return when asked to stop, everything being stopped."""
        try:
            while not self._stop_requests:
                self._start_those_due()
                self._on_tick()
                self._pass_lines_on()
                self._restart_the_dead()
        finally:
            self._stop_all()
            self._selector.close()

    def request_stop(self) -> None:
        """Ask `run` to stop; asked twice, it no longer waits for anybody."""
        self._stop_requests += 1

    def _start_those_due(self) -> None:
        now = time.monotonic()
        for label in [label for label, due in self._due.items() if due <= now]:
            child = self._children[label]
            child.start(self._environment)
            self._selector.register(child.output, selectors.EVENT_READ, child)
            del self._due[label]

    def _pass_lines_on(self) -> None:
        if not self._selector.get_map():
            time.sleep(_TICK)
            return
        for key, _ in self._selector.select(_TICK):
            child: Child = key.data
            self._print(child, child.read_lines())
            if child.silent:  # Else it would be reported as readable for ever.
                self._selector.unregister(child.output)

    def _restart_the_dead(self) -> None:
        for label, child in self._children.items():
            if not child.ended():
                continue
            uptime = self._bury(child)
            delay = child.backoff.after_exit(uptime)
            if delay is None:
                raise self._gave_up(child)
            self._printer.own(
                f"{label} {described(child.exit_code)}; starting it again in {delay:g} s"
            )
            self._due[label] = time.monotonic() + delay

    def _gave_up(self, child: Child) -> KeepsDyingError:
        last = "\n".join(f"  {line}" for line in child.tail) or "  (it wrote nothing)"
        return KeepsDyingError(
            f"{child.label} {described(child.exit_code)}, {child.backoff.quick_exits} times soon "
            f"after its start, so everything was stopped. Its last lines:\n{last}"
        )

    def _bury(self, child: Child) -> float:
        if not child.silent:
            self._selector.unregister(child.output)
        lines, uptime = child.bury()
        self._print(child, lines)
        return uptime

    def _stop_all(self) -> None:
        self._due.clear()
        by_name: dict[str, list[Child]] = {}
        for child in self._children.values():
            by_name.setdefault(child.label.partition(".")[0], []).append(child)
        listed = {name for stage in STOP_STAGES for name in stage}
        for stage in (tuple(name for name in by_name if name not in listed), *STOP_STAGES):
            self._stop([child for name in stage for child in by_name.get(name, [])])

    def _stop(self, children: list[Child]) -> None:
        # SIGTERM lets work be finished; to gunicorn and Celery, SIGQUIT says to leave it.
        orders = [(0.0, signal.SIGTERM), (self._patience.urge_after, signal.SIGQUIT)]
        began = time.monotonic()
        while any(child.running for child in children):
            waited = time.monotonic() - began
            while orders and waited >= orders[0][0]:
                _, number = orders.pop(0)
                for child in children:
                    child.ask(number)
            if self._stop_requests > 1 or waited > self._patience.grace:
                for child in children:
                    child.kill()
            self._pass_lines_on()
            for child in children:
                if child.ended():
                    self._bury(child)
                    self._printer.own(f"{child.label} stopped")

    def _print(self, child: Child, lines: list[str]) -> None:
        for line in lines:
            self._printer.line(child.label, line)


def labels_of(entry: Entry) -> list[str]:
    """Return the names shown for *entry*: its own, or numbered ones when there are several."""
    if entry.count == 1:
        return [entry.name]
    return [f"{entry.name}.{number}" for number in range(1, entry.count + 1)]
