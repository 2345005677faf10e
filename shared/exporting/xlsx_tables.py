"""`tables/objects.xlsx`: one workbook with the sheets `objects` and `images`."""

from collections.abc import Iterator
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from shared.exporting.entries import Entry
from shared.exporting.spool import PIECE_BYTES, TEMPORARY
from shared.exporting.tables import Rows, TableFormat
from shared.storage.errors import failing_as

#: Excel's limit; what is beyond it, or beyond a sheet's bytes, goes to `objects 2` and so on.
SHEET_ROWS = 1_048_576

#: Without ZIP64, which Excel stumbles over, a sheet's XML has 4 GB at most.
_SHEET_BYTES, _CELL_BYTES = 1 << 32, 56


class XlsxTables(TableFormat):
    """Text is written as text, never as a formula or a link."""

    def finish(self) -> Iterator[Entry]:
        """Yield the workbook."""
        yield Entry("tables/objects.xlsx", self._pieces(), is_packed=True)

    def _pieces(self) -> Iterator[bytes]:
        with TemporaryFile() as file:
            with failing_as("write to", TEMPORARY), TemporaryDirectory() as folder:
                for _ in self._writing(file, folder):
                    yield b""  # Whoever waits for pieces looks whether the export is still wanted.
            file.seek(0)
            while piece := file.read(PIECE_BYTES):
                yield piece

    def _writing(self, file: IO[bytes], folder: str) -> Iterator[None]:
        # Row after row, each on disk once the next one begins.
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        workbook = xlsxwriter.Workbook(file, options)
        try:
            for name, rows in (("objects", self.tables.objects), ("images", self.tables.images)):
                yield from writing_sheets(workbook, name, rows)
            workbook.close()
        except FileCreateError as failure:  # What it wraps is what the disk said.
            raise OSError(str(failure)) from failure
        finally:
            # To close the workbook is to write it, also when nobody wants it any more.
            for sheet in workbook.worksheets():
                sheet._opt_close()


def rows_of_a_sheet(columns: int) -> int:
    """Return how many rows with so many cells fit into one sheet, the titles among them."""
    return min(SHEET_ROWS, _SHEET_BYTES // (_CELL_BYTES * max(1, columns)))


def writing_sheets(
    workbook: Any, name: str, rows: Rows, *, most: int | None = None
) -> Iterator[None]:
    """Write the rows to the sheet *name*, and to as many more as they need, some at each step."""
    bold = workbook.add_format({"bold": True})
    titles = rows.schema.names
    most = most or rows_of_a_sheet(len(titles))
    sheet, place, sheets = None, most, 0
    for table in rows.tables():
        for values in zip(*(column.to_pylist() for column in table.columns), strict=True):
            if place >= most:
                sheets += 1
                sheet = workbook.add_worksheet(name if sheets == 1 else f"{name} {sheets}")
                sheet.freeze_panes(1, 0)
                sheet.write_row(0, 0, titles, bold)
                place = 1
            _write_line(sheet, place, values)
            place += 1
        yield
    if sheet is None:
        workbook.add_worksheet(name).write_row(0, 0, titles, bold)


def _write_line(sheet: Any, place: int, values: tuple[Any, ...]) -> None:
    for column, value in enumerate(values):
        if isinstance(value, bool):
            sheet.write_boolean(place, column, value)
        elif isinstance(value, str):
            sheet.write_string(place, column, value)
        elif value is not None and value == value and abs(value) != float("inf"):  # noqa: PLR0124
            sheet.write_number(place, column, value)
