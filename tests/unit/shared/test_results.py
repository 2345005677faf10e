import json
from io import BytesIO

import numpy as np
import pyarrow.parquet as pq
import pytest
import tifffile
from PIL import Image

from shared.domain.engines import Segmentation
from shared.domain.quality import Quality
from shared.results import (
    LABELS,
    OBJECTS,
    PREVIEW,
    key_of,
    load_labels,
    load_objects,
    load_result,
    save_result,
)
from shared.storage import MissingFileError, open_storage
from tests.images import annulus, disk, photographed

PREFIX = "results/image/token/"


@pytest.fixture
def storage():
    return open_storage("memory:///")


def saved(storage, labels, *, scores=None, pixel_size_um=None, image=None):
    return save_result(
        storage,
        PREFIX,
        segmentation=Segmentation(labels, scores),
        image=photographed(labels) if image is None else image,
        pixel_size_um=pixel_size_um,
    )


def test_the_summary_counts_objects_and_pixels(storage):
    labels = annulus(40, 20, side=101) + 2 * disk(10, side=101)

    summary = saved(storage, labels)

    assert summary.object_count == 2
    assert summary.total_area == (labels > 0).sum()


def test_the_measurements_of_the_image_come_back_as_json(storage):
    labels = annulus(40, 20, side=101) + 2 * disk(10, side=101)
    saved(storage, labels, pixel_size_um=0.5)

    summary = json.loads(json.dumps(load_result(storage, PREFIX).summary, allow_nan=False))

    assert summary["objectCount"] == 2
    assert summary["areaTotalUm2"] == (labels > 0).sum() / 4
    assert summary["largestLabel"] == 1


def test_the_quality_of_the_image_is_measured(storage):
    labels = disk(20, side=101)
    labels[0, :5] = 2
    image = photographed(labels)
    image[:20] = 65535

    quality = saved(storage, labels, image=image).quality

    assert quality.border_share == 0.5
    assert quality.saturated_share == pytest.approx(20 / 101)
    assert quality.focus > 0


def test_a_result_of_one_grey_has_no_focus_and_no_share_of_the_border(storage):
    labels = np.zeros((20, 30), np.uint32)

    quality = saved(storage, labels, image=np.zeros((20, 30, 1), np.uint8)).quality

    assert quality == Quality(border_share=None, saturated_share=0, focus=None)


def test_a_result_stored_before_images_were_measured_is_still_shown(storage):
    saved(storage, disk(10, side=31))
    key = key_of(PREFIX, OBJECTS)
    table = pq.read_table(BytesIO(storage.read(key))).replace_schema_metadata(None)
    old = BytesIO()
    pq.write_table(table, old)
    storage.put(key, old.getvalue())

    result = load_result(storage, PREFIX)

    assert len(result.objects) == 1
    assert result.summary == {}


def test_all_files_lie_under_the_prefix(storage):
    saved(storage, disk(10, side=31))

    assert sorted(storage.list(PREFIX)) == sorted(
        key_of(PREFIX, name) for name in (LABELS, OBJECTS, PREVIEW)
    )


def test_objects_come_back_as_json_with_outline_holes_score_and_measurements(storage):
    labels = annulus(40, 20, side=101) + 2 * disk(10, side=101)
    saved(storage, labels, scores=np.array([0.25, 0.75]), pixel_size_um=0.5)

    ring, island = json.loads(json.dumps(load_objects(storage, PREFIX)))

    assert (ring["label"], ring["score"]) == (1, 0.25)
    assert len(ring["holes"]) == 1
    assert ring["polygon"][0] == [50, 10]
    assert ring["measurements"]["holeCount"] == 1
    assert ring["measurements"]["centroid"] == pytest.approx([50, 50])
    assert ring["measurements"]["touchesBorder"] is False
    assert island["measurements"]["areaUm2"] == island["measurements"]["area"] * 0.25
    assert island["holes"] == []


def test_an_engine_without_scores_leaves_them_out(storage):
    saved(storage, disk(10, side=31))

    assert load_objects(storage, PREFIX)[0]["score"] is None


def test_labels_come_back_as_they_were_with_their_scale(storage):
    labels = disk(10, side=31) + disk(3, side=31)
    saved(storage, labels, pixel_size_um=0.65)

    assert np.array_equal(load_labels(storage, PREFIX), labels)
    with tifffile.TiffFile(BytesIO(storage.read(key_of(PREFIX, LABELS)))) as file:
        page = file.pages.first
        assert page.dtype == np.uint16
        numerator, denominator = page.tags["XResolution"].value
        assert 10_000 * denominator / numerator == pytest.approx(0.65)


def test_a_label_beyond_16_bits_is_kept(storage):
    labels = disk(10, side=31) * np.uint32(70_000)

    saved(storage, labels)

    assert np.array_equal(load_labels(storage, PREFIX), labels)


def test_the_preview_shows_the_outline_on_the_picture(storage):
    saved(storage, disk(200, side=601))

    preview = Image.open(BytesIO(storage.read(key_of(PREFIX, PREVIEW)))).convert("RGB")

    assert preview.size == (300, 300)
    red, green, _ = preview.getpixel((150, 50))
    assert green > red + 60
    assert max(preview.getpixel((5, 5))) - min(preview.getpixel((5, 5))) < 20


def test_a_result_without_objects_is_a_result(storage):
    summary = saved(storage, np.zeros((20, 30), np.uint32), scores=np.zeros(0))

    assert summary.object_count == 0
    assert load_objects(storage, PREFIX) == []
    assert load_labels(storage, PREFIX).shape == (20, 30)


def test_what_is_no_number_becomes_null(storage):
    labels = disk(5, side=21)
    image = np.full((21, 21, 1), np.nan, np.float32)

    saved(storage, labels, image=image)

    assert load_objects(storage, PREFIX)[0]["measurements"]["intensityMean"] is None


def test_a_score_that_is_no_number_is_none(storage):
    labels = annulus(40, 20, side=101) + 2 * disk(10, side=101)

    saved(storage, labels, scores=np.array([np.nan, 0.5]))

    assert [each["score"] for each in load_objects(storage, PREFIX)] == [None, 0.5]


def test_the_same_result_is_the_same_bytes(storage):
    labels = annulus(40, 20, side=101)
    saved(storage, labels, pixel_size_um=0.5)
    first = {name: storage.read(key_of(PREFIX, name)) for name in (LABELS, OBJECTS, PREVIEW)}

    saved(storage, labels, pixel_size_um=0.5)

    assert {name: storage.read(key_of(PREFIX, name)) for name in first} == first


def test_a_missing_result_is_named(storage):
    with pytest.raises(MissingFileError, match=r"results/none/objects\.parquet"):
        load_objects(storage, "results/none")
