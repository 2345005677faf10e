"""`cellpose/<stem>_seg.npy`: masks as Cellpose's program opens, corrects and trains on.

Fields: https://cellpose.readthedocs.io/en/latest/outputs.html. Put the file beside its image. It
is a pickled dict, as Cellpose writes it: `np.load(path, allow_pickle=True).item()`.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from shared.exporting.entries import Entry, Format, Needs
from shared.exporting.records import ExportedImage

_MOST_SMALL = np.iinfo(np.uint16).max


class Cellpose(Format):
    """A file for each image that has a result."""

    needs: ClassVar[Needs] = Needs.LABELS

    def add(self, image: ExportedImage) -> Iterator[Entry]:
        """Yield the image's masks."""
        if image.has_result:
            yield Entry(f"cellpose/{image.record.stem}_seg.npy", iter([_seg_npy(image)]))


def _seg_npy(image: ExportedImage) -> bytes:
    labels = image.labels
    count = int(labels.max(initial=0))
    masks = labels.astype(np.uint16 if count <= _MOST_SMALL else np.uint32)
    content = {
        "masks": masks,
        "outlines": _outlined(masks),
        "filename": image.record.name,
        "chan_choose": [0, 0],
        "ismanual": np.zeros(count, bool),
        "flows": [],
        "est_diam": _typical_diameter(masks, count),
    }
    buffer = BytesIO()
    np.save(buffer, np.array(content, object), allow_pickle=True)
    return buffer.getvalue()


def _outlined(masks: NDArray[Any]) -> NDArray[Any]:
    """Return the masks' pixels that have a neighbour, of four, of another label."""
    inside = np.ones(masks.shape, bool)
    same = masks[1:] == masks[:-1]
    inside[1:] &= same
    inside[:-1] &= same
    same = masks[:, 1:] == masks[:, :-1]
    inside[:, 1:] &= same
    inside[:, :-1] &= same
    return np.where(inside, 0, masks).astype(masks.dtype)


def _typical_diameter(masks: NDArray[Any], count: int) -> float:
    """Return the median of the diameters of circles of equal area; Cellpose asks for it."""
    if count == 0:
        return 0.0
    areas = np.bincount(masks.ravel(), minlength=count + 1)[1:]
    return float(np.median(2 * np.sqrt(areas / np.pi)))
