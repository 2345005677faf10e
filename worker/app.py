"""The Celery application: `celery -A worker.app worker …`."""

from celery import Celery

app = Celery("celltally", include=["worker.tasks.segment", "worker.tasks.stats", "worker.parent"])
app.config_from_object("celeryconfig")
