"""GET /api/v1/measurements."""

from shared.domain.measurements import column_of
from tests.integration.web.answers import is_problem


def test_every_measurement_is_listed_with_unit_formula_and_source(client_of, alice):
    answer = client_of(alice).get("/api/v1/measurements")

    listed = {each["name"]: each for each in answer.json["items"]}
    assert listed["area"] == {
        "name": "area",
        "title": "Area",
        "unit": "px²",
        "description": "number of pixels",
        "source": "scikit-image regionprops",
        "of": "object",
        "byChannel": False,
    }
    assert listed["areaMedianUm2"]["unit"] == "µm²"
    assert listed["areaMedianUm2"]["of"] == "image"
    assert listed["intensityMean"]["byChannel"] is True
    assert len(listed) == len(answer.json["items"])
    assert [name for name in listed if column_of(name) is None] == []
    assert answer.json["nextCursor"] is None


def test_who_is_not_signed_in_gets_nothing(client_of):
    assert is_problem(client_of(None).get("/api/v1/measurements"), 401, "not_signed_in")
