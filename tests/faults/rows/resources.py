"""Rows 6, 7 and 24: images that eat memory, crash, hang, or are none."""

import struct
import zlib

from shared.domain.runs import FORGIVEN_LOSSES, MAX_ATTEMPTS
from tests.faults.examining import Expected, examine, failed
from tests.faults.ledger import Entry
from tests.faults.matrix import row
from tests.faults.plant import Album, Plant
from tests.images import disks, encoded
from tests.integration.interleaving import until


def attempts(plant: Plant, album: Album) -> list[int]:
    """Return how often each run of the album was tried."""
    return [run.attempt for run in plant.lab.runs(album.project)]


def _poison(
    plant: Plant, entry: Entry, mode: str, *, due: int = MAX_ATTEMPTS, beside: bool = False
) -> None:
    """An image that kills is tried so often as is *due* and given up; others flow meanwhile.

    Only those *beside* it from its first attempt on can be hit each time as well.
    """
    poison = plant.segmenting(mode=mode)
    if not beside:
        plant.until_began(poison)
    others = plant.segmenting(8, mode="slow", seconds=0.2)
    examine(plant, entry, others)
    if not plant.long:
        _without_pauses(plant, poison)
    examine(plant, entry, poison, expected=failed("worker_lost"), seconds=480)
    began = len(plant.journal.of(poison.only))
    entry.injected = began
    due += _leases_lost_to_a_slow_machine(plant, poison, due)
    entry.expect(began == due, f"{began} executions of the poison, {due} were due")
    entry.expect(attempts(plant, poison) == [due], f"attempts {attempts(plant, poison)}")


def _leases_lost_to_a_slow_machine(plant: Plant, poison: Album, due: int) -> int:
    """Return how many leases ended before the end of their child was told: each is forgiven.

    The short form has leases of three seconds, which a busy machine may not keep.
    """
    (run,) = plant.lab.runs(poison.project)
    return 0 if plant.long else int(run.max_attempts) - due


def _without_pauses(plant: Plant, album: Album) -> None:
    """Have an image tried again at once until it fails: it is alone, and need not keep apart."""
    hurry = "UPDATE runs SET not_before = now() WHERE project_id = :p AND not_before > now()"

    def has_failed() -> bool:
        plant.lab.sql(hurry, p=album.project)
        return all(run.status == "failed" for run in plant.lab.runs(album.project))

    until(has_failed, seconds=480)


@row("6", "an image that kills its child, three times")
def a_child_killer_is_given_up_after_three_attempts(plant: Plant, entry: Entry) -> None:
    _poison(plant, entry, "kill")


@row("6b", "an image that kills its whole worker, five times")
def a_worker_killer_is_given_up_after_five_attempts(plant: Plant, entry: Entry) -> None:
    due = MAX_ATTEMPTS + FORGIVEN_LOSSES
    _poison(plant, entry, "kill_group", due=due, beside=plant.long)


def _single_attempt(plant: Plant, entry: Entry, album: Album, expected: Expected) -> None:
    """Examine images whose first attempt is the last: their back-off would take 12 s."""
    plant.lab.sql("UPDATE runs SET max_attempts = 1 WHERE project_id = :p", p=album.project)
    examine(plant, entry, album, expected=expected)
    entry.injected += len(album.images)
    healthy = plant.segmenting(4)
    examine(plant, entry, healthy)


@row("6c", "an engine that asks for more memory than a child may have")
def a_memory_eater_fails_alone(plant: Plant, entry: Entry) -> None:
    album = plant.segmenting(mode="eat", seconds=1)
    _single_attempt(plant, entry, album, failed("out_of_memory"))


@row("7", "an image slower than the soft limit of its engine")
def an_image_beyond_the_soft_limit_fails_as_timeout(plant: Plant, entry: Entry) -> None:
    album = plant.segmenting(engine="hurried", mode="slow", seconds=60)
    _single_attempt(plant, entry, album, failed("timeout"))


@row("7b", "an engine that hangs beyond the hard limit")
def an_image_beyond_the_hard_limit_fails_as_timeout(plant: Plant, entry: Entry) -> None:
    album = plant.segmenting(engine="hurried", mode="hang")
    _single_attempt(plant, entry, album, failed("timeout"))


@row("24", "no image at all: 0 bytes, noise, a truncated file, a bomb")
def what_is_no_image_fails_at_once(plant: Plant, entry: Entry) -> None:
    album = plant.album(4)
    whole = encoded(disks(3))
    contents = (b"", b"no image at all", whole[: len(whole) // 2], bomb())
    for number, content in zip(sorted(album.numbers), contents, strict=True):
        plant.file_of(album, number).write_bytes(content)
    plant.segment(album)
    codes = ("unreadable_image", "unsupported_format", "too_large")
    examine(plant, entry, album, expected=failed(*codes))
    entry.injected = len(contents)
    tried = attempts(plant, album)
    entry.expect(tried == [1] * 4, f"attempts {tried}: a file that is no image was tried again")


def bomb() -> bytes:
    """Return a PNG that says it has 60,000 by 60,000 pixels, in a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
