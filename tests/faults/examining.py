"""After a row: is every image at its end, is it counted once, and does the tally equal the rows?"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Row

from shared.database.drift import find_drift
from tests.faults.journal import BEGAN, OVERLAPPED
from tests.faults.ledger import Entry
from tests.faults.plant import PATIENCE, Album, Plant
from tests.integration.interleaving import until
from tests.integration.tally.audit import offences

Expected = Callable[[Row[Any]], bool]


def has_a_result(image: Row[Any]) -> bool:
    """Tell whether the image ended as most must."""
    return image.status in ("segmented", "no_objects") and image.current_run_id is not None


def failed(*codes: str) -> Expected:
    """Return the question whether the image failed for one of these reasons."""
    return lambda image: image.status == "failed" and image.last_error_code in codes


def examine(
    plant: Plant,
    entry: Entry,
    *albums: Album,
    expected: Expected = has_a_result,
    frozen: bool = False,
    seconds: float = PATIENCE,
) -> None:
    """Wait for the end of all images, and enter what is wrong with them.

    *expected* tells a right end. A *frozen* worker does not live, so that its image may be begun
    by another one.
    """
    for album in albums:
        _wait(plant, album, seconds + plant.lease_seconds)
        _enter(plant, entry, album, expected)
    numbers = {number for album in albums for number in album.numbers}
    if not frozen:
        entry.overlaps += plant.journal.count(OVERLAPPED, numbers)
    began = [line.image for line in plant.journal.lines() if line.word == BEGAN]
    entry.started_again += sum(image in numbers for image in began) - len(set(began) & numbers)
    with plant.lab.database.reading() as connection:
        broken = offences(connection)
    entry.expect(not broken, f"the audit found {broken}")


def _wait(plant: Plant, album: Album, seconds: float) -> None:
    """Wait until nothing moves any more; who is not there then is stuck."""
    try:
        until(lambda: not _moving(plant, album), seconds=seconds)
        until(lambda: _is_published(plant, album), seconds=PATIENCE)
    except AssertionError:
        return


def _moving(plant: Plant, album: Album) -> int:
    return int(
        plant.lab.value(
            "SELECT count(*) FROM images WHERE project_id = :p"
            " AND status IN ('queued', 'processing')",
            p=album.project,
        )
    )


def _is_published(plant: Plant, album: Album) -> bool:
    """Tell whether all is folded and announced; a project that is gone has nothing to announce."""
    # One statement, so of one moment: between two of them a fold may move what both look for.
    return not plant.lab.value(
        "SELECT EXISTS (SELECT FROM stats_deltas WHERE project_id = :p) OR EXISTS ("
        "SELECT FROM project_stats WHERE project_id = :p AND published_version < version)",
        p=album.project,
    )


def _enter(plant: Plant, entry: Entry, album: Album, expected: Expected) -> None:
    images = plant.lab.sql("SELECT * FROM images WHERE project_id = :p", p=album.project)
    there = {image.id: image for image in images}
    stuck = sum(image.status in ("queued", "processing") for image in images)
    right = sum(expected(there[wanted]) for wanted in album.images if wanted in there)
    entry.images += len(album.images)
    entry.stuck += stuck
    lost = len(album.images) - right - stuck
    entry.lost += lost
    entry.expect(not lost, f"images have another end: {_ends(images, expected)}")
    entry.double += _counted_twice(plant, album)
    entry.expect(_is_published(plant, album), f"project {album.project} was not announced")
    with plant.lab.database.reading() as connection:
        drift = find_drift(connection, album.project)
    entry.expect(drift is None, f"the tally is not the recount: {drift}")
    missing = [path for path in _current_results(plant, album) if not path.exists()]
    entry.expect(not missing, f"{len(missing)} current results have no files")


def _ends(images: Sequence[Row[Any]], expected: Expected) -> dict[str, int]:
    """Count the wrong ends, for whoever looks for the cause."""
    wrong = (image for image in images if not expected(image))
    return dict(Counter(f"{image.status} {image.last_error_code or ''}".strip() for image in wrong))


def _counted_twice(plant: Plant, album: Album) -> int:
    """Count what its owner's acts have beyond one completion and one upload of each image."""
    acts = plant.lab.sql(
        "SELECT coalesce(sum(completions), 0) AS completions, coalesce(sum(uploads), 0) AS uploads"
        " FROM activity_buckets WHERE user_id = :owner",
        owner=album.owner,
    )[0]
    there = plant.lab.sql(
        "SELECT count(*) AS images, count(i.current_run_id) AS results"
        " FROM images AS i JOIN projects AS p ON p.id = i.project_id WHERE p.owner_id = :owner",
        owner=album.owner,
    )[0]
    succeeded = plant.lab.value(
        "SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM runs"
        " WHERE project_id = :p AND status = 'succeeded' GROUP BY image_id) AS twice",
        p=album.project,
    )
    return int(
        max(0, acts.completions - there.results)
        + max(0, acts.uploads - there.images - album.deleted)
        + succeeded
    )


def _current_results(plant: Plant, album: Album) -> list[Path]:
    paths = plant.lab.sql(
        "SELECT r.result_path FROM images AS i JOIN runs AS r ON r.id = i.current_run_id"
        " WHERE i.project_id = :p",
        p=album.project,
    )
    return [plant.home / "files" / row.result_path / "labels.tif" for row in paths]
