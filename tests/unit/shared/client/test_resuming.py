"""What is new, what is a repetition, and what is lost (R3, R4)."""

from typing import Any

import pytest

from shared.client.resuming import Resuming

IMAGES, PROJECT = "images:1", "project:1"


def pub(position: str, ch: str = IMAGES, **fields: Any) -> dict[str, Any]:
    return {"m": "pub", "ch": ch, "id": position, **fields}


def subbed(position: str, ch: str = IMAGES, **fields: Any) -> dict[str, Any]:
    return {"m": "subbed", "ref": 1, "ch": ch, "id": position, "recovered": True, **fields}


@pytest.fixture
def resuming() -> Resuming:
    """Both channels, answered at offset 4 of the epoch e."""
    resuming = Resuming([PROJECT, IMAGES])
    resuming.wishes()
    for channel in (PROJECT, IMAGES):
        resuming.answered(subbed("e:4", channel))
    return resuming


def ids(messages: Any) -> list[str]:
    return [message["id"] for message in messages]


def test_the_first_wish_names_no_position_and_later_ones_the_last() -> None:
    resuming = Resuming([IMAGES])
    first = resuming.wishes()
    resuming.answered(subbed("e:4"))

    assert first == [{"ch": IMAGES}]
    assert resuming.wishes() == [{"ch": IMAGES, "since": "e:4"}]


def test_a_repetition_is_dropped(resuming: Resuming) -> None:
    seen = [ids(resuming.published(pub(f"e:{n}"))) for n in (4, 5, 5, 6, 3)]

    assert seen == [[], ["e:5"], [], ["e:6"], []]


def test_offsets_are_numbers_not_words(resuming: Resuming) -> None:
    assert ids(resuming.published(pub("e:10"))) == ["e:10"]
    assert ids(resuming.published(pub("e:9"))) == []


def test_what_comes_before_the_answer_is_in_the_answer(resuming: Resuming) -> None:
    resuming.wishes([IMAGES])
    early = ids(resuming.published(pub("e:7")))

    missed, lost = resuming.answered(subbed("e:7", pubs=[pub("e:5"), pub("e:6"), pub("e:7")]))

    assert (early, ids(missed), lost) == ([], ["e:5", "e:6", "e:7"], False)


def test_what_cannot_be_replayed_is_told_as_lost(resuming: Resuming) -> None:
    resuming.wishes([IMAGES])

    missed, lost = resuming.answered(subbed("f:2", recovered=False))

    assert (missed, lost) == ([], True)
    assert ids(resuming.published(pub("f:3"))) == ["f:3"]


def test_nothing_is_lost_on_a_channel_never_seen() -> None:
    resuming = Resuming([IMAGES])
    resuming.wishes()

    assert resuming.answered(subbed("e:9", recovered=False)) == ([], False)


def test_a_snapshot_is_news_only_when_its_version_is(resuming: Resuming) -> None:
    [*_] = resuming.published(pub("e:5", PROJECT, v=8))
    resuming.wishes()

    same, _ = resuming.answered(subbed("e:5", PROJECT, snapshot={"id": "e:5", "v": 8}))
    resuming.wishes()
    newer, _ = resuming.answered(subbed("e:6", PROJECT, snapshot={"id": "e:6", "v": 9}))

    assert (same, ids(newer)) == ([], ["e:6"])


def test_an_older_version_under_a_new_epoch_is_no_news(resuming: Resuming) -> None:
    [*_] = resuming.published(pub("e:5", PROJECT, v=8))

    assert ids(resuming.published(pub("f:1", PROJECT, v=7))) == []


def test_channels_of_others_are_not_ours(resuming: Resuming) -> None:
    assert not resuming.is_watched("user:1")
    assert ids(resuming.published(pub("e:5", "user:1"))) == []


def test_it_is_complete_when_every_channel_was_answered(resuming: Resuming) -> None:
    resuming.wishes()
    resuming.answered(subbed("e:4", PROJECT))
    half = resuming.complete
    resuming.answered(subbed("e:4", IMAGES))

    assert (half, resuming.complete) == (False, True)
