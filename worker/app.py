"""The Celery application: `celery -A worker.app worker …`."""

from celery import Celery
from celery.signals import setup_logging

from shared.log_lines import write_log_lines
from worker.channels import stay_calm

stay_calm()
app = Celery(
    "celltally",
    include=[
        "worker.tasks.segment",
        "worker.tasks.stats",
        "worker.tasks.export",
        "worker.tasks.ingest",
        "worker.tasks.preview",
        "worker.parent",
        "worker.children",
    ],
)
app.config_from_object("celeryconfig")


@setup_logging.connect  # type: ignore[untyped-decorator]
def write_lines(**_: object) -> None:
    """Log as every other process does; Celery leaves logging alone once this is connected."""
    write_log_lines()
