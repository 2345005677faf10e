"""A preview shows what an engine would find, and moves nothing."""

from typing import Any
from uuid import UUID

import numpy as np
import pytest

from shared.actions.preview import PreviewRequest, ask_preview, forget_old_previews
from shared.database import previews
from shared.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from shared.storage import open_storage
from tests.images import disks, encoded
from tests.integration.lab import Lab
from tests.integration.runs.child import Child, FakeEngines, TimeIsUpError
from tests.integration.tally.audit import offences
from worker.previewing import carry_out_preview, middle_of
from worker.turns import EngineTimeoutError, NoTurnError


@pytest.fixture
def child(lab: Lab) -> Child:
    return Child(lab, open_storage("memory:///"), FakeEngines())


@pytest.fixture
def image(lab: Lab, child: Child) -> UUID:
    lab.engine()
    [image] = lab.images(lab.project())
    child.storage.put(lab.image(image).storage_key, encoded(disks(2)))
    return image


def asked(lab: Lab, image: UUID, **fields: Any) -> UUID:
    project = lab.image(image).project_id
    request = PreviewRequest(
        project_id=project, image_id=image, **{"user_id": lab.owner(project)} | fields
    )
    return ask_preview(lab.database, lab.queue, request)


def looked(lab: Lab, child: Child, preview_id: UUID) -> bool:
    return carry_out_preview(
        child, preview_id, is_timeout=lambda problem: isinstance(problem, TimeIsUpError)
    )


def shown(lab: Lab, preview_id: UUID) -> Any:
    with lab.database.reading() as connection:
        return previews.preview(connection, preview_id)


def test_a_preview_tells_what_is_there_and_counts_nothing(
    lab: Lab, child: Child, image: UUID
) -> None:
    before = lab.stats(lab.image(image).project_id)
    row = lab.image(image)
    preview_id = asked(lab, image, params={"threshold": 0.7})

    assert looked(lab, child, preview_id)

    told = shown(lab, preview_id)
    assert (told["status"], told["found"]["objectCount"]) == ("done", 2)
    assert len(told["found"]["outlines"]) == 2
    assert told["params"] == {"threshold": 0.7}
    assert child.engines.asked == [("noop", {"threshold": 0.7})]
    with lab.database.reading() as connection:
        assert previews.picture(connection, preview_id)[:4] == b"RIFF"  # type: ignore[index]
        assert offences(connection) == {}
    assert lab.stats(before.project_id) == before
    assert lab.image(image) == row
    assert lab.runs(before.project_id) == []
    assert lab.sql("SELECT FROM outbox WHERE type = 'imageStatusUpdate'") == []
    assert lab.queue.previews == [(preview_id, "segment.cpu")]


def test_of_a_large_image_the_middle_is_looked_at() -> None:
    image = np.arange(3000 * 50).reshape(3000, 50, 1)

    top, left, part = middle_of(image, 100)

    assert (top, left, part.shape) == (1450, 0, (100, 50, 1))
    assert part[0, 0, 0] == image[1450, 0, 0]


def test_another_preview_takes_the_place_of_the_one_before(
    lab: Lab, child: Child, image: UUID
) -> None:
    first = asked(lab, image)
    second = asked(lab, image)

    assert shown(lab, first) is None
    assert not looked(lab, child, first)
    assert looked(lab, child, second)


def test_a_second_delivery_finds_nothing_to_do(lab: Lab, child: Child, image: UUID) -> None:
    preview_id = asked(lab, image)
    looked(lab, child, preview_id)

    assert not looked(lab, child, preview_id)
    assert len(child.engines.asked) == 1


def test_a_preview_that_nobody_took_up_says_so(lab: Lab, child: Child, image: UUID) -> None:
    preview_id = asked(lab, image)
    lab.sql("UPDATE previews SET created_at = created_at - interval '50 seconds'")

    told = shown(lab, preview_id)

    assert told["status"] == "failed"
    assert "No worker had time" in told["detail"]
    assert not looked(lab, child, preview_id)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (TimeIsUpError(), "took too long"),
        (EngineTimeoutError("too long"), "took too long"),
        (RuntimeError("boom"), "The engine stopped: RuntimeError"),
        (UnavailableError("Its weights are missing."), "Its weights are missing"),
    ],
)
def test_why_nothing_can_be_shown_is_said_in_words(
    lab: Lab, child: Child, image: UUID, problem: Exception, words: str
) -> None:
    def fail(*_: Any) -> Any:
        raise problem

    child.engines.find = fail
    preview_id = asked(lab, image)

    assert not looked(lab, child, preview_id)

    told = shown(lab, preview_id)
    assert told["status"] == "failed"
    assert words in told["detail"]


def test_a_worker_whose_engines_are_busy_for_long_says_so(
    lab: Lab, child: Child, image: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: Any) -> Any:
        raise NoTurnError

    monkeypatch.setattr(child.turns, "taken", none, raising=False)
    preview_id = asked(lab, image)

    looked(lab, child, preview_id)

    assert "No worker had time" in shown(lab, preview_id)["detail"]


def test_a_broker_that_is_away_is_told_at_once(lab: Lab, image: UUID) -> None:
    lab.queue.away = True

    with pytest.raises(UnavailableError, match="no preview can be made now"):
        asked(lab, image)


def test_wrong_wishes_are_refused(lab: Lab, image: UUID) -> None:
    other = lab.images(lab.project())[0]

    with pytest.raises(InvalidInputError, match="no engine 'magic'"):
        asked(lab, image, engine="magic")
    with pytest.raises(InvalidInputError):
        asked(lab, image, engine="noop", params={"threshold": "high"})
    request = PreviewRequest(lab.image(image).project_id, other, lab.user())
    with pytest.raises(NotFoundError):
        ask_preview(lab.database, lab.queue, request)

    assert lab.queue.previews == []


def test_previews_go_with_their_image_and_after_an_hour(lab: Lab, image: UUID) -> None:
    asked(lab, image)
    lab.delete(lab.image(image).project_id, [image])
    assert lab.value("SELECT count(*) FROM previews") == 0
    [next_image] = lab.images(lab.project())
    asked(lab, next_image)
    assert forget_old_previews(lab.database) == 0

    lab.sql("UPDATE previews SET created_at = created_at - interval '61 minutes'")

    assert forget_old_previews(lab.database) == 1
