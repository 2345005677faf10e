"""The run-length code, beside the one of COCO's own library."""

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from shared.exporting.outlines import Shape
from shared.exporting.rle import packed, rle_of
from shared.measuring import outlines
from tests.exports import random_labels, ring_with_island

#: Its own arrays are of the time before NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def shapes(labels):
    return [
        Shape(
            each.label,
            [number for corner in each.polygon for number in corner],
            [[number for corner in hole for number in corner] for hole in each.holes],
        )
        for each in outlines(labels)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_it_is_what_pycocotools_makes_of_the_mask(seed):
    """E3: with holes, at every border, of one pixel or many."""
    labels = random_labels(seed)

    for shape in shapes(labels):
        mask = np.asfortranarray(labels == shape.label, np.uint8)
        assert rle_of(shape, *labels.shape) == coco_mask.encode(mask)["counts"].decode()


def test_an_object_that_fills_its_image_is_one_run():
    labels = np.ones((5, 4), np.uint32)

    [shape] = shapes(labels)

    assert rle_of(shape, 5, 4) == packed([0, 20])


def test_large_and_falling_counts_are_packed_as_coco_packs_them():
    counts = [0, 5, 100_000, 3, 7, 40, 2, 1]

    unpacked = coco_mask.frPyObjects({"size": [1, sum(counts)], "counts": counts}, 1, sum(counts))

    assert packed(counts) == unpacked["counts"].decode()


def test_an_island_in_a_hole_is_no_part_of_the_ring():
    labels = ring_with_island()

    ring, island = shapes(labels)

    for shape in (ring, island):
        code = {"size": list(labels.shape), "counts": rle_of(shape, *labels.shape)}
        assert (coco_mask.decode(code).astype(bool) == (labels == shape.label)).all()
