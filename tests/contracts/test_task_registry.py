"""The worker registers exactly the tasks that others ask for by name."""

import json
import os
import subprocess
import sys

import pytest

from shared.messaging import task_names

#: In a process of its own: Celery's registry is one for the whole process.
LIST_TASKS = """
import json
from worker.app import app
app.loader.import_default_modules()
print(json.dumps({
    name: [bool(getattr(task, "autoretry_for", ())), task.retry_on_worker_lost, task.acks_late]
    for name, task in app.tasks.items() if not name.startswith("celery.")
}))
"""


@pytest.fixture(scope="module")
def registered() -> dict[str, list[bool]]:
    """Each task of ours: is it repeated after an error, after a loss, and acknowledged late."""
    environment = {
        **os.environ,
        "CELLTALLY_DATABASE_URL": "postgresql://nobody.example/none",
        "CELLTALLY_REDIS_URL": "redis://nobody.example",
    }

    listed = subprocess.run(
        [sys.executable, "-c", LIST_TASKS],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return dict(json.loads(listed))


def test_the_worker_registers_every_name_and_nothing_else_of_ours(
    registered: dict[str, list[bool]],
) -> None:
    names = {value for name, value in vars(task_names).items() if name.isupper()}

    assert set(registered) == names


def test_celery_repeats_no_task_by_itself(registered: dict[str, list[bool]]) -> None:
    """Rule 25: attempts live in the database; a message comes back with a lost child alone."""
    assert set(map(tuple, registered.values())) == {(False, False, True)}
