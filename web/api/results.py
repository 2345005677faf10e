"""What was found in an image, or drawn in it: outlines, labels, and a picture with them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, json, request
from sqlalchemy.engine import RowMapping

from shared.actions.edit_result import Edit, edit_result
from shared.database import run_history
from shared.domain.accounts import Role
from shared.domain.editing import NoVersionError
from shared.domain.errors import NotFoundError
from shared.domain.result_files import LABELS, PREVIEW, key_of
from shared.domain.stats import ProjectStats
from shared.exporting.geojson import classification_of
from shared.results import load_objects, load_result
from web import access
from web.access import services
from web.api.edit_schemas import LARGEST_EDIT, SegmentationBody
from web.api.exchange import exchange, json_answer, op_id
from web.api.files import StoredFile, answer_file
from web.api.provenance import edit_of_run, engine_of_run
from web.api.run_schemas import SegmentationJson
from web.api.shapes import stats_now

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
        tag = _tag(result["id"], kind)
        answer = Response(status=304)
        if tag not in request.if_none_match:
            answer = _geojson(result) if kind == GEOJSON else _json(result)
        answer.set_etag(tag)
        answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Vary"] = "Accept"
    return answer


@blueprint.put("/images/<uuid:image_id>/segmentation")
@access.image_role(Role.EDITOR)
@exchange(
    takes=SegmentationBody, gives=SegmentationJson, headers=("If-Match",), largest=LARGEST_EDIT
)
def save_segmentation(image_id: UUID, body: SegmentationBody) -> Response:
    """Save objects as somebody drew them; `If-Match` names the version that they began from.

    It is the `version` of GET, in quotes, or GET's ETag; `"0"` where there is no result yet.
    """
    edit = Edit(
        image_id=image_id,
        user_id=access.current_account().id,
        objects=body.drawn(),
        fits=_matching(),
        op_id=op_id(),
    )
    edit_result(services(), edit)
    result = _result(image_id)
    with services().database.reading() as connection:
        now = stats_now(connection, result["project_id"])
    answer = _json(result, now)
    answer.set_etag(_tag(result["id"]))
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


def _matching() -> Callable[[int, UUID | None], bool]:
    """Return what tells whether a version, or the run that made it, is one that is asked for."""
    asked = request.if_match
    if not asked or asked.star_tag:
        raise NoVersionError(
            'Say in If-Match which version you changed, as GET gave it: If-Match: "3".'
        )
    return lambda version, run_id: str(version) in asked or _tag(run_id) in asked


def _tag(run_id: UUID | None, kind: str = JSON) -> str:
    return f"{run_id}-{kind.rpartition('/')[2]}"


def _json(result: RowMapping, stats: ProjectStats | None = None) -> Response:
    stored = load_result(services().storage, result["result_path"])
    return json_answer(
        SegmentationJson(
            run_id=result["id"],
            version=result["version"],
            engine=engine_of_run(result),
            edited=edit_of_run(result),
            objects=stored.objects,
            summary=stored.summary,
            stats=stats,
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
            "objectType": "detection",
            **classification_of(found.get("class")),
            "label": found["label"],
            "score": found["score"],
            "measurements": found["measurements"],
        },
    }
