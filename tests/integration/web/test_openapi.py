"""GET /api/v1/openapi.json."""

import re

import pytest
from jsonschema import Draft202012Validator

from web.api.openapi import methods_of


@pytest.fixture
def document(client_of):
    return client_of(None).get("/api/v1/openapi.json").json


def test_it_has_every_route_of_the_interface_and_no_other(app, document):
    routed = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in methods_of(rule)
        if rule.rule.startswith("/api/") or rule.rule in {"/healthz", "/readyz"}
    }

    told = {(path, method) for path, methods in document["paths"].items() for method in methods}

    assert document["openapi"] == "3.1.0"
    assert told == routed


def test_every_reference_leads_somewhere(document):
    named = set(re.findall(r'"#/components/schemas/(\w+)"', str(document).replace("'", '"')))

    assert named <= document["components"]["schemas"].keys()


def test_answers_are_as_it_says(client_of, alice, make_project, document):
    project = make_project(segmented=1, failed=1, queued=1)
    client = client_of(alice)
    client.post(f"/api/v1/projects/{project.id}/exports", json={"formats": ["csv"]})
    asked = {
        "/api/v1/auth/me": "LoginAnswer",
        "/api/v1/projects": "ProjectList",
        f"/api/v1/projects/{project.id}": "ProjectJson",
        f"/api/v1/projects/{project.id}/images": "ImageList",
        f"/api/v1/projects/{project.id}/stats": "ProjectStats",
        f"/api/v1/images/{project.image_ids[0]}/runs": "RunList",
        f"/api/v1/projects/{project.id}/exports": "ExportList",
        "/api/v1/dashboard": "DashboardAnswer",
        "/api/v1/nowhere": "Problem",
    }

    for address, schema in asked.items():
        reference = {"$ref": f"#/components/schemas/{schema}", **document}
        Draft202012Validator(reference).validate(client.get(address).json)
