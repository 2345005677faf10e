"""What is measured: every column of results and exports, with its unit and formula."""

from collections.abc import Iterable
from typing import Literal

from flask import Blueprint

from shared.domain.measurements import IMAGE_COLUMNS, OBJECT_COLUMNS, Column
from web import access
from web.api.exchange import exchange
from web.api.run_schemas import MeasurementJson, MeasurementList

blueprint = Blueprint("measurements", __name__)


@blueprint.get("/measurements")
@access.signed_in
@exchange(gives=MeasurementList)
def list_measurements() -> MeasurementList:
    """List what is measured of objects and images, in pixels and in micrometres."""
    return MeasurementList(
        items=[*described(OBJECT_COLUMNS, "object"), *described(IMAGE_COLUMNS, "image")],
        next_cursor=None,
    )


def described(
    columns: Iterable[Column], of: Literal["object", "image"]
) -> Iterable[MeasurementJson]:
    """Yield the columns, each followed by itself in micrometres."""
    for column in columns:
        for each in (column, column.physical):
            if each is not None:
                yield MeasurementJson(
                    name=each.name,
                    title=each.title,
                    unit=each.unit,
                    description=each.description,
                    source=each.source,
                    of=of,
                    by_channel=each.by_channel,
                )
