"""What was drawn is stored and measured as what an engine found (E7)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.editing import DrawnObject
from shared.domain.engines import Segmentation
from shared.domain.errors import InvalidInputError
from shared.editing.making import make_result, numbered
from shared.editing.request import BEFORE, RESULT, EditRequest, write_drawn
from shared.results import load_labels, load_result, save_result
from shared.storage.local import LocalStorage
from tests.images import annulus, disks, encoded

PIXEL_UM = 0.5


class Desk:
    """A folder with an image, a result of it, and what is drawn on it."""

    def __init__(self, folder: Path, labels: np.ndarray, picture: np.ndarray) -> None:
        self.folder = folder
        self.storage = LocalStorage(folder)
        (folder / "original").write_bytes(encoded(picture))
        save_result(
            self.storage,
            BEFORE,
            segmentation=Segmentation(labels, np.linspace(0.5, 0.9, int(labels.max()))),
            image=picture[:, :, np.newaxis],
            pixel_size_um=PIXEL_UM,
        )
        self.before = load_result(self.storage, BEFORE)

    def edit(self, drawn: list[DrawnObject]) -> list[dict[str, Any]]:
        write_drawn(self.folder, drawn)
        original = str(self.folder / "original")
        made = make_result(EditRequest(str(self.folder), original, "cells.png", 0, PIXEL_UM))
        found = load_result(self.storage, RESULT).objects
        assert made.object_count == len(found)
        return found


def drawn_of(found: dict[str, Any], **changes: Any) -> DrawnObject:
    fields = {"polygon": found["polygon"], "holes": found["holes"], "label": found["label"]}
    return DrawnObject(**fields | changes)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    picture = disks(3)
    labels = np.zeros(picture.shape, np.uint32)
    labels[24:49, 24:49] = annulus(12, 4, side=25)
    labels[24:49, 60:85][annulus(12, 0, side=25) > 0] = 2
    labels[30:40, 100:110] = 3
    return Desk(tmp_path, labels, picture)


def test_what_is_sent_back_unchanged_gives_the_same_result(desk: Desk) -> None:
    """GET, then PUT: the same labels, areas and measurements, to the last bit."""
    found = desk.edit([drawn_of(each) for each in desk.before.objects])

    assert found == desk.before.objects
    assert load_result(desk.storage, RESULT).summary == desk.before.summary
    same = load_labels(desk.storage, BEFORE) == load_labels(desk.storage, RESULT)
    assert same.all()


def test_a_deleted_object_leaves_the_labels_of_the_others(desk: Desk) -> None:
    first, _, third = desk.before.objects

    found = desk.edit([drawn_of(third), drawn_of(first)])

    assert [each["label"] for each in found] == [1, 3]
    assert found[0]["measurements"]["area"] == first["measurements"]["area"]
    assert found[1]["score"] == third["score"]


def test_an_outline_that_was_changed_is_not_what_the_engine_scored(desk: Desk) -> None:
    first, second, third = desk.before.objects
    moved = [(x + 1, y) for x, y in second["polygon"]]

    found = desk.edit([drawn_of(first), drawn_of(second, polygon=moved), drawn_of(third)])

    assert [each["score"] for each in found] == [first["score"], None, third["score"]]
    assert found[1]["measurements"]["area"] == second["measurements"]["area"]
    assert found[1]["measurements"]["areaUm2"] == second["measurements"]["area"] * PIXEL_UM**2


def test_a_new_object_gets_a_label_that_no_object_ever_had_there(desk: Desk) -> None:
    first, second, _ = desk.before.objects
    new = DrawnObject([(0, 0), (5, 0), (5, 4), (0, 4)], [])

    found = desk.edit([drawn_of(first), new, drawn_of(second)])

    assert [each["label"] for each in found] == [1, 2, 4]
    assert (found[2]["measurements"]["area"], found[2]["score"]) == (20, None)


def test_a_class_is_kept_with_the_object_and_with_its_pieces(desk: Desk) -> None:
    first, second, third = desk.before.objects
    top, bottom = 24, 49
    cut = DrawnObject([(72, top), (73, top), (73, bottom), (72, bottom)], [])

    found = desk.edit(
        [drawn_of(first), drawn_of(second, class_name="mitotic"), drawn_of(third), cut]
    )

    assert [(each["label"], each.get("class")) for each in found] == [
        (1, None),
        (2, "mitotic"),
        (3, None),
        (4, None),
        (5, "mitotic"),
    ]


def test_an_object_outside_the_image_is_named(desk: Desk) -> None:
    away = DrawnObject([(900, 900), (905, 900), (905, 905)], [])

    with pytest.raises(InvalidInputError, match=r"objects\.1: covers no pixel") as refused:
        desk.edit([drawn_of(desk.before.objects[0]), away])

    assert refused.value.code == "empty_outline"
    assert refused.value.errors[0]["field"] == "objects.1"


def test_all_objects_may_be_taken_away(desk: Desk) -> None:
    assert desk.edit([]) == []
    assert load_result(desk.storage, RESULT).summary["objectCount"] == 0


def test_labels_are_given_once() -> None:
    ring = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)]
    drawn = [DrawnObject(ring, [], label) for label in (7, None, 2, None)]

    assert [each.label for each in numbered(drawn, taken=5)] == [7, 8, 2, 9]
    assert [each.label for each in numbered(drawn, taken=20)] == [7, 21, 2, 22]
