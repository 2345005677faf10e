"""Paint what was drawn, measure it and store it: the work of an editing child."""

from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.domain.editing import DrawnObject, Ring
from shared.domain.engines import Segmentation
from shared.domain.errors import InvalidInputError
from shared.domain.result_files import OBJECTS, key_of
from shared.editing.request import BEFORE, RESULT, EditRequest, MadeResult, read_drawn
from shared.measuring import outlines
from shared.measuring.painting import Drawing, Labels, NoPixelError, paint
from shared.reading import read_pixels
from shared.results import load_objects, save_result
from shared.storage.local import LocalStorage

#: The objects of the result that was edited, by their labels.
Before: TypeAlias = dict[int, dict[str, Any]]


def make_result(request: EditRequest) -> MadeResult:
    """Leave the result's files in the folder; raise InvalidInputError naming what is wrong."""
    folder = Path(request.folder)
    image = read_pixels(Path(request.original), request.page, name=request.filename)
    before = _before(folder)
    taken = max(before, default=0)
    drawn = numbered(read_drawn(folder), taken)
    labels, cut = _painted(drawn, image.shape[:2], taken)
    classes = {each.label: each.class_name for each in drawn}
    found = np.unique(labels[labels > 0]).tolist()
    summary = save_result(
        LocalStorage(folder),
        RESULT,
        segmentation=Segmentation(labels, _scores(labels, before)),
        image=image,
        pixel_size_um=request.pixel_size_um,
        classes=[classes[cut.get(label, label)] for label in found],
    )
    return MadeResult(summary.object_count, summary.quality)


def numbered(drawn: list[DrawnObject], taken: int) -> list[DrawnObject]:
    """Return the objects, those without a label with one that neither they nor earlier ones had."""
    highest = max([taken, *(each.label or 0 for each in drawn)])
    result = []
    for each in drawn:
        highest += each.label is None
        result.append(replace(each, label=each.label or highest))
    return result


def _painted(
    drawn: list[DrawnObject], shape: tuple[int, ...], taken: int
) -> tuple[Labels, dict[int, int]]:
    drawings = [
        Drawing(each.label or 0, _corners(each.polygon), [_corners(ring) for ring in each.holes])
        for each in drawn
    ]
    try:
        return paint(drawings, shape[0], shape[1], taken=taken)
    except NoPixelError as refused:
        field = f"objects.{refused.place}"
        detail = "covers no pixel of the image; leave it out, or draw it larger and inside"
        raise InvalidInputError(
            f"{field}: {detail}.",
            code="empty_outline",
            errors=[{"field": field, "detail": detail}],
        ) from None


def _scores(labels: Labels, before: Before) -> NDArray[np.float64]:
    """Return the score of each object that is as the engine outlined it; of others no number."""
    scores = []
    for outline in outlines(labels):
        earlier = before.get(outline.label, {})
        same = [outline.polygon, outline.holes] == [earlier.get("polygon"), earlier.get("holes")]
        score = earlier.get("score") if same else None
        scores.append(np.nan if score is None else score)
    return np.array(scores, np.float64)


def _before(folder: Path) -> Before:
    if not (folder / key_of(BEFORE, OBJECTS)).exists():
        return {}
    return {each["label"]: each for each in load_objects(LocalStorage(folder), BEFORE)}


def _corners(ring: Ring) -> NDArray[np.float64]:
    return np.array(ring, np.float64).reshape(-1, 2)
