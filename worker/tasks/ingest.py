"""`celltally.ingest`: take the members of an archive into its project."""

from uuid import UUID

from shared.messaging.task_names import INGEST
from worker.app import app
from worker.ingesting import ingest
from worker.services import services


@app.task(name=INGEST)  # type: ignore[untyped-decorator]
def take_in(ingest_id: str) -> None:
    """Go on with an archive; safe to deliver more than once."""
    ingest(services(), UUID(ingest_id))
