"""Which results a project has now, for questions about all of them."""

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.engine import RowMapping

from shared.database.images import ImageFilter, matching

#: Objects that a question about a project is answered from; of more, a sample of its images.
MOST_OBJECTS = 500_000
MOST_IMAGES = 10_000

# The ids of images are random, so the first of them are a fair sample, and always the same one.
_RESULTS = """
WITH chosen AS (
    SELECT i.id, i.filename, i.page, i.pages, i.status, i.object_count, r.id AS run_id,
           r.result_path, r.edited
    FROM images AS i JOIN runs AS r ON r.id = i.current_run_id
    WHERE {condition}
),
summed AS (
    SELECT *, sum(object_count) OVER (ORDER BY id) AS objects_so_far,
           count(*) OVER () AS images, sum(object_count) OVER () AS objects
    FROM chosen
)
SELECT * FROM summed WHERE objects_so_far - object_count < :most_objects
ORDER BY id LIMIT :most_images
"""


@dataclass(frozen=True, slots=True)
class ProjectResults:
    """The results that are asked about, and of how many they are."""

    rows: list[RowMapping]
    images: int  #: With a result, of those that the filter chooses.
    objects: int


def current_results(connection: Connection, chosen: ImageFilter) -> ProjectResults:
    """Return the current results of the images, or of more than we look at a sample."""
    condition, values = matching(chosen)
    values |= {"most_objects": MOST_OBJECTS, "most_images": MOST_IMAGES}
    statement = text(_RESULTS.format(condition=condition))
    rows = list(connection.execute(statement, values).mappings())
    if not rows:
        return ProjectResults([], 0, 0)
    return ProjectResults(rows, rows[0]["images"], int(rows[0]["objects"]))
