"""`tables/objects.parquet` and `tables/images.parquet`, for pandas, Polars, R and DuckDB."""

from collections.abc import Iterator
from tempfile import TemporaryFile

import pyarrow.parquet as pq

from shared.exporting.entries import Entry
from shared.exporting.spool import PIECE_BYTES, TEMPORARY
from shared.exporting.tables import Rows, TableFormat
from shared.storage.errors import failing_as


class ParquetTables(TableFormat):
    """The same columns as in CSV, with their types."""

    def finish(self) -> Iterator[Entry]:
        """Yield both tables."""
        yield Entry("tables/objects.parquet", _pieces(self.tables.objects), is_packed=True)
        yield Entry("tables/images.parquet", _pieces(self.tables.images), is_packed=True)


def _pieces(rows: Rows) -> Iterator[bytes]:
    with TemporaryFile() as file:
        with (
            failing_as("write to", TEMPORARY),
            pq.ParquetWriter(file, rows.schema, compression="zstd") as writer,
        ):
            for table in rows.tables():
                writer.write_table(table)
        file.seek(0)
        while piece := file.read(PIECE_BYTES):
            yield piece
