"""What was found in an image: outlines, labels, and a picture with the outlines drawn."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, json, request
from sqlalchemy.engine import RowMapping

from shared.database import run_history
from shared.domain.accounts import Role
from shared.domain.errors import NotFoundError
from shared.domain.result_files import LABELS, PREVIEW, key_of
from shared.results import load_objects
from web import access
from web.access import services
from web.api.exchange import exchange, json_answer
from web.api.files import StoredFile, answer_file
from web.api.run_schemas import SegmentationJson
from web.api.shapes import engine_of_run

blueprint = Blueprint("results", __name__)

JSON = "application/json"
GEOJSON = "application/geo+json"
TIFF = "image/tiff"
WEBP = "image/webp"


@blueprint.get("/images/<uuid:image_id>/segmentation")
@access.image_role(Role.VIEWER)
@exchange(gives=SegmentationJson)
def show_segmentation(image_id: UUID) -> Response:
    """Answer the objects as JSON, or as GeoJSON or a TIFF of labels where that is preferred."""
    result = _result(image_id)
    kind = request.accept_mimetypes.best_match([JSON, GEOJSON, TIFF], default=JSON)
    if kind == TIFF:
        key = key_of(result["result_path"], LABELS)
        answer = answer_file(services().storage, StoredFile(key, TIFF, f"{result['id']}-labels"))
    else:
        tag = f"{result['id']}-{kind.rpartition('/')[2]}"
        answer = Response(status=304)
        if tag not in request.if_none_match:
            answer = _geojson(result) if kind == GEOJSON else _json(result)
        answer.set_etag(tag)
        answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Accept"
    return answer


@blueprint.get("/images/<uuid:image_id>/preview")
@access.image_role(Role.VIEWER)
@exchange()
def show_preview(image_id: UUID) -> Response:
    """Answer a small picture with the outlines drawn over it."""
    result = _result(image_id)
    key = key_of(result["result_path"], PREVIEW)
    return answer_file(services().storage, StoredFile(key, WEBP, f"{result['id']}-preview"))


def _result(image_id: UUID) -> RowMapping:
    with services().database.reading() as connection:
        row = run_history.current_result(connection, image_id)
    if row is None:
        raise NotFoundError("This image has no result yet. Segment it first.", code="no_result")
    return row


def _json(result: RowMapping) -> Response:
    objects = load_objects(services().storage, result["result_path"])
    return json_answer(
        SegmentationJson(
            run_id=result["id"],
            version=result["version"],
            engine=engine_of_run(result),
            objects=objects,
        )
    )


def _geojson(result: RowMapping) -> Response:
    found = load_objects(services().storage, result["result_path"])
    collection = {"type": "FeatureCollection", "features": [_feature(each) for each in found]}
    return Response(json.dumps(collection), content_type=GEOJSON)


def _feature(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object as QuPath reads it: closed rings, measurements as properties."""
    rings = [[*ring, ring[0]] for ring in (found["polygon"], *found["holes"])]
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": rings},
        "properties": {
            "objectType": "annotation",
            "label": found["label"],
            "score": found["score"],
            "measurements": found["measurements"],
        },
    }
