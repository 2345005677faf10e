"""Save the outlines that somebody drew as a new result of the image (rules.md 22)."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from sqlalchemy.engine import RowMapping

from shared.actions.activities import record_activity
from shared.database import choosing, editing, files, projects
from shared.database.activities import Deed
from shared.database.engine import Database
from shared.database.transaction import Transaction
from shared.domain.activities import ActivityType
from shared.domain.editing import DrawnObject, EditedMeanwhileError
from shared.domain.errors import NotFoundError
from shared.domain.events import Operation
from shared.domain.result_files import OBJECTS, RESULT_FILES, key_of
from shared.domain.wire import rfc3339
from shared.editing import Editor, EditRequest, MadeResult
from shared.editing.request import BEFORE, RESULT, write_drawn
from shared.pausing import pause
from shared.storage import Storage


class EditingServices(Protocol):
    """What saving an edit needs."""

    @property
    def database(self) -> Database: ...
    @property
    def storage(self) -> Storage: ...
    @property
    def editor(self) -> Editor: ...
    @property
    def incoming(self) -> Path: ...


@dataclass(frozen=True, slots=True)
class Edit:
    """Who saves what; *fits* tells whether the image's version, and its run, are those meant."""

    image_id: UUID
    user_id: UUID
    objects: list[DrawnObject]
    fits: Callable[[int, UUID | None], bool]
    op_id: str | None = None


def edit_result(services: EditingServices, edit: Edit) -> None:
    """Make the drawn objects the image's current result; raise EditedMeanwhileError if late.

    The files lie in storage before the one statement that makes them current; whatever happens
    in between, the janitor knows of them already.
    """
    before = what_is_edited(services.database, edit)
    run_id = uuid4()
    path = f"results/{edit.image_id}/{uuid4()}/"
    services.database.transact(lambda tx: files.leave_for_later_deletion(tx.connection, path))
    try:
        made = _made(services, edit, before, path)
        pause("edit.before_commit")
        services.database.transact(
            lambda tx: save_edit(tx, edit, before, run_id=run_id, path=path, made=made),
            operation=Operation.SEGMENTATION_EDITED,
            op_id=edit.op_id,
        )
    except Exception:
        services.database.transact(lambda tx: files.hasten_deletion(tx.connection, path))
        raise


def what_is_edited(database: Database, edit: Edit) -> RowMapping:
    """Return the image and the result it shows, or refuse because somebody was faster."""
    with database.reading() as connection:
        before = editing.edited_image(connection, edit.image_id)
    if before is None:
        raise NotFoundError("This image does not exist any more.")
    if not edit.fits(before["version"], before["current_run_id"]):
        raise _late(before)
    return before


def _late(now: RowMapping) -> EditedMeanwhileError:
    if now["finished_at"] is None:
        return EditedMeanwhileError("This image has no result yet: it is at version 0.")
    who = f"{now['saved_by'] or 'Somebody'} saved" if now["edited"] else "A new result made"
    return EditedMeanwhileError(
        f"{who} version {now['version']} at {rfc3339(now['finished_at'])}. "
        "Load it, and make your changes there."
    )


def _made(services: EditingServices, edit: Edit, before: RowMapping, path: str) -> MadeResult:
    """Have the result made by a child from local copies, and store its files."""
    storage = services.storage
    with tempfile.TemporaryDirectory(dir=services.incoming, prefix="edit-") as place:
        folder = Path(place)
        _copy(storage, before["storage_key"], folder / "original")
        if before["result_path"] is not None:
            (folder / BEFORE).mkdir()
            key = key_of(before["result_path"], OBJECTS)
            _copy(storage, key, folder / key_of(BEFORE, OBJECTS))
        write_drawn(folder, edit.objects)
        request = EditRequest(
            folder=str(folder),
            original=str(folder / "original"),
            filename=before["filename"],
            page=before["page"],
            pixel_size_um=before["pixel_size_um"],
        )
        made = services.editor.make(request)
        for name in RESULT_FILES:
            storage.put_file(key_of(path, name), folder / key_of(RESULT, name))
    return made


def _copy(storage: Storage, key: str, target: Path) -> None:
    with target.open("wb") as file:
        for piece in storage.stream(key):
            file.write(piece)


def save_edit(  # noqa: PLR0913 - named, each of them
    tx: Transaction, edit: Edit, before: RowMapping, *, run_id: UUID, path: str, made: MadeResult
) -> None:
    """Make the result stored at *path* current, if the image still shows what was edited."""
    values = {
        "run_id": run_id,
        "image_id": edit.image_id,
        "edits": before["current_run_id"],
        "user_id": edit.user_id,
        "pixel_size_um": before["pixel_size_um"],
        "object_count": made.object_count,
        "quality": json.dumps(made.quality.to_json()),
        "result_path": path,
    }
    if not tx.rows(choosing.EDIT, values):
        now = editing.edited_image(tx.connection, edit.image_id)
        raise NotFoundError("This image does not exist any more.") if now is None else _late(now)
    _record(tx, edit, before["project_id"], run_id)


def _record(tx: Transaction, edit: Edit, project_id: UUID, run_id: UUID) -> None:
    """Write the entry of the feed: one an hour, which counts the images."""
    title = projects.title_of(tx.connection, project_id)
    again = editing.saved_lately(tx.connection, edit.image_id, edit.user_id, but=run_id)
    if title is None or again:
        return
    deed = Deed(
        type=ActivityType.SEGMENTATION_EDITED,
        actor_id=edit.user_id,
        project_id=project_id,
        project_name=title,
        count=1,
        act=f"edit:{editing.this_hour(tx.connection)}",
    )
    record_activity(tx, deed)
