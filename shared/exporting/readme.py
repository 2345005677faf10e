"""`README.txt`: what is in the export, what the words mean, and what is not in it and why."""

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from shared import __version__
from shared.domain.exports import ExportFormat
from shared.exporting.definitions import definition_of
from shared.exporting.entries import Entry
from shared.exporting.records import ProjectRecord

PATH = "README.txt"

#: What each format's files are and which program takes them.
CONTENTS = MappingProxyType(
    {
        ExportFormat.COCO: "coco/instances.json: COCO instances (pycocotools, CVAT, Detectron2). "
        "Objects with holes are run-length codes, others polygons; iscrowd is 0. Category 1 is "
        "`object`; classes that somebody gave have categories of their own.",
        ExportFormat.CSV: "tables/objects.csv, tables/images.csv: a row an object, a row an "
        "image. Text that begins like a formula has an apostrophe before it.",
        ExportFormat.GEOJSON: "geojson/<image>.geojson: detections with measurements for QuPath.",
        ExportFormat.LABELS: "labels/<image>.ome.tif: label images, 0 is background, objects are "
        "1..N, with the size of a pixel where it is known.",
        ExportFormat.YOLO: "yolo/<image>.txt: YOLO segmentation labels, class 0 is `object`; "
        "classes that somebody gave follow in data.yaml. "
        "Holes are joined to the outline by a cut of no width.",
        ExportFormat.IMAGEJ: "imagej/<image>_RoiSet.zip: for the ROI Manager of ImageJ and Fiji. "
        "Images without objects have none.",
        ExportFormat.CELLPOSE: "cellpose/<image>_seg.npy: masks for Cellpose; put each beside "
        "its image.",
        ExportFormat.XLSX: "tables/objects.xlsx: the tables as a workbook.",
        ExportFormat.PARQUET: "tables/objects.parquet, tables/images.parquet: the tables with "
        "their types.",
        ExportFormat.CELLPROFILER: "cellprofiler/Image.csv, cellprofiler/Objects.csv: the tables "
        "under CellProfiler's names; orientation in degrees; intensities as stored, not scaled "
        "to 0..1.",
        ExportFormat.OVERLAY: "overlay/<image>.png: the picture with outlines, and a scale bar "
        "where the size of a pixel is known.",
        ExportFormat.PROVENANCE: "provenance.json: of each image the input's SHA-256 and the run "
        "of its result: engine, version, parameters, times.",
    }
)

_GENERAL = """\
x goes right and y down, in pixels from the top left corner of the image. Outlines run along the
edges of pixels, so that the area of an outline less its holes is the number of pixels. Only images
with a result are in files of objects; all are in tables/images.csv and provenance.json.
A result that somebody edited by hand is `edited` in both; provenance.json tells who and when. Its
engine is that of the result which was edited.
"""

_FILES = """\
<image> is the name of the uploaded file without its extension, 200 bytes of it at most, with
_p<page> for files of several images and _<n> where names repeat. Tables call an image the same,
with its extension; the table of images also has the name as it was uploaded.
"""


class Readme:
    """Gathers what is to be told; written last."""

    def __init__(self, project: ProjectRecord, formats: Iterable[ExportFormat]) -> None:
        self._project = project
        self._formats = [name for name in ExportFormat if name in set(formats)]
        self.left_out: list[tuple[str, str]] = []
        self.image_count = 0
        self.without_result = 0

    def leave_out(self, name: str, reason: str) -> None:
        """Say that an image is not in the export."""
        self.left_out.append((name, reason))

    def entry(self, columns: Iterable[str]) -> Entry:
        """Return the file; *columns* are the measurements to define."""
        return Entry(PATH, iter(["\n".join(self._lines(columns)).encode()]))

    def _lines(self, columns: Iterable[str]) -> Iterator[str]:
        project = self._project
        yield f"{project.title}\n{'=' * len(project.title)}\n"
        yield f"Exported by celltally {__version__}, as of {project.moment}."
        yield f"{self.image_count} images, {self.without_result} of them without a result.\n"
        if self.left_out:
            yield f"LEFT OUT: {len(self.left_out)} images that were there when the export began\n"
            yield from (f"- {name}: {reason}" for name, reason in self.left_out)
            yield ""
        yield "Files\n-----\n"
        yield from (f"- {CONTENTS[name]}" for name in self._formats)
        yield f"\n{_FILES}\n{_GENERAL}"
        yield "Measurements\n------------\n"
        yield from (f"- {name}: {definition_of(name)}" for name in columns)
        yield ""
