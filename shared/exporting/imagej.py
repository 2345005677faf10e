"""`imagej/<stem>_RoiSet.zip`: outlines for the ROI Manager of ImageJ and Fiji."""

import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import ClassVar

import numpy as np
from roifile import ROI_OPTIONS, ROI_TYPE, ImagejRoi

from shared.exporting.entries import Entry, Format, Needs
from shared.exporting.outlines import FlatRing, Shape, bounds, corners, shapes_of
from shared.exporting.records import ExportedImage

_MOVE, _LINE, _CLOSE = 0, 1, 4  #: Steps of a path, as java.awt.geom.PathIterator numbers them.


class ImageJ(Format):
    """A set for each image with objects; an object with holes is a composite selection."""

    needs: ClassVar[Needs] = Needs.OBJECTS

    def add(self, image: ExportedImage) -> Iterator[Entry]:
        """Yield the image's set; ImageJ cannot open one without a selection."""
        if image.has_result and (shapes := shapes_of(image.objects)):
            path = f"imagej/{image.record.stem}_RoiSet.zip"
            yield Entry(path, iter([_roi_set(shapes)]), is_packed=True)


def _roi_set(shapes: list[Shape]) -> bytes:
    buffer = BytesIO()
    digits = len(str(shapes[-1].label))
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for shape in shapes:
            roi = _composite(shape) if shape.holes else _traced(shape)
            roi.name = f"{shape.label:0{digits}}"
            archive.writestr(f"{roi.name}.roi", roi.tobytes())
    return buffer.getvalue()


def _traced(shape: Shape) -> ImagejRoi:
    """Return the outline as the wand draws it: along the edges of pixels."""
    roi = ImagejRoi.frompoints(np.array(corners(shape.polygon), np.int32))
    roi.roitype = ROI_TYPE.TRACED
    _bound(roi, shape.polygon)
    return roi


def _composite(shape: Shape) -> ImagejRoi:
    path = np.array([step for ring in (shape.polygon, *shape.holes) for step in _steps(ring)])
    roi = ImagejRoi()
    roi.roitype = ROI_TYPE.RECT
    roi.options = ROI_OPTIONS.OVERLAY_BACKGROUNDS | ROI_OPTIONS.OVERLAY_LABELS
    roi.multi_coordinates = path.astype(np.float32)
    roi.shape_roi_size = len(path)
    _bound(roi, shape.polygon)
    return roi


def _steps(ring: FlatRing) -> Iterator[int]:
    for place, (x, y) in enumerate(corners(ring)):
        yield from (_LINE if place else _MOVE, x, y)
    yield _CLOSE


def _bound(roi: ImagejRoi, ring: FlatRing) -> None:
    roi.left, roi.top, width, height = bounds(ring)
    roi.right, roi.bottom = roi.left + width, roi.top + height
