"""Which module writes which format; a new format is one more line.

Modules are imported when an export asks for them: a worker that only segments needs none of them,
nor the libraries that they use.
"""

from collections.abc import Iterable
from importlib import import_module
from types import MappingProxyType

from shared.domain.exports import ExportFormat
from shared.exporting.entries import Format
from shared.exporting.records import ProjectRecord
from shared.exporting.tables import TableFormat, Tables

#: The module and the class in it.
FORMATS = MappingProxyType(
    {
        ExportFormat.COCO: "coco:Coco",
        ExportFormat.CSV: "csv_tables:CsvTables",
        ExportFormat.GEOJSON: "geojson:GeoJson",
        ExportFormat.LABELS: "label_images:LabelImages",
        ExportFormat.YOLO: "yolo:Yolo",
        ExportFormat.IMAGEJ: "imagej:ImageJ",
        ExportFormat.CELLPOSE: "cellpose:Cellpose",
        ExportFormat.XLSX: "xlsx_tables:XlsxTables",
        ExportFormat.PARQUET: "parquet_tables:ParquetTables",
        ExportFormat.CELLPROFILER: "cellprofiler:CellProfiler",
        ExportFormat.OVERLAY: "overlay:Overlay",
        ExportFormat.PROVENANCE: "provenance:Provenance",
    }
)


def with_provenance(asked: Iterable[ExportFormat]) -> list[ExportFormat]:
    """Return the formats asked for in their order, and provenance, which is always there."""
    wanted = {*asked, ExportFormat.PROVENANCE}
    return [name for name in ExportFormat if name in wanted]


def formats_of(asked: Iterable[ExportFormat], project: ProjectRecord) -> list[Format]:
    """Return the formats of one export, made new; tables share the rows they are written from."""
    made: list[Format] = []
    tables: Tables | None = None
    for name in with_provenance(asked):
        kind = class_of(name)
        if issubclass(kind, TableFormat):
            if tables is None:
                tables = Tables(project)
                made.append(tables)
            made.append(kind(project, tables))
        else:
            made.append(kind(project))
    return made


def class_of(name: ExportFormat) -> type[Format]:
    """Return the class that writes a format."""
    module, _, attribute = FORMATS[name].partition(":")
    found: type[Format] = getattr(import_module(f"{__package__}.{module}"), attribute)
    return found
