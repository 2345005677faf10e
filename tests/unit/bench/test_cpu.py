"""The processor time of a process and all below it."""

import os
import subprocess
import sys
import time

from bench.cpu import cpu_seconds

BUSY = "import time\nwhile time.process_time() < 0.3: pass"


def test_a_child_counts_also_after_its_end() -> None:
    before = cpu_seconds(os.getpid())

    subprocess.run([sys.executable, "-c", BUSY], check=True)

    assert cpu_seconds(os.getpid()) - before > 0.2


def test_a_living_grandchild_counts() -> None:
    script = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r} + ';input()'])"
    )
    before = cpu_seconds(os.getpid())
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as child:
        while cpu_seconds(os.getpid()) - before < 0.2:
            time.sleep(0.01)
        child.communicate(b"\n")

    assert child.returncode == 0
