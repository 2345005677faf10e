"""YOLO labels, held to the checks that Ultralytics makes of a label file (E5).

The rules are those of its `verify_image_label`: a class and at least three corners a line, all of
it numbers, coordinates from 0 to 1, no class beyond the named ones, no line twice.
"""

import numpy as np
import pytest
from skimage.measure import points_in_poly

from tests.exports import exported, random_labels, ring_with_island, stored_image, two_squares

CLASSES = 1


def lines_of(image):
    content = exported([image], "yolo")[f"yolo/{image.record.stem}.txt"].decode()
    return content.splitlines()


def checked(lines):
    """Return class and corners of each line, or fail where Ultralytics would."""
    rows = [line.split() for line in lines]
    assert all(len(row) > 6 and len(row) % 2 == 1 for row in rows), "class and 3 corners at least"
    classes = np.array([row[0] for row in rows], float)
    segments = [np.array(row[1:], np.float32).reshape(-1, 2) for row in rows]
    assert all((each >= 0).all() and (each <= 1).all() for each in segments), "not normalised"
    assert ((classes >= 0) & (classes < CLASSES) & (classes == classes.astype(int))).all()
    assert len(set(lines)) == len(lines), "a line twice"
    return segments


@pytest.mark.parametrize("labels", [two_squares(), ring_with_island(), random_labels(4)])
def test_the_lines_are_what_ultralytics_takes(storage, labels):
    assert len(checked(lines_of(stored_image(storage, labels)))) == labels.max()


@pytest.mark.parametrize("seed", range(3))
def test_filled_by_even_and_odd_they_are_the_labels(storage, seed):
    """E3: holes stay holes, though the format has none."""
    labels = random_labels(seed)
    height, width = labels.shape
    y, x = np.mgrid[:height, :width] + 0.5
    centres = np.stack([x.ravel(), y.ravel()], axis=1)

    for label, segment in enumerate(checked(lines_of(stored_image(storage, labels))), 1):
        corners = np.round(segment.astype(float) * [width, height])
        inside = points_in_poly(centres, corners).reshape(labels.shape)
        assert (inside == (labels == label)).all(), label


def test_an_image_without_objects_has_an_empty_file_and_one_without_result_none(storage):
    empty = stored_image(storage, np.zeros((4, 4), np.uint32), name="empty.tif")
    never = stored_image(storage, None, name="never.tif")

    content = exported([empty, never], "yolo")

    assert content["yolo/empty.txt"] == b""
    assert "yolo/never.txt" not in content
    assert content["yolo/data.yaml"] == b"names:\n  0: object\n"
