"""A child process that is killed in the middle of a file (E5)."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from shared.storage import open_storage
from tests.integration.exports.office import Office
from tests.integration.interleaving import until

#: Writes the export until its second image, and stays there.
CHILD = """
import os, sys, time
from types import SimpleNamespace
from uuid import UUID
from shared.database.engine import Database
from shared.domain.runs import Claimant
from shared.storage import open_storage
from worker import exporting

url, folder, export_id = sys.argv[1:]
steps = []
def step(self):
    steps.append(1)
    if len(steps) == 2:
        print("in the middle", flush=True)
        time.sleep(600)
exporting.Progress.step = step
services = SimpleNamespace(database=Database(url), storage=open_storage(folder))
claimant = Claimant("w1", os.getpid(), lease_seconds=45)
exporting.carry_out_export(services, UUID(export_id), claimant, is_timeout=lambda _: False)
"""


def test_its_export_is_taken_up_again_and_what_it_left_goes(office: Office, tmp_path: Path) -> None:
    office.segmented(3)
    office.storage = open_storage(tmp_path.as_uri())
    export_id = office.ask("coco", "labels")
    url = office.database.url.render_as_string(hide_password=False)
    words = [sys.executable, "-c", CHILD, url, tmp_path.as_uri(), str(export_id)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"in the middle\n"
        until(lambda: list(tmp_path.glob("exports/*/*/export.zip#*")))
        os.kill(child.pid, signal.SIGKILL)

    assert office.lose_worker() == [export_id]
    assert office.carry_out(export_id)
    office.clean()

    assert len(office.files(export_id)) == 3 + 3
    left = [path for path in tmp_path.glob("exports/**/*") if path.is_file()]
    assert left == [tmp_path / office.row(export_id).file_key]
