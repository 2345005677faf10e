"""Label images, read by tifffile (E5)."""

from io import BytesIO

import numpy as np
import pytest
import tifffile

from tests.exports import exported, random_labels, stored_image


def opened(image):
    content = exported([image], "labels")[f"labels/{image.record.stem}.ome.tif"]
    return tifffile.TiffFile(BytesIO(content))


def test_the_labels_come_back(storage):
    labels = random_labels(2)

    with opened(stored_image(storage, labels)) as file:
        assert file.is_ome
        assert (file.asarray() == labels).all()
        assert file.series[0].axes == "YX"


def test_the_size_of_a_pixel_is_told_in_micrometres(storage):
    with opened(stored_image(storage, random_labels(2), pixel_size_um=0.325)) as file:
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
        page = file.pages[0]

    assert (pixels["PhysicalSizeX"], pixels["PhysicalSizeXUnit"]) == (0.325, "µm")
    assert (pixels["PhysicalSizeY"], pixels["PhysicalSizeYUnit"]) == (0.325, "µm")
    numerator, denominator = page.tags["XResolution"].value
    assert numerator / denominator == pytest.approx(10_000 / 0.325, rel=1e-6)


def test_an_unknown_size_of_a_pixel_is_not_invented(storage):
    with opened(stored_image(storage, random_labels(2))) as file:
        assert "PhysicalSize" not in file.ome_metadata


def test_more_objects_than_sixteen_bits_hold_keep_their_labels(storage):
    labels = np.arange(1, 257 * 257 + 1, dtype=np.uint32).reshape(257, 257)

    with opened(stored_image(storage, labels)) as file:
        assert file.asarray().max() == 257 * 257
