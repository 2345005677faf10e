"""A whole export: what is in it, and what is said of what is not."""

import json

import pytest

from shared.domain.exports import ExportFormat
from shared.exporting.definitions import definition_of
from shared.exporting.entries import Format
from shared.exporting.readme import CONTENTS
from shared.exporting.registry import FORMATS, class_of
from shared.exporting.writing import DELETED, MISSING, Gone
from shared.measuring import measure
from tests.exports import exported, ring_with_island, stored_image, two_squares
from tests.images import encoded, np


def test_every_format_has_its_module_and_its_words():
    assert set(FORMATS) == set(CONTENTS) == set(ExportFormat)
    assert all(issubclass(class_of(name), Format) for name in ExportFormat)


def test_every_export_says_where_its_numbers_come_from(storage):
    """E6."""
    image = stored_image(storage, two_squares(), pixel_size_um=0.5)

    found = exported([image, stored_image(storage, None, name="b.tif")], "csv")

    assert {"tables/objects.csv", "tables/images.csv", "provenance.json", "README.txt"} == set(
        found
    )
    told = json.loads(found["provenance.json"])
    first, second = told["images"]
    assert told["export"]["moment"] == "2026-11-26T06:00:00.000Z"
    assert (first["image"], first["sha256"]) == ("well.tif", "ab" * 32)
    assert first["run"]["engine"] == "classical"
    assert first["run"]["engineVersion"] == "1"
    assert first["run"]["params"] == {"sigma": 2}
    assert second["run"] is None


def test_everything_at_once_is_what_the_contract_names(storage):
    """E5."""
    image = stored_image(
        storage, ring_with_island(), original=encoded(np.zeros((12, 14), np.uint8))
    )

    found = exported([image], *ExportFormat)

    assert set(found) == {
        "coco/instances.json",
        *("tables/objects.csv", "tables/images.csv", "tables/objects.xlsx"),
        *("tables/objects.parquet", "tables/images.parquet"),
        "geojson/well.geojson",
        "labels/well.ome.tif",
        *("yolo/well.txt", "yolo/data.yaml"),
        "imagej/well_RoiSet.zip",
        "cellpose/well_seg.npy",
        *("cellprofiler/Image.csv", "cellprofiler/Objects.csv"),
        "overlay/well.png",
        *("provenance.json", "README.txt"),
    }


def test_the_readme_explains_files_and_columns(storage):
    text = exported([stored_image(storage, two_squares(), pixel_size_um=0.5)], "csv")["README.txt"]

    words = text.decode()
    assert "HeLa nuclei" in words
    assert "1 images, 0 of them without a result" in words
    assert "tables/objects.csv" in words
    assert "coco" not in words
    assert "- areaUm2: Area: number of pixels, in µm² (scikit-image regionprops)" in words


def test_every_measurement_of_ours_is_defined():
    columns = measure(two_squares(), np.zeros((8, 8, 2), np.uint8), 0.5)

    unknown = [name for name in columns if "own" in definition_of(name)]
    assert unknown == []


def test_a_deleted_image_is_named_and_stops_nothing(storage):
    found = exported([Gone("gone.tif"), stored_image(storage, two_squares())], "csv", "coco")

    assert f"- gone.tif: {DELETED}" in found["README.txt"].decode()
    assert b"gone.tif" not in found["tables/images.csv"]


@pytest.mark.parametrize(("is_there", "reason"), [(True, MISSING), (False, DELETED)])
def test_an_image_whose_files_went_is_in_no_format_at_all(storage, is_there, reason):
    """Its objects are there still, its labels are not: half of it would be worse than nothing."""
    half = stored_image(storage, two_squares(), name="half.tif")
    storage.delete([f"{half.record.run.result_path}labels.tif"])
    whole = stored_image(storage, two_squares(), name="whole.tif")

    found = exported([half, whole], "labels", "coco", "csv", is_there=is_there)

    assert f"- half.tif: {reason}" in found["README.txt"].decode()
    images = json.loads(found["coco/instances.json"])["images"]
    assert [each["file_name"] for each in images] == ["whole.tif"]
    assert b"half.tif" not in found["tables/objects.csv"]
    assert "labels/half.ome.tif" not in found


def test_an_original_that_cannot_be_read_is_named_with_the_reason(storage):
    image = stored_image(storage, two_squares(), original=b"no image at all")

    words = exported([image], "overlay")["README.txt"].decode()

    assert "LEFT OUT: 1 images" in words
    assert "- well.tif: " in words


def test_what_is_not_asked_for_is_not_read(storage):
    """An export of tables needs no pictures: their files may be anywhere."""
    image = stored_image(storage, two_squares())
    storage.delete([f"{image.record.run.result_path}labels.tif"])

    assert b"well.tif" in exported([image], "csv")["tables/objects.csv"]
