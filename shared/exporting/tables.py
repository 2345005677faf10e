"""The rows of all tables, kept until every image is known: only then are all columns known."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pyarrow as pa

from shared.exporting.entries import Entry, Format, Needs
from shared.exporting.records import ExportedImage, ProjectRecord
from shared.exporting.spool import Spool

#: Rows that are given on together.
_ROWS = 2_000

#: What every table of objects has, also one without a row.
_LEAST = pa.schema([("image", pa.string()), ("label", pa.int32())])

IMAGE_COLUMNS = pa.schema(
    [
        ("image", pa.string()),
        ("imageId", pa.string()),
        ("filename", pa.string()),
        ("page", pa.int32()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("pixelSizeUm", pa.float64()),
        ("status", pa.string()),
        ("objectCount", pa.int64()),
        ("areaTotal", pa.float64()),
        ("coverage", pa.float64()),
        ("engine", pa.string()),
        ("engineVersion", pa.string()),
        ("edited", pa.bool_()),
        ("runId", pa.string()),
        ("sha256", pa.string()),
    ]
)


class Rows:
    """Tables one after the other, with whatever columns; read back with the columns of all."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self._spool = Spool()

    def add(self, table: pa.Table) -> None:
        """Keep the rows of *table*."""
        self.schema = pa.unify_schemas([self.schema, table.schema], promote_options="permissive")
        if table.num_rows:
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, table.schema) as writer:
                writer.write_table(table)
            self._spool.write(sink.getvalue().to_pybytes())

    def tables(self) -> Iterator[pa.Table]:
        """Yield all rows in their order, some thousands at a time; at least one table."""
        waiting: list[pa.Table] = []
        for table in self._kept():
            waiting.append(table)
            if sum(each.num_rows for each in waiting) >= _ROWS:
                yield pa.concat_tables(waiting)
                waiting = []
        yield pa.concat_tables(waiting) if waiting else self.schema.empty_table()

    def close(self) -> None:
        """Forget all of it."""
        self._spool.close()

    def _kept(self) -> Iterator[pa.Table]:
        end = self._spool.size
        file = self._spool.rewound()
        while file.tell() < end:
            yield self._completed(pa.ipc.open_stream(file).read_all())

    def _completed(self, table: pa.Table) -> pa.Table:
        columns = [
            table[field.name].cast(field.type)
            if field.name in table.column_names
            else pa.nulls(table.num_rows, field.type)
            for field in self.schema
        ]
        return pa.table(columns, schema=self.schema)


class Tables(Format):
    """Collects the rows for every format that is a table; writes no file itself."""

    needs: ClassVar[Needs] = Needs.OBJECTS

    def __init__(self, project: ProjectRecord) -> None:
        super().__init__(project)
        self.objects = Rows(_LEAST)
        self.images = Rows(IMAGE_COLUMNS)

    def add(self, image: ExportedImage) -> Iterator[Entry]:
        """Keep the image's rows."""
        objects = None
        if image.has_result:
            objects = image.columns
            self.objects.add(objects)
        row = _image_row(image, objects)
        table = pa.Table.from_pylist([row], schema=IMAGE_COLUMNS)
        for name in row.keys() - set(IMAGE_COLUMNS.names):
            table = table.append_column(name, pa.array([row[name]]))
        self.images.add(table.select(list(row)))
        return iter(())

    def close(self) -> None:
        """Forget the rows."""
        self.objects.close()
        self.images.close()


class TableFormat(Format):
    """A format that writes the rows of the `Tables` it is given."""

    def __init__(self, project: ProjectRecord, tables: Tables) -> None:
        super().__init__(project)
        self.tables = tables


def _image_row(image: ExportedImage, objects: pa.Table | None) -> dict[str, Any]:
    record = image.record
    row: dict[str, Any] = {
        "image": record.name,
        "imageId": str(record.id),
        "filename": record.filename,
        "page": record.page,
        "width": record.width,
        "height": record.height,
        "pixelSizeUm": record.pixel_size_um,
        "status": record.status,
        "sha256": record.sha256,
    }
    if record.run is None or objects is None:
        return row
    row |= {
        "objectCount": objects.num_rows,
        "engine": record.run.facts.get("engine"),
        "engineVersion": record.run.facts.get("engine_version"),
        "edited": bool(record.run.facts.get("edited")),
        "runId": str(record.run.id),
    }
    return row | image.summary
