"""`labels/<stem>.ome.tif`: the labels as an OME-TIFF with the size of a pixel."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, ClassVar

import numpy as np
import tifffile

from shared.exporting.entries import Entry, Format, Needs
from shared.exporting.records import ExportedImage

_CENTIMETRE_UM = 10_000


class LabelImages(Format):
    """One picture for each image that has a result: 0 is background, objects are 1..N."""

    needs: ClassVar[Needs] = Needs.LABELS

    def add(self, image: ExportedImage) -> Iterator[Entry]:
        """Yield the image's labels."""
        if image.has_result:
            path = f"labels/{image.record.stem}.ome.tif"
            yield Entry(path, iter([_ome_tiff(image)]), is_packed=True)


def _ome_tiff(image: ExportedImage) -> bytes:
    labels, size = image.labels, image.record.pixel_size_um
    metadata: dict[str, Any] = {"axes": "YX", "Name": image.record.name}
    options: dict[str, Any] = {}
    if size is not None:
        metadata |= {f"PhysicalSize{axis}": size for axis in "XY"}
        metadata |= {f"PhysicalSize{axis}Unit": "µm" for axis in "XY"}
        options = {"resolution": (_CENTIMETRE_UM / size,) * 2, "resolutionunit": "CENTIMETER"}
    buffer = BytesIO()
    tifffile.imwrite(
        buffer,
        labels if labels.dtype.itemsize > 1 else labels.astype(np.uint16),
        ome=True,
        photometric="minisblack",
        compression="zlib",
        predictor=True,
        metadata=metadata,
        **options,
    )
    return buffer.getvalue()
