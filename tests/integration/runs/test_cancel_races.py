"""A thousand cancels against workers that claim and commit: nothing is kept after a cancel (Q4)."""

import random
from uuid import UUID

from shared.database.cancelling import Scope
from shared.domain.runs import RunStatus
from shared.storage import open_storage
from tests.images import disks, encoded
from tests.integration.lab import Lab
from tests.integration.runs.child import Child, FakeEngines
from tests.integration.tally.audit import offences

RACES = 1000
WORKERS = 3


def test_no_result_is_stored_after_a_cancel(lab: Lab) -> None:
    """Queue.md, goal 7; every race ends in one of two ways, and the run says which."""
    lab.engine()
    project = lab.project()
    storage = open_storage("memory:///")
    content = encoded(disks(1, radius=4))
    for image in lab.images(project, RACES):
        storage.put(lab.image(image).storage_key, content)
    lab.segment(project)
    waiting = lab.runs(project)
    won: dict[UUID, bool] = {}

    def work(number: int) -> None:
        child = Child(lab, storage, FakeEngines())
        for run in waiting[number::WORKERS]:
            child.carry_out(run.id, pid=number + 1)

    def cancel() -> None:
        chance = random.Random(7)  # noqa: S311 - no secret
        for run in chance.sample(waiting, len(waiting)):
            done = lab.cancel(Scope.IMAGE, run.image_id)
            won[run.id] = done.waiting + done.running == 1

    with lab.threads(WORKERS + 1) as pool:
        for each in [pool.submit(cancel), *(pool.submit(work, n) for n in range(WORKERS))]:
            each.result(240)

    ended = {run.id: run for run in lab.runs(project)}
    assert {run_id for run_id, run in ended.items() if run.status == RunStatus.CANCELLED} == {
        run_id for run_id, cancelled in won.items() if cancelled
    }
    assert {run.status for run in ended.values()} == {RunStatus.CANCELLED, RunStatus.SUCCEEDED}
    kept = {run.result_path for run in ended.values() if run.status == RunStatus.SUCCEEDED}
    assert {f"{key.rpartition('/')[0]}/" for key in storage.list("results/")} == kept
    assert lab.is_exact(project)
    with lab.database.reading() as connection:
        assert offences(connection) == {}
