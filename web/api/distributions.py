"""The results of a whole project: distributions, objects and images, from what is read of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
from flask import Blueprint
from numpy.typing import NDArray
from sqlalchemy.engine import RowMapping

from shared.database.images import ImageFilter
from shared.database.project_results import ProjectResults, current_results
from shared.domain.accounts import Role
from shared.domain.errors import InvalidInputError
from shared.domain.measurements import column_of
from shared.gathering import Gathered, Source
from shared.measuring.distribution import distribution_of
from web import access
from web.access import services
from web.api.distribution_schemas import (
    IMAGE_ORDERS,
    OBJECT_ORDERS,
    Coverage,
    DistributionJson,
    DistributionQuery,
    ImageSummaryJson,
    ImageSummaryPage,
    MeasuredJson,
    ObjectJson,
    ObjectPage,
    Points,
    ProjectResultsJson,
    ResultPageQuery,
    ResultQuery,
)
from web.api.exchange import exchange
from web.api.shapes import stats_now

blueprint = Blueprint("distributions", __name__)

Values: TypeAlias = NDArray[Any]

SCORE = MeasuredJson(name="score", title="Score", unit="")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is known of the project's results, as of a version of its counts."""

    version: int
    results: ProjectResults
    gathered: Gathered

    @property
    def rows(self) -> list[RowMapping]:
        return self.results.rows

    @property
    def images(self) -> Coverage:
        read = len(self.gathered.read)
        return Coverage(total=self.results.images, sampled=len(self.rows), read=read)

    @property
    def objects(self) -> Coverage:
        sampled = sum(row["object_count"] for row in self.rows)
        read = len(self.gathered.label)
        return Coverage(total=self.results.objects, sampled=sampled, read=read)

    def column(self, name: str) -> NDArray[np.float32]:
        return self.gathered.columns[name]


@blueprint.get("/projects/<uuid:project_id>/results")
@access.project_role(Role.VIEWER)
@exchange(asks=DistributionQuery, gives=ProjectResultsJson)
def show_results(project_id: UUID, query: DistributionQuery) -> ProjectResultsJson:
    """Answer how two measurements are distributed over the objects of the project."""
    asked = _asked(project_id, query, [query.x, query.y])
    return ProjectResultsJson(
        version=asked.version,
        images=asked.images,
        objects=asked.objects,
        measurements=[_measured(name) for name in asked.gathered.names],
        x=_distribution(asked, query.x, query.bins),
        y=_distribution(asked, query.y, query.bins),
        points=_points(asked, query),
    )


@blueprint.get("/projects/<uuid:project_id>/results/objects")
@access.project_role(Role.VIEWER)
@exchange(asks=ResultPageQuery, gives=ObjectPage)
def list_objects(project_id: UUID, query: ResultPageQuery) -> ObjectPage:
    """List the objects of the project, by the `name` of the image, `label` or a measurement."""
    key, falling = _order(query.sort)
    names = query.names if key in OBJECT_ORDERS else [*query.names, key]
    asked = _asked(project_id, query, names)
    owner, label = asked.gathered.owner, asked.gathered.label
    ranks = _ranks([row["filename"] for row in asked.rows])
    known: dict[str, Values] = {"name": ranks[owner], "label": label}
    then: list[Values] = [label, ranks[owner]]
    by = known[key] if key in known else asked.column(key)
    order = _sorted(by, then, falling=falling)
    page = order[query.offset : query.offset + query.limit]
    items = [
        ObjectJson(
            image_id=asked.rows[owner[at]]["id"],
            filename=asked.rows[owner[at]]["filename"],
            label=int(label[at]),
            measurements=_finite({name: asked.column(name)[at] for name in query.names}),
        )
        for at in page.tolist()
    ]
    return ObjectPage(
        items=items,
        next_cursor=_next(query, len(order)),
        version=asked.version,
        objects=asked.objects,
    )


@blueprint.get("/projects/<uuid:project_id>/results/images")
@access.project_role(Role.VIEWER)
@exchange(asks=ResultPageQuery, gives=ImageSummaryPage)
def list_summaries(project_id: UUID, query: ResultPageQuery) -> ImageSummaryPage:
    """List the images with a result, by `name`, `objectCount` or the median of a measurement."""
    key, falling = _order(query.sort)
    names = query.names if key in IMAGE_ORDERS else [*query.names, key]
    asked = _asked(project_id, query, names)
    rows = asked.rows
    medians = {name: _medians(asked, name) for name in names}
    ranks = _ranks([row["filename"] for row in rows])
    counts = np.array([row["object_count"] for row in rows], np.int64)
    by = {"name": ranks, "objectCount": counts, **medians}[key]
    order = _sorted(by, [ranks], falling=falling)
    page = order[query.offset : query.offset + query.limit]
    items = [
        ImageSummaryJson(
            image_id=rows[at]["id"],
            filename=rows[at]["filename"],
            status=rows[at]["status"],
            edited=rows[at]["edited"],
            object_count=rows[at]["object_count"],
            medians=_finite({name: medians[name][at] for name in query.names}),
        )
        for at in page.tolist()
    ]
    return ImageSummaryPage(
        items=items,
        next_cursor=_next(query, len(order)),
        version=asked.version,
        images=asked.images,
    )


def _asked(project_id: UUID, query: ResultQuery, names: Sequence[str]) -> _Asked:
    with services().database.reading() as connection:
        # The version first: what is read after it may be newer than it says, never older.
        version = stats_now(connection, project_id).version
        chosen = ImageFilter(project_id, query.statuses, query.q)
        results = current_results(connection, chosen)
    sources = [Source(row["run_id"], row["result_path"]) for row in results.rows]
    gathered = services().gatherer.gather(sources, names)
    for name in names:
        if name not in gathered.names and name != SCORE.name and column_of(name) is None:
            detail = f"There is no measurement {name!r}."
            raise InvalidInputError(detail, code="unknown_measurement")
    return _Asked(version, results, gathered)


def _order(sort: str) -> tuple[str, bool]:
    return sort.removeprefix("-"), sort.startswith("-")


def _next(query: ResultPageQuery, count: int) -> str | None:
    end = query.offset + query.limit
    return str(end) if end < count else None


def _ranks(names: list[str]) -> NDArray[np.int64]:
    """Return the place of each name in the order of all of them."""
    folded = [(name.casefold(), place) for place, name in enumerate(names)]
    ranks = np.empty(len(names), np.int64)
    ranks[[place for _, place in sorted(folded)]] = np.arange(len(names))
    return ranks


def _sorted(by: Values, then: list[Values], *, falling: bool) -> NDArray[np.int64]:
    """Return the order by these values, what is no number last either way."""
    keys = by.astype(np.float64)
    keys = np.where(np.isfinite(keys), -keys if falling else keys, np.inf)
    return np.asarray(np.lexsort((*then, keys)), np.int64)


def _medians(asked: _Asked, name: str) -> NDArray[np.float64]:
    """Return the median of each image's objects; no number where there is none."""
    medians = np.full(len(asked.rows), np.nan)
    values, owner = asked.column(name), asked.gathered.owner
    some = np.isfinite(values)
    values, owner = values[some], owner[some]
    begins = np.flatnonzero(np.diff(owner, prepend=-1))
    for part in np.split(np.arange(len(owner)), begins[1:]) if len(owner) else []:
        medians[owner[part[0]]] = np.median(values[part])
    return medians


def _finite(values: dict[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}


def _measured(name: str) -> MeasuredJson:
    column = column_of(name)
    if column is None:
        return SCORE if name == SCORE.name else MeasuredJson(name=name, title=name, unit="")
    return MeasuredJson(name=name, title=column.title, unit=column.unit)


def _distribution(asked: _Asked, name: str, bins: int) -> DistributionJson:
    found = distribution_of(asked.column(name), bins)
    if found is None:
        return DistributionJson(
            measurement=_measured(name), count=0, edges=[], counts=[], below=0, above=0
        )
    return DistributionJson(measurement=_measured(name), **asdict(found))


def _points(asked: _Asked, query: DistributionQuery) -> Points:
    """Return some objects, always the same ones of the same results."""
    x, y = asked.column(query.x), asked.column(query.y)
    some = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if len(some) > query.points:
        chosen = np.random.default_rng(0).choice(len(some), query.points, replace=False)
        some = np.sort(some[chosen])
    owners, image = np.unique(asked.gathered.owner[some], return_inverse=True)
    return Points(
        x=x[some].tolist(),
        y=y[some].tolist(),
        label=asked.gathered.label[some].tolist(),
        image=image.tolist(),
        images=[asked.rows[place]["id"] for place in owners.tolist()],
    )
