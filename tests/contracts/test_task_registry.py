"""The worker registers exactly the tasks that others ask for by name."""

import json
import os
import subprocess
import sys

from shared.messaging import task_names

#: In a process of its own: Celery's registry is one for the whole process.
LIST_TASKS = """
import json
from worker.app import app
app.loader.import_default_modules()
print(json.dumps(sorted(app.tasks)))
"""


def test_the_worker_registers_every_name_and_nothing_else_of_ours() -> None:
    names = {value for name, value in vars(task_names).items() if name.isupper()}
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

    assert {name for name in json.loads(listed) if not name.startswith("celery.")} == names
