"""COCO, read by pycocotools (E3, E5)."""

import json

import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.exports import exported, random_labels, ring_with_island, stored_image, two_squares

#: Its own arrays are of the time before NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def read(tmp_path, capsys):
    """Return a function that exports images and reads the file as pycocotools does."""

    def opened(*images):
        path = tmp_path / "instances.json"
        path.write_bytes(exported(images, "coco")["coco/instances.json"])
        return COCO(path)

    return opened


@pytest.mark.parametrize("seed", range(3))
def test_every_object_comes_back_pixel_by_pixel(read, storage, seed):
    """E3: holes and nested objects included."""
    labels = random_labels(seed)

    coco = read(stored_image(storage, labels))

    found = np.zeros_like(labels)
    for annotation in coco.anns.values():
        mask = coco.annToMask(annotation).astype(bool)
        assert annotation["area"] == mask.sum()
        assert not found[mask].any()
        found[mask] = annotation["label"]
    assert (found == labels).all()


def test_holes_are_run_length_codes_and_no_crowd(read, storage):
    """E5: `iscrowd` is 0, or the object would not count in training and evaluation."""
    coco = read(stored_image(storage, ring_with_island(), scores=[0.9, 0.5]))

    ring, island = coco.loadAnns(sorted(coco.anns))
    assert ring["segmentation"]["size"] == [12, 14]
    assert island["segmentation"] == [[5, 5, 7, 5, 7, 7, 5, 7]]
    assert [each["iscrowd"] for each in (ring, island)] == [0, 0]
    assert [each["score"] for each in (ring, island)] == [0.9, 0.5]
    assert (ring["bbox"], island["bbox"]) == ([1, 1, 10, 10], [5, 5, 2, 2])


def test_images_and_annotations_belong_together(read, storage):
    coco = read(
        stored_image(storage, two_squares(), name="a.tif"),
        stored_image(storage, np.zeros((6, 9), np.uint32), name="empty.tif"),
        stored_image(storage, None, name="never segmented.tif"),
        stored_image(storage, two_squares(), name="b.tif"),
    )

    images = coco.loadImgs(coco.getImgIds())
    assert [each["file_name"] for each in images] == ["a.tif", "empty.tif", "b.tif"]
    assert (images[1]["width"], images[1]["height"]) == (9, 6)
    assert [len(coco.getAnnIds(imgIds=each["id"])) for each in images] == [2, 0, 2]
    assert len(coco.anns) == 4
    assert coco.loadCats(coco.getCatIds())[0]["name"] == "object"


def test_without_any_object_it_is_whole_json(storage):
    content = json.loads(exported([], "coco")["coco/instances.json"])

    assert content["images"] == content["annotations"] == []


def test_a_score_that_the_engine_did_not_give_is_left_out(storage):
    image = stored_image(storage, two_squares())

    content = json.loads(exported([image], "coco")["coco/instances.json"])

    assert "score" not in content["annotations"][0]
