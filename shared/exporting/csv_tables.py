"""`tables/objects.csv` and `tables/images.csv`, for everything that reads tables."""

from collections.abc import Iterator
from io import BytesIO

import pyarrow as pa
from pyarrow import csv

from shared.exporting.columns import harmless
from shared.exporting.entries import Entry
from shared.exporting.tables import Rows, TableFormat


class CsvTables(TableFormat):
    """Comma-separated UTF-8; a missing value is an empty cell, text stands in quotes."""

    def finish(self) -> Iterator[Entry]:
        """Yield both tables."""
        yield Entry("tables/objects.csv", csv_pieces(self.tables.objects))
        yield Entry("tables/images.csv", csv_pieces(self.tables.images))


def csv_pieces(rows: Rows) -> Iterator[bytes]:
    """Yield the rows as CSV, their names first."""
    for place, table in enumerate(rows.tables()):
        yield csv_of(harmless(table), with_header=place == 0)


def csv_of(table: pa.Table, *, with_header: bool) -> bytes:
    """Return the table as CSV; names that need no quotes have none."""
    buffer = BytesIO()
    if with_header:
        buffer.write((",".join(map(_name, table.column_names)) + "\n").encode())
    if table.num_rows:
        csv.write_csv(table, buffer, csv.WriteOptions(include_header=False))
    return buffer.getvalue()


def _name(column: str) -> str:
    """Return the name of a column as a cell: engines and channels may bring any."""
    name = f"'{column}" if column[:1] in "=+-@" else column
    return f'"{name.replace(chr(34), chr(34) * 2)}"' if set(name) & set(',"\n') else name
