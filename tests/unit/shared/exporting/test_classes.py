"""Classes that somebody gave, in the formats that have classes."""

import csv
import json
from io import StringIO

import numpy as np
import pytest

from tests.exports import FACTS, exported, stored_image, two_squares


@pytest.fixture
def images(storage):
    labels = two_squares()
    return [
        stored_image(storage, labels, name="a.tif", classes=["mitotic", None]),
        stored_image(storage, labels, name="b.tif"),
        stored_image(storage, labels, name="c.tif", classes=["dead: really", "mitotic"]),
    ]


def test_they_are_categories_of_coco(images):
    coco = json.loads(exported(images, "coco")["coco/instances.json"])

    names = {each["id"]: each["name"] for each in coco["categories"]}
    assert names == {1: "object", 2: "mitotic", 3: "dead: really"}
    found = [names[each["category_id"]] for each in coco["annotations"]]
    assert found == ["mitotic", "object", "object", "object", "dead: really", "mitotic"]


def test_they_are_classifications_of_qupath(images):
    files = exported(images, "geojson")

    [first, second] = json.loads(files["geojson/a.geojson"])["features"]
    assert first["properties"]["classification"] == {"name": "mitotic"}
    assert "classification" not in second["properties"]
    assert "class" not in first["properties"]["measurements"]


def test_they_are_classes_of_yolo(images):
    files = exported(images, "yolo")

    assert files["yolo/data.yaml"].decode().splitlines() == [
        "names:",
        "  0: object",
        '  1: "mitotic"',
        '  2: "dead: really"',
    ]
    assert [line[:2] for line in files["yolo/c.txt"].decode().splitlines()] == ["2 ", "1 "]


def test_they_are_a_column_of_tables(images):
    files = exported(images, "csv", "parquet", "xlsx", "cellprofiler")

    rows = list(csv.DictReader(StringIO(files["tables/objects.csv"].decode("utf-8-sig"))))
    assert [row["class"] for row in rows] == ["mitotic", "", "", "", "dead: really", "mitotic"]
    assert "Classify_Class" in files["cellprofiler/Objects.csv"].decode().splitlines()[0]
    assert "- class: the class that somebody gave" in files["README.txt"].decode()


def test_without_a_class_there_is_no_column(storage):
    files = exported([stored_image(storage, two_squares())], "csv")

    assert "class" not in files["tables/objects.csv"].decode("utf-8-sig").splitlines()[0].split(",")


def test_a_class_that_begins_like_a_formula_is_harmless(storage):
    image = stored_image(storage, two_squares(), classes=["=1+1", None])

    assert "'=1+1" in exported([image], "csv")["tables/objects.csv"].decode("utf-8-sig")


def test_tables_and_provenance_say_what_was_edited(storage):
    labels = np.pad(two_squares(), 1)
    facts = FACTS | {"edited": True, "edits": "b0b", "edited_by": "Ada", "version": 3}
    edited = stored_image(storage, labels, name="a.tif", facts=facts)
    files = exported([edited, stored_image(storage, labels, name="b.tif")], "csv", "provenance")

    rows = list(csv.DictReader(StringIO(files["tables/images.csv"].decode("utf-8-sig"))))
    assert [row["edited"].lower() for row in rows] == ["true", "false"]
    first = json.loads(files["provenance.json"])["images"][0]["run"]
    assert (first["edited"], first["editedBy"], first["edits"], first["version"]) == (
        True,
        "Ada",
        "b0b",
        3,
    )
