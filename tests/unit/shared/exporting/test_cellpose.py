"""Cellpose's files, read as its program reads them (E5)."""

from io import BytesIO

import numpy as np
import pytest

from tests.exports import exported, random_labels, stored_image, two_squares


def read(storage, labels):
    content = exported([stored_image(storage, labels)], "cellpose")["cellpose/well_seg.npy"]
    return np.load(BytesIO(content), allow_pickle=True).item()


def test_the_masks_come_back_with_their_image(storage):
    labels = random_labels(6)

    found = read(storage, labels)

    assert (found["masks"] == labels).all()
    assert found["filename"] == "well.tif"
    assert found["ismanual"].shape == (labels.max(),)


def test_the_outlines_are_the_border_of_the_masks(storage):
    labels = np.zeros((9, 9), np.uint32)
    labels[2:7, 2:7] = 1

    found = read(storage, labels)

    expected = labels.copy()
    expected[3:6, 3:6] = 0
    assert (found["outlines"] == expected).all()


def test_the_typical_diameter_is_told(storage):
    assert read(storage, two_squares())["est_diam"] == pytest.approx(
        2 * np.sqrt([6, 4]).mean() / np.pi**0.5
    )


def test_no_objects_are_no_objects(storage):
    found = read(storage, np.zeros((5, 5), np.uint32))

    assert found["masks"].max() == 0
    assert found["est_diam"] == 0
