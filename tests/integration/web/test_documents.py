"""GET /api/v1/asyncapi.yaml and /api/v1/docs."""

import yaml

from web.api.asyncapi import socket_document


def test_the_document_of_the_socket_is_served_to_everybody(client_of):
    """R2."""
    answer = client_of(None).get("/api/v1/asyncapi.yaml")

    assert answer.status_code == 200
    assert answer.content_type.startswith("application/yaml")
    assert yaml.safe_load(answer.text)["channels"] == socket_document()["channels"]


def test_the_readable_page_lists_the_requests_and_links_both_documents(client_of):
    page = client_of(None).get("/api/v1/docs")

    assert page.content_type.startswith("text/html")
    assert 'href="/api/v1/openapi.json"' in page.text
    assert 'href="/api/v1/asyncapi.yaml"' in page.text
    assert "/api/v1/projects/{project_id}/segment" in page.text


def test_both_are_only_there_to_be_read(client_of):
    assert client_of(None).post("/api/v1/asyncapi.yaml").status_code == 405
    assert client_of(None).post("/api/v1/docs").status_code == 405
