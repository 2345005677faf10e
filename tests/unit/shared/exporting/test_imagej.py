"""ImageJ's sets of selections, read by roifile (E5)."""

import numpy as np
import pytest
from roifile import ROI_TYPE, ImagejRoi
from skimage.measure import points_in_poly

from tests.exports import exported, random_labels, ring_with_island, stored_image


@pytest.fixture
def read(tmp_path, storage):
    """Return a function that exports labels and reads the set as roifile does."""

    def opened(labels, **options):
        path = tmp_path / "well_RoiSet.zip"
        content = exported([stored_image(storage, labels, **options)], "imagej")
        path.write_bytes(content["imagej/well_RoiSet.zip"])
        return ImagejRoi.fromfile(path)

    return opened


def pixels(roi, shape):
    """Return which pixels are inside: an odd number of rings around their centre."""
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    centres = np.stack([x.ravel(), y.ravel()], axis=1)
    rings = roi.coordinates(multi=True)
    return np.sum([points_in_poly(centres, ring) for ring in rings], axis=0).reshape(shape) % 2 == 1


@pytest.mark.parametrize("labels", [random_labels(5), ring_with_island()])
def test_each_selection_holds_the_pixels_of_its_label(read, labels):
    """E3."""
    rois = read(labels)

    assert [int(roi.name) for roi in rois] == list(range(1, labels.max() + 1))
    for label, roi in enumerate(rois, 1):
        assert (pixels(roi, labels.shape) == (labels == label)).all(), label


def test_an_object_with_a_hole_is_a_composite_selection(read):
    ring, island = read(ring_with_island())

    assert ring.composite
    assert (ring.left, ring.top, ring.right, ring.bottom) == (1, 1, 11, 11)
    assert island.roitype is ROI_TYPE.TRACED
    assert (island.left, island.top, island.right, island.bottom) == (5, 5, 7, 7)


def test_names_sort_as_the_labels_do(read):
    labels = np.arange(12, dtype=np.uint32).repeat(4).reshape(12, 4)

    assert [roi.name for roi in read(labels)][:2] == ["01", "02"]


def test_far_corners_keep_their_place(read):
    labels = np.zeros((4, 70_000), np.uint32)
    labels[1:3, 69_990:69_995] = 1

    [roi] = read(labels)

    assert roi.coordinates().max(axis=0).tolist() == [69_995, 3]


def test_an_image_without_objects_has_no_set(storage):
    content = exported([stored_image(storage, np.zeros((4, 4), np.uint32))], "imagej")

    assert not any(name.startswith("imagej/") for name in content)
