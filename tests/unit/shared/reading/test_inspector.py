import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from shared.domain.errors import RejectedFileError, UnavailableError
from shared.reading import Inspector, children
from shared.reading.children import ChildLateError, Children
from tests.images import encoded, tiff

OTHERS: set[int] = set()
LIMITS = {"max_bytes": 10**9, "max_pixels": 10**9}


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(encoded(np.zeros((4, 6), np.uint8)))
    return path


@pytest.fixture
def inspector():
    with Inspector(children=1, seconds=30) as inspector:
        yield inspector


@pytest.fixture(autouse=True)
def others():
    """Children of inspectors that other tests of this process keep."""
    OTHERS.clear()
    OTHERS.update(reading_children())


def child_of_this_process():
    """Return the one child that reads files for the test at hand."""
    (child,) = reading_children() - OTHERS
    return child


def reading_children():
    return {
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and is_reading_child(folder)
    }


def is_reading_child(folder):
    try:
        parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        return parent == os.getpid() and b"inspecting_child" in (folder / "cmdline").read_bytes()
    except OSError:
        return False


def test_files_from_many_threads_are_told_apart(inspector, tmp_path):
    paths = []
    for width in range(1, 13):
        paths.append(tmp_path / str(width))
        paths[-1].write_bytes(encoded(np.zeros((3, width), np.uint8)))

    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda path: inspector.inspect(path, "a.png", **LIMITS), paths))

    assert [each.facts.width for each in found] == list(range(1, 13))


def test_a_refusal_leaves_the_child_warm(inspector, picture, tmp_path):
    text = tmp_path / "text"
    text.write_bytes(b"text")
    inspector.inspect(picture, "a.png", **LIMITS)
    before = child_of_this_process()

    with pytest.raises(RejectedFileError, match=r"b\.png"):
        inspector.inspect(text, "b.png", **LIMITS)

    assert inspector.inspect(picture, "a.png", **LIMITS).facts.width == 6
    assert child_of_this_process() == before


def test_a_file_that_kills_its_reader_is_refused_and_the_next_one_is_not(picture):
    class Deadly(Children):
        """They are killed when they are asked for one certain file."""

        def _take(self):
            child = super()._take()
            ask = type(child).ask

            def ask_and_die(line, seconds):
                if b"killer" in line:
                    os.kill(child_of_this_process(), signal.SIGKILL)
                return ask(child, line, seconds)

            child.ask = ask_and_die
            return child

    with Inspector() as inspector:
        module = "shared.reading.inspecting_child"
        inspector._children = Deadly(module, 1, seconds=60, memory_bytes=4 << 30)
        inspector.inspect(picture, "a.png", **LIMITS)

        with pytest.raises(RejectedFileError, match=r"killer\.png") as refused:
            inspector.inspect(picture, "killer.png", **LIMITS)

        assert refused.value.code == "unreadable_image"
        assert inspector.inspect(picture, "next.png", **LIMITS).facts.width == 6


def test_a_child_that_died_idle_fails_no_file(inspector, picture):
    inspector.inspect(picture, "a.png", **LIMITS)
    os.kill(child_of_this_process(), signal.SIGKILL)

    assert inspector.inspect(picture, "a.png", **LIMITS).facts.width == 6


def test_a_child_that_hangs_fails_its_file_and_is_replaced(picture, monkeypatch):
    monkeypatch.setattr(children, "PATIENCE", 1)
    with Inspector(children=1, seconds=2) as inspector:
        inspector.inspect(picture, "a.png", **LIMITS)
        os.kill(child_of_this_process(), signal.SIGSTOP)

        with pytest.raises(RejectedFileError, match="longer than 2 seconds") as refused:
            inspector.inspect(picture, "slow.png", **LIMITS)

        assert refused.value.code == "unreadable_image"
        assert inspector.inspect(picture, "next.png", **LIMITS).facts.width == 6


def test_a_child_that_others_keep_from_its_work_has_time(picture):
    with Inspector(children=1, seconds=1) as inspector, ThreadPoolExecutor(1) as threads:
        inspector.inspect(picture, "a.png", **LIMITS)
        child = child_of_this_process()
        os.kill(child, signal.SIGSTOP)
        waiting = threads.submit(inspector.inspect, picture, "slow.png", **LIMITS)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=1.5)

        os.kill(child, signal.SIGCONT)

        assert waiting.result().facts.width == 6


def test_endless_work_ends_and_the_next_request_is_answered():
    several = Children(
        "tests.unit.shared.reading.endless_child", 1, seconds=1, memory_bytes=4 << 30
    )
    with closing(several):
        assert several.ask(b"short\n") == b"short\n"

        with pytest.raises(ChildLateError):
            several.ask(b"endless\n")

        assert several.ask(b"next\n") == b"next\n"


def test_a_picture_that_needs_more_memory_than_a_child_has_is_refused(tmp_path):
    path = tmp_path / "large.tif"
    path.write_bytes(tiff(np.zeros((20_000, 20_000), np.uint8), compression="zlib"))

    with (
        Inspector(children=1, seconds=60, memory_bytes=600 << 20) as inspector,
        pytest.raises(RejectedFileError, match=r"large\.tif needs more memory") as refused,
    ):
        inspector.inspect(path, "large.tif", **LIMITS)

    assert refused.value.code == "too_many_pixels"


def test_children_hold_no_secret_and_no_open_file_of_ours(monkeypatch, picture, inspector):
    monkeypatch.setenv("CELLTALLY_SECRET_KEY", "do not tell anybody")
    with picture.open("rb"):
        inspector.inspect(picture, "a.png", **LIMITS)
        child = Path(f"/proc/{child_of_this_process()}")

        opened = {str((child / "fd" / each.name).readlink()) for each in (child / "fd").iterdir()}

    assert b"CELLTALLY" not in (child / "environ").read_bytes()
    assert str(picture) not in opened


def test_closing_leaves_no_child_and_takes_no_file(picture):
    inspector = Inspector(children=1)
    inspector.inspect(picture, "a.png", **LIMITS)
    child = child_of_this_process()

    inspector.close()

    assert not Path(f"/proc/{child}").exists()
    with pytest.raises(UnavailableError):
        inspector.inspect(picture, "a.png", **LIMITS)
