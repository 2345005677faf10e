"""A project with results, exports of it, and a worker that writes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Row, RowMapping

from shared.actions.clean_storage import delete_files
from shared.actions.exports import ask_export, end_export
from shared.actions.publish_outbox import publish_outbox
from shared.actions.watch_exports import dispatch_exports, watch_exports
from shared.actions.write_export import claim_export
from shared.database.engine import Database
from shared.database.exports import NewExport
from shared.domain.channels import Channel, ChannelKind
from shared.domain.engines import Segmentation
from shared.domain.events import ExportUpdate
from shared.domain.exports import ClaimedExport, ExportFormat, Selection
from shared.domain.runs import Claimant
from shared.results import save_result
from shared.storage import Storage
from tests.exports import two_squares, unzipped
from tests.images import encoded, np
from tests.integration.lab import Lab
from worker.exporting import carry_out_export


class TimeIsUpError(Exception):
    """What the time limit of a task raises here."""


@dataclass
class Office:
    """What a test of exports works with."""

    lab: Lab
    storage: Storage
    ada: UUID
    project: UUID

    @property
    def database(self) -> Database:
        return self.lab.database

    def segmented(self, count: int = 2) -> list[UUID]:
        """Add images that have a result of two objects each."""
        self.lab.engine()
        ids = self.lab.images(self.project, count)
        self.lab.segment(self.project, ids)
        for run in self.lab.runs(self.project, "queued"):
            held = self.lab.claimed(run.id)
            self.lab.complete(held, objects=2)
            path = f"results/{held.image_id}/{held.token}/"
            self.save(path)
            self.storage.put(held.storage_key, encoded(np.zeros((8, 8), np.uint8)))
        return ids

    def save(self, path: str) -> None:
        save_result(
            self.storage,
            path,
            segmentation=Segmentation(two_squares()),
            image=np.zeros((8, 8, 1), np.uint8),
            pixel_size_um=None,
        )

    def ask(
        self,
        *formats: str,
        who: UUID | None = None,
        image_ids: Sequence[UUID] | None = None,
        statuses: Sequence[str] | None = None,
    ) -> UUID:
        """Ask for an export; return its id."""
        selection = Selection(
            None if image_ids is None else tuple(image_ids),
            None if statuses is None else tuple(statuses),  # type: ignore[arg-type]
        )
        wanted = tuple(map(ExportFormat, formats or ["csv"]))
        new = NewExport(self.project, who or self.ada, wanted, selection)
        row: RowMapping = self.database.transact(lambda tx: ask_export(tx, new))
        export_id: UUID = row["id"]
        return export_id

    def end(self, export_id: UUID) -> None:
        self.database.transact(lambda tx: end_export(tx, export_id))

    def claim(self, export_id: UUID, *, worker: str = "w1", pid: int = 1) -> ClaimedExport | None:
        claimant = Claimant(worker, pid, 45)
        return self.database.transact(lambda tx: claim_export(tx, export_id, claimant=claimant))

    def carry_out(self, export_id: UUID, *, pid: int = 1, storage: Storage | None = None) -> bool:
        """Write the export, as a child of a worker does."""
        services = self if storage is None else Office(self.lab, storage, self.ada, self.project)
        return carry_out_export(
            services,
            export_id,
            Claimant("w1", pid, lease_seconds=45),
            is_timeout=lambda problem: isinstance(problem, TimeIsUpError),
        )

    def row(self, export_id: UUID) -> Row[Any]:
        return self.lab.sql("SELECT * FROM exports WHERE id = :id", id=export_id)[0]

    def status(self, export_id: UUID) -> str:
        status: str = self.row(export_id).status
        return status

    def files(self, export_id: UUID) -> dict[str, bytes]:
        """Return what is in the export's ZIP."""
        return unzipped(self.storage.read(self.row(export_id).file_key))

    def stored(self) -> list[str]:
        return sorted(self.storage.list("exports/"))

    def clean(self) -> None:
        """Let the janitor do what is due now, a day later."""
        self.lab.sql("UPDATE file_deletions SET due_at = due_at - interval '25 hours'")
        delete_files(self.database, self.storage)

    def dispatch(self) -> list[UUID]:
        """Send what may be sent; return which exports that were."""
        before = len(self.lab.queue.exports)
        dispatch_exports(self.database, self.lab.queue)
        return self.lab.queue.exports[before:]

    def lose_worker(self) -> list[UUID]:
        """Let every lease run out, and have the scheduler look."""
        self.lab.sql(
            "UPDATE exports SET lease_until = lease_until - interval '1 day'"
            " WHERE status = 'running'"
        )
        return watch_exports(self.database)

    def told(self, who: UUID | None = None) -> list[ExportUpdate]:
        """Return what a user was told, in its order."""
        publish_outbox(self.database, self.lab.publisher, self.lab.queue)
        channel = Channel(ChannelKind.USER, who or self.ada)
        return [
            event
            for name, event, _ in self.lab.publisher.events
            if name == channel and isinstance(event, ExportUpdate)
        ]


class Interrupting(Storage):
    """A storage that calls *hook* before it reads a file whose key has *word*."""

    def __init__(self, inner: Storage, word: str, hook: Callable[[], None]) -> None:
        self._inner = inner
        self._word = word
        self._hook: Callable[[], None] | None = hook

    def read(self, key: str) -> bytes:
        if self._word in key and (hook := self._hook) is not None:
            self._hook = None
            hook()
        return self._inner.read(key)

    def put_stream(self, key: str, pieces: Any) -> int:
        return self._inner.put_stream(key, pieces)

    def delete(self, keys: Any) -> None:
        self._inner.delete(keys)
