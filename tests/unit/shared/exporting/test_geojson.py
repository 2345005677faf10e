"""GeoJSON, held to RFC 7946 by geojson-pydantic, and to what QuPath asks beyond it (E5)."""

import json

import numpy as np
import pytest
from geojson_pydantic import FeatureCollection

from tests.exports import exported, random_labels, ring_with_island, stored_image, two_squares


def collection(image):
    content = exported([image], "geojson")
    return json.loads(content[f"geojson/{image.record.stem}.geojson"])


def signed_area(ring):
    x, y = np.array(ring).T
    return (np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2


@pytest.mark.parametrize("labels", [two_squares(), ring_with_island(), random_labels(1)])
def test_it_is_geojson(storage, labels):
    """Closed rings, outer ones counter-clockwise and holes clockwise (RFC 7946, 3.1.6)."""
    found = collection(stored_image(storage, labels))

    assert len(FeatureCollection.model_validate(found).features) == labels.max()
    for feature in found["features"]:
        outer, *holes = feature["geometry"]["coordinates"]
        assert signed_area(outer) > 0
        assert all(signed_area(hole) < 0 for hole in holes)


def test_the_area_of_the_rings_is_the_measured_one(storage):
    """E4."""
    for feature in collection(stored_image(storage, ring_with_island()))["features"]:
        rings = feature["geometry"]["coordinates"]
        assert sum(map(signed_area, rings)) == feature["properties"]["measurements"]["area"]


def test_qupath_finds_objects_with_names_and_measurements(storage):
    image = stored_image(storage, two_squares(), pixel_size_um=0.5, scores=[0.9, 0.8])

    first = collection(image)["features"][0]["properties"]

    assert first["objectType"] == "detection"
    assert (first["name"], first["label"], first["score"]) == ("1", 1, 0.9)
    assert first["measurements"]["areaUm2"] == 1.5
    assert first["measurements"]["centroid-0"] == 1.5
    assert all(isinstance(value, int | float) for value in first["measurements"].values())


def test_a_measurement_that_is_no_number_is_left_out(storage):
    picture = np.full((8, 8, 1), np.nan, np.float32)

    [first, _] = collection(stored_image(storage, two_squares(), picture=picture))["features"]

    assert "intensityMean" not in first["properties"]["measurements"]


def test_an_empty_result_is_an_empty_collection(storage):
    assert collection(stored_image(storage, np.zeros((4, 4), np.uint32)))["features"] == []
