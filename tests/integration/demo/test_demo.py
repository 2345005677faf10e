"""The main job, once, as a newcomer sees it; and that nothing of it is left."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.samples.catalogue import SAMPLES
from shared.supervision.orphans import all_processes

pytestmark = pytest.mark.xdist_group("whole system")  # Two at once would be slow on two cores.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The demo's temporary folder; short, for the sockets in it."""
    return tmp_path


@pytest.fixture
def demo(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "shared.cli", "demo"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        yield running
        running.kill()


def left_behind(folder: Path) -> list[str]:
    """Return the files and the processes that are still there."""
    mark = os.fsencode(f"TMPDIR={folder}")
    living = [pid for pid in all_processes() if mark in environment_of(pid).split(b"\0")]
    return [*map(str, folder.iterdir()), *map(str, living)]


def environment_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def test_the_demo_ends_with_a_table_and_the_exact_tally(
    demo: "subprocess.Popen[str]", folder: Path
) -> None:
    output, _ = demo.communicate()

    lines = output.splitlines()
    assert demo.returncode == 0, output
    header = lines.index(next(line for line in lines if line.startswith("image ")))
    rows = [re.split(r" {2,}", line) for line in lines[header : header + len(SAMPLES) + 1]]
    assert rows[0] == ["image", "objects", "seconds", "engine"]
    assert {row[0] for row in rows[1:]} == {sample.filename for sample in SAMPLES}
    objects = {row[0]: int(row[1]) for row in rows[1:]}
    assert all(objects[s.filename] == s.objects for s in SAMPLES if s.drawn)
    tally = f"tally  {len(SAMPLES)} images: {len(SAMPLES)} segmented, "
    assert f"{tally}{sum(objects.values())} objects" in lines
    assert any("live updates, REST and a recount of the images agree" in line for line in lines)
    assert left_behind(folder) == []


def test_ctrl_c_in_the_middle_leaves_nothing(demo: "subprocess.Popen[str]", folder: Path) -> None:
    assert demo.stdout is not None
    for line in demo.stdout:
        if "subscribed" in line:
            break
    os.killpg(demo.pid, signal.SIGINT)  # As a terminal does: the whole group in front.

    output, _ = demo.communicate()

    assert demo.returncode == 130
    assert output.splitlines()[-1] == "stopped; nothing is left"
    assert left_behind(folder) == []
