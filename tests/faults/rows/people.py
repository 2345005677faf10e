"""Rows 11, 18 and 19: people upload, cancel and delete while things break."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from sqlalchemy.engine import Row

from shared.actions.clean_storage import delete_files
from shared.actions.delete_project import delete_project
from shared.storage import open_storage
from tests.faults.engine import picture
from tests.faults.examining import examine
from tests.faults.front import Client, web
from tests.faults.journal import ENDED
from tests.faults.ledger import Entry
from tests.faults.matrix import row
from tests.faults.plant import PATIENCE, Album, Plant
from tests.faults.traps import WAIT, lay, take_away
from tests.images import encoded
from tests.integration.interleaving import until


@row("11", "Redis down while people upload and ask to segment")
def uploads_need_no_redis(plant: Plant, entry: Entry) -> None:
    owner = plant.lab.user()
    album = plant.album(0, owner=owner)
    with web(plant, owner) as client:
        plant.valkey.stop()
        down = time.monotonic()
        try:
            while time.monotonic() - down < (60 if plant.long else 3):
                _upload(plant, client, album)
                time.sleep(0.3)
            wish = {"select": "unprocessed", "engine": "faulty"}
            client.post(f"projects/{album.project}/segment", json=wish)
        finally:
            plant.valkey.start()
    entry.injected = 1
    bad = [code for code in client.codes if code >= 300]
    entry.expect(not bad, f"answers {bad} while Redis was down")
    examine(plant, entry, album)


def _upload(plant: Plant, client: Client, album: Album) -> None:
    """Upload an image of a new number."""
    number = plant.next_numbers(1)[0]
    files = {"files": (f"{number}.png", encoded(picture(number)), "image/png")}
    answer = client.post(f"projects/{album.project}/images", files=files)
    [image] = answer["images"]
    album.images[UUID(image["id"])] = number


def uploaded_or_segmented(image: Row) -> bool:
    """Tell whether a cancelled image is what it was, or was segmented before."""
    has_result = image.current_run_id is not None
    return (image.status == "uploaded" and not has_result) or (
        image.status == "segmented" and has_result
    )


@row("18", "cancel while uploaded, queued, processing, committing")
def a_cancelled_image_is_what_it_was_or_segmented(plant: Plant, entry: Entry) -> None:
    owner = plant.lab.user()
    albums: list[Album] = []
    with web(plant, owner) as client, plant.gate("row18") as gate:
        for _ in range(10 if plant.long else 1):
            albums += _cancelled_in_each_state(plant, client, owner, gate)
    entry.injected = len(albums)
    bad = [code for code in client.codes if code >= 300]
    entry.expect(not bad, f"answers {bad} to cancels")
    for album in albums:
        until(lambda album=album: _at_rest(plant, album), seconds=PATIENCE)
        _expect_output_only_of_segmented(plant, entry, album)
    examine(plant, entry, *albums, expected=uploaded_or_segmented)


def _cancelled_in_each_state(plant: Plant, client: Client, owner: UUID, gate: Path) -> list[Album]:
    gate.unlink(missing_ok=True)

    def cancel(album: Album) -> None:
        [image] = album.images
        client.post(f"images/{image}/cancel")

    uploaded = plant.album(owner=owner)
    cancel(uploaded)
    working = plant.segmenting(4, owner=owner, mode="gate", gate="row18")
    plant.until_began(working)
    queued = plant.segmenting(owner=owner)
    cancel(queued)
    client.post(f"projects/{working.project}/cancel")
    gate.touch()
    caught = lay(plant.home, "segment.before_commit", WAIT)
    committing = plant.segmenting(owner=owner)
    until(caught.exists, seconds=PATIENCE)
    cancel(committing)
    take_away(plant.home, "segment.before_commit")
    return [uploaded, working, queued, committing]


def _at_rest(plant: Plant, album: Album) -> bool:
    """Tell whether nobody is at an image of the album any more."""
    began, ended = (plant.journal.count(word, album.numbers) for word in ("began", ENDED))
    return began == ended


def _expect_output_only_of_segmented(plant: Plant, entry: Entry, album: Album) -> None:
    for image in album.images:
        segmented = plant.lab.image(image).status == "segmented"

        def as_due(image: UUID = image, segmented: bool = segmented) -> bool:
            return bool(_files(plant, image)) == segmented

        try:
            until(as_due)
        except AssertionError:
            entry.expect(condition=False, complaint=f"image {image} keeps files of no result")


@row("19", "delete of an image, and of a project, in the middle of the work")
def what_is_deleted_leaves_no_file_and_no_count(plant: Plant, entry: Entry) -> None:
    kept = plant.album(1)
    entry.injected = 2
    _delete_while_working(
        plant, entry, kept, lambda doomed: plant.lab.delete(kept.project, list(doomed))
    )
    gone = plant.album(1)
    _delete_while_working(
        plant,
        entry,
        gone,
        lambda _: delete_project(plant.lab.database, plant.lab.queue, gone.project),
    )
    examine(plant, entry, kept)
    left = plant.lab.sql("SELECT FROM projects WHERE id = :p", p=gone.project)
    entry.expect(not left, "the deleted project is still there")


def _delete_while_working(
    plant: Plant, entry: Entry, album: Album, delete: Callable[[list[UUID]], object]
) -> None:
    """Delete images of the album while they are worked on; what stays is segmented as well."""
    with plant.gate("row19") as gate:
        before = dict(album.images)
        plant.add(album, 2)
        doomed = {image: number for image, number in album.images.items() if image not in before}
        plant.segment(album, mode="gate", gate="row19")
        plant.until_began(album)
        delete(list(doomed))
        gate.touch()
    until(lambda: _at_rest(plant, album), seconds=PATIENCE)
    for image, number in doomed.items():
        until(lambda image=image: not _files(plant, image), seconds=PATIENCE)
        until(lambda number=number: _original_is_gone(plant, album, number), seconds=PATIENCE)
        del album.images[image]
        album.deleted += 1
    entry.images += len(doomed)


def _files(plant: Plant, image: UUID) -> list[str]:
    """Return the files of the image's results; folders may vanish under the listing."""
    folders = os.walk(plant.home / f"files/results/{image}")
    return [name for _, _, names in folders for name in names]


def _original_is_gone(plant: Plant, album: Album, number: int) -> bool:
    """Tell whether the janitor was here; the scheduler sends it each 30 s."""
    if not plant.long:
        storage = open_storage((plant.home / "files").as_uri())
        delete_files(plant.lab.database, storage)
    return not plant.file_of(album, number).exists()
