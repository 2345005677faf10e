"""Wait until pages answer."""

import http.client
from collections.abc import Callable, Mapping
from threading import Event, Thread

from shared.supervision.ports import LOCAL

_PAUSE = 0.2
_COMPLAIN_AFTER = 30.0


def problem_of(port: int, path: str, *, timeout: float = 5) -> str | None:
    """Ask the local server on *port* for *path*; return what is wrong, None when it is well."""
    connection = http.client.HTTPConnection(LOCAL, port, timeout=timeout)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as refusal:
        return f"http://{LOCAL}:{port}{path} does not answer ({refusal})"
    finally:
        connection.close()
    return None if status == http.client.OK else f"http://{LOCAL}:{port}{path} answers {status}"


class ReadinessWatch(Thread):
    """Asks until all *pages* (path by port) answer, then calls *when_ready*, once."""

    def __init__(
        self,
        pages: Mapping[int, str],
        *,
        when_ready: Callable[[], None],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(name="readiness", daemon=True)
        self._pages = pages
        self._when_ready = when_ready
        self._tell = tell
        self._given_up = Event()

    def run(self) -> None:
        """Ask until everything answers or nobody waits any more."""
        rounds = 0
        while problem := self._first_problem():
            rounds += 1
            if rounds % int(_COMPLAIN_AFTER / _PAUSE) == 0:
                self._tell(f"still waiting: {problem}")
            if self._given_up.wait(_PAUSE):
                return
        if not self._given_up.is_set():
            self._when_ready()

    def give_up(self) -> None:
        """Ask no more, and wait for what was begun."""
        self._given_up.set()
        if self.is_alive():
            self.join()

    def _first_problem(self) -> str | None:
        problems = (problem_of(port, path) for port, path in self._pages.items())
        return next(filter(None, problems), None)
