"""A supervisor with real processes."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from shared.domain.errors import UnavailableError
from shared.supervision.backoff import Patience
from shared.supervision.orphans import end_supervised_processes, is_alive, marked, vanished
from shared.supervision.output import LinePrinter
from shared.supervision.procfile import Entry, read_procfile
from shared.supervision.supervisor import KeepsDyingError, Supervisor

QUICK = Patience(first_delay=0.01, longest_delay=0.02, healthy_after=60, most_quick_exits=3)
#: Says hello, and good-bye when it is asked to end.
POLITE = "trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.02; done"
#: Says hello, and does not listen.
STUBBORN = "trap '' TERM QUIT; echo hello; while :; do sleep 0.02; done"
#: Has a child of its own that does not listen either, and shows who it is.
PARENT = "(trap '' TERM QUIT; sleep 600) & echo child $!; wait"


def sh(name: str, script: str, *, count: int = 1) -> Entry:
    return Entry(name, ("sh", "-c", script), count)


class Stage:
    """Runs entries until a line was seen often enough."""

    def __init__(self, *entries: Entry, patience: Patience = QUICK) -> None:
        self.screen = StringIO()
        self.stop_when: Callable[[str], bool] = lambda _: False
        self.requests = 1
        self.supervisor = Supervisor(
            entries,
            environment=dict(os.environ),
            printer=LinePrinter(stream=self.screen),
            patience=patience,
            on_tick=self._look,
        )

    def run_until(self, seen: str, *, times: int = 1, requests: int = 1) -> list[str]:
        self.stop_when = lambda shown: len(re.findall(seen, shown)) >= times
        self.requests = requests
        self.supervisor.run()
        return self.screen.getvalue().splitlines()

    def _look(self) -> None:
        if self.stop_when(self.screen.getvalue()):
            for _ in range(self.requests):
                self.supervisor.request_stop()


def test_lines_are_shown_with_the_name_of_their_process() -> None:
    lines = Stage(sh("web", POLITE), sh("worker", POLITE, count=2)).run_until("hello", times=3)

    assert {"web       | hello", "worker.1  | hello", "worker.2  | hello"} <= set(lines)


def test_a_process_that_exits_is_started_again() -> None:
    lines = Stage(sh("web", POLITE), sh("stats", "echo up; exit 3")).run_until(
        r"stats     \| up", times=2
    )

    assert any("stats exited with code 3; starting it again" in line for line in lines)


def test_one_that_keeps_dying_stops_all_and_its_last_lines_are_shown() -> None:
    stage = Stage(sh("web", POLITE), sh("stats", "echo about to fail; printf 'no room'; exit 3"))

    with pytest.raises(KeepsDyingError) as refused:
        stage.supervisor.run()

    assert refused.value.detail.startswith("stats exited with code 3, 3 times soon after its start")
    assert refused.value.detail.endswith("  about to fail\n  no room")
    assert "celltally | web stopped" in stage.screen.getvalue()


def test_those_who_take_work_in_stop_first_and_those_who_count_last() -> None:
    names = ["scheduler", "stats", "worker", "flower", "relay", "web"]

    lines = Stage(*[sh(name, POLITE) for name in names]).run_until("hello", times=6)

    stopped = [line.split()[2] for line in lines if line.endswith(" stopped")]
    assert set(stopped[:3]) == {"web", "relay", "flower"}
    assert stopped[3] == "worker"
    assert set(stopped[4:]) == {"stats", "scheduler"}
    assert sum(line.endswith("| bye") for line in lines) == 6


def test_children_of_a_process_do_not_outlive_it() -> None:
    stage = Stage(sh("worker", PARENT))

    lines = stage.run_until("child")

    child = int(re.findall(r"child (\d+)", "\n".join(lines))[0])
    assert vanished(lambda: [pid for pid in [child] if is_alive(pid)], within=10)


def test_one_that_does_not_listen_is_killed_after_its_grace() -> None:
    patience = Patience(urge_after=0.05, grace=0.1)

    lines = Stage(sh("web", STUBBORN), patience=patience).run_until("hello")

    assert lines[-1] == "celltally | web stopped"


def test_a_second_request_waits_for_nobody() -> None:
    patience = Patience(urge_after=3600, grace=3600)

    lines = Stage(sh("web", STUBBORN), sh("stats", STUBBORN), patience=patience).run_until(
        "hello", times=2, requests=2
    )

    assert [line for line in lines if line.endswith("stopped")] == [
        "celltally | web stopped",
        "celltally | stats stopped",
    ]


def test_a_process_that_closes_its_output_is_still_watched() -> None:
    lines = Stage(sh("stats", "exec >&- 2>&-; sleep 0.05; exit 4")).run_until("exited with code 4")

    assert any("stats exited with code 4" in line for line in lines)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text("web: no-such-program --flag\n")

    with pytest.raises(UnavailableError, match="cannot start no-such-program"):
        Stage(*read_procfile(tmp_path / "Procfile")).supervisor.run()


SUPERVISE = """
import os, sys
from pathlib import Path
from shared.supervision.orphans import marked
from shared.supervision.procfile import Entry
from shared.supervision.supervisor import Supervisor

environment = {**os.environ, **marked(Path(sys.argv[1]))}
Supervisor([Entry("worker", ("sh", "-c", sys.argv[2]))], environment=environment).run()
"""


def killed_supervisor_of(home: Path, script: str) -> list[int]:
    """Kill a supervisor that ran *script* in *home*; return the process ids that it showed."""
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(home), script], stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    shown = supervisor.stdout.readline()
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    return [int(pid) for pid in re.findall(r"\d+", shown)]


def test_a_killed_supervisor_takes_its_processes_along(tmp_path: Path) -> None:
    script = "trap 'exit 0' TERM; echo $$; while :; do sleep 0.02; done"

    [process] = killed_supervisor_of(tmp_path, script)

    assert vanished(lambda: [pid for pid in [process] if is_alive(pid)], within=10)


def test_what_outlived_a_killed_supervisor_is_found_by_its_home_and_ended(tmp_path: Path) -> None:
    script = "trap '' TERM; echo $$; while :; do sleep 0.02; done"
    [process] = killed_supervisor_of(tmp_path, script)
    assert is_alive(process)

    assert end_supervised_processes(tmp_path / "another home", grace=0.1) == 0
    assert end_supervised_processes(tmp_path, grace=0.1) >= 1

    assert not is_alive(process)
    assert marked(tmp_path) != marked(tmp_path / "another home")
