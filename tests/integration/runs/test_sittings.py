"""Of the edits that somebody saves within minutes, the last is kept (a day later)."""

from collections.abc import Callable
from threading import Thread
from uuid import UUID

import pytest

from shared.actions.choose_result import choose_result
from shared.actions.thin_edits import thin_edits
from shared.database.sittings import forget_steps
from shared.database.transaction import Transaction
from shared.domain.errors import CelltallyError, NotFoundError
from tests.integration.lab import Lab


@pytest.fixture
def image(lab: Lab) -> UUID:
    """An image with a result of three objects."""
    lab.engine()
    [image] = lab.images(lab.project())
    lab.segment(lab.image(image).project_id, [image])
    lab.complete(lab.claimed(lab.runs(lab.image(image).project_id)[0].id))
    return image


def edits(lab: Lab, image: UUID, count: int, *, who: UUID | None = None) -> list[UUID]:
    """Save so many edits, one on top of the other, a second apart."""
    return [lab.edit(image, 2 + number, who=who) for number in range(count)]


def later(lab: Lab, image: UUID, words: str = "1 day 1 minute") -> None:
    """Let time pass since everything that happened at the image."""
    lab.sql(
        "UPDATE runs SET finished_at = finished_at - CAST(:words AS interval)"
        " WHERE image_id = :image AND finished_at IS NOT NULL RETURNING id",
        words=words,
        image=image,
    )


def history(lab: Lab, image: UUID) -> list[UUID]:
    return [run.id for run in lab.runs(lab.image(image).project_id)]


def left_for_deletion(lab: Lab) -> set[str]:
    return {row.path for row in lab.sql("SELECT path FROM file_deletions")}


def test_the_last_edit_of_a_sitting_is_kept_and_tells_what_the_sitting_began_from(
    lab: Lab, image: UUID
) -> None:
    [made] = history(lab, image)
    *steps, last = edits(lab, image, 4)
    later(lab, image)

    assert thin_edits(lab.database) == 3

    assert history(lab, image) == [made, last]
    assert lab.run(last).edits == made
    assert lab.image(image).current_run_id == last
    assert {f"results/{image}/{step}/" for step in steps} <= left_for_deletion(lab)
    assert f"results/{image}/{last}/" not in left_for_deletion(lab)
    assert lab.is_exact(lab.image(image).project_id)
    assert thin_edits(lab.database) == 0


def test_edits_of_today_are_kept(lab: Lab, image: UUID) -> None:
    edits(lab, image, 3)

    assert thin_edits(lab.database) == 0


def test_edits_of_two_people_are_two_sittings(lab: Lab, image: UUID) -> None:
    [made] = history(lab, image)
    [_, first] = edits(lab, image, 2)
    [_, second] = edits(lab, image, 2, who=lab.user("Bob"))
    later(lab, image)

    assert thin_edits(lab.database) == 2

    assert history(lab, image) == [made, first, second]
    assert (lab.run(first).edits, lab.run(second).edits) == (made, first)


def test_edits_with_a_pause_between_them_are_two_sittings(lab: Lab, image: UUID) -> None:
    [first] = edits(lab, image, 1)
    later(lab, image, "10 minutes")
    [second] = edits(lab, image, 1)
    later(lab, image)

    assert thin_edits(lab.database) == 0
    assert history(lab, image)[1:] == [first, second]


def test_a_step_that_somebody_shows_again_is_kept(lab: Lab, image: UUID) -> None:
    [first, second, third] = edits(lab, image, 3)
    show(lab, image, second)
    later(lab, image)

    assert thin_edits(lab.database) == 1

    assert history(lab, image)[1:] == [second, third]
    assert lab.run(second).edits == history(lab, image)[0]
    assert first not in history(lab, image)


def test_a_run_that_a_step_outran_was_outrun_by_the_sitting(lab: Lab, image: UUID) -> None:
    project = lab.image(image).project_id
    lab.segment(project, [image], force=True)
    run = lab.claimed(lab.runs(project, "queued")[-1].id)
    [_] = edits(lab, image, 1)
    lab.complete(run, 7)
    [last] = edits(lab, image, 1)
    later(lab, image)

    assert thin_edits(lab.database) == 1

    assert lab.run(run.id).outrun_by == last


def test_a_step_cannot_be_shown_while_it_is_forgotten(lab: Lab, image: UUID) -> None:
    [step, last] = edits(lab, image, 2)
    later(lab, image)
    choosing = Thread(target=lambda: refused.append(refusal_of(lambda: show(lab, image, step))))
    refused: list[Exception | None] = []

    def forget(tx: Transaction) -> None:
        forget_steps(tx.connection, image)
        choosing.start()
        lab.until_one_waits()

    lab.database.transact(forget)

    choosing.join()
    assert isinstance(refused[0], NotFoundError)
    assert lab.image(image).current_run_id == last


def test_a_step_that_is_just_being_shown_is_kept(lab: Lab, image: UUID) -> None:
    [step, _] = edits(lab, image, 2)
    later(lab, image)
    thinned: list[int] = []
    thinning = Thread(target=lambda: thinned.append(thin_edits(lab.database)))

    def choose(tx: Transaction) -> None:
        choose_result(tx, image_id=image, run_id=step)
        thinning.start()
        lab.until_one_waits()

    lab.database.transact(choose)

    thinning.join()
    assert thinned == [0]
    assert lab.image(image).current_run_id == step
    assert step in history(lab, image)


def show(lab: Lab, image: UUID, run: UUID) -> None:
    lab.database.transact(lambda tx: choose_result(tx, image_id=image, run_id=run))


def refusal_of(act: Callable[[], None]) -> Exception | None:
    try:
        act()
    except CelltallyError as refusal:
        return refusal
    return None
