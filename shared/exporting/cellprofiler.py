"""`cellprofiler/Image.csv` and `Objects.csv`: tables as its ExportToSpreadsheet writes them.

For programs that read those: CellProfiler Analyst, pycytominer, KNIME flows. A measurement that
CellProfiler has too bears its name, and its unit: angles in degrees, lengths in pixels. Others are
kept under `AreaShape_`, so that nothing is lost.
"""

import math
import re
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from shared.exporting.columns import harmless
from shared.exporting.csv_tables import csv_of
from shared.exporting.entries import Entry
from shared.exporting.tables import TableFormat

_SHAPES = {
    "area": "AreaShape_Area",
    "perimeter": "AreaShape_Perimeter",
    "eccentricity": "AreaShape_Eccentricity",
    "solidity": "AreaShape_Solidity",
    "extent": "AreaShape_Extent",
    "orientation": "AreaShape_Orientation",
    "eulerNumber": "AreaShape_EulerNumber",
    "axisMajorLength": "AreaShape_MajorAxisLength",
    "axisMinorLength": "AreaShape_MinorAxisLength",
    "equivalentDiameterArea": "AreaShape_EquivalentDiameter",
    "feretDiameterMax": "AreaShape_MaxFeretDiameter",
    "feretDiameterMin": "AreaShape_MinFeretDiameter",
    "areaConvex": "AreaShape_ConvexArea",
    "areaBbox": "AreaShape_BoundingBoxArea",
    "centroid-0": "AreaShape_Center_Y",
    "centroid-1": "AreaShape_Center_X",
    "bbox-0": "AreaShape_BoundingBoxMinimum_Y",
    "bbox-1": "AreaShape_BoundingBoxMinimum_X",
    "bbox-2": "AreaShape_BoundingBoxMaximum_Y",
    "bbox-3": "AreaShape_BoundingBoxMaximum_X",
}
_INTENSITY = re.compile(r"intensity(Mean|Min|Max|Std)(?::(.*))?")
_INTENSITIES = {
    "Mean": "Intensity_MeanIntensity",
    "Min": "Intensity_MinIntensity",
    "Max": "Intensity_MaxIntensity",
    "Std": "Intensity_StdIntensity",
}
_IMAGE = {
    "image": "FileName_Image",
    "width": "Width_Image",
    "height": "Height_Image",
    "objectCount": "Count_Objects",
    "areaTotal": "AreaOccupied_AreaOccupied_Objects",
    "sha256": "SHA256Digest_Image",
    "status": "Metadata_Status",
    "engine": "Metadata_Engine",
    "engineVersion": "Metadata_EngineVersion",
    "pixelSizeUm": "Metadata_PixelSizeUm",
}


class CellProfiler(TableFormat):
    """`ImageNumber` counts images in the order of both files, `ObjectNumber` is the label."""

    def finish(self) -> Iterator[Entry]:
        """Yield both tables."""
        yield Entry("cellprofiler/Image.csv", self._images())
        yield Entry("cellprofiler/Objects.csv", self._objects())

    def _images(self) -> Iterator[bytes]:
        counted = 0
        for table in self.tables.images.tables():
            numbers = pa.array(range(counted + 1, counted + 1 + table.num_rows), pa.int64())
            named = {new: table[old] for old, new in _IMAGE.items()}
            whole = harmless(pa.table({"ImageNumber": numbers, **named}))
            yield csv_of(whole, with_header=counted == 0)
            counted += table.num_rows

    def _objects(self) -> Iterator[bytes]:
        names = (
            name for table in self.tables.images.tables() for name in table["image"].to_pylist()
        )
        numbers = {name: number for number, name in enumerate(names, 1)}
        for place, table in enumerate(self.tables.objects.tables()):
            columns = {"ImageNumber": _numbered(table["image"], numbers)}
            columns["ObjectNumber"] = table["label"]
            columns |= {
                cellprofiler_name(name): _in_their_unit(name, table[name])
                for name in table.column_names
                if name not in {"image", "label"}
            }
            yield csv_of(harmless(pa.table(columns)), with_header=place == 0)


def _numbered(images: pa.ChunkedArray, numbers: dict[str, int]) -> pa.Array:
    coded = images.combine_chunks().dictionary_encode()
    return pc.take(
        pa.array([numbers[name] for name in coded.dictionary.to_pylist()], pa.int64()),
        coded.indices,
    )


def cellprofiler_name(name: str) -> str:
    """Return what CellProfiler calls a measurement."""
    if name == "class":  # As of its module ClassifyObjects: no measurement of a shape.
        return "Classify_Class"
    if name in _SHAPES:
        return _SHAPES[name]
    if found := _INTENSITY.fullmatch(name):
        return f"{_INTENSITIES[found[1]]}_{found[2] or 'Image'}"
    return f"AreaShape_{name[:1].upper()}{name[1:]}"


def _in_their_unit(name: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.multiply(values, 180 / math.pi) if name == "orientation" else values
