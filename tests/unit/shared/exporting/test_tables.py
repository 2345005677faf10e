"""Tables: the same columns and values in CSV, XLSX and Parquet (E4, E5)."""

import csv
import tempfile
from io import BytesIO, StringIO

import numpy as np
import openpyxl
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from shared.exporting.columns import harmless, object_columns
from shared.exporting.tables import IMAGE_COLUMNS, Rows, Tables, pa
from shared.exporting.xlsx_tables import SHEET_ROWS, XlsxTables, rows_of_a_sheet, writing_sheets
from shared.results import load_objects
from shared.storage import StorageError
from tests.exports import PROJECT, exported, ring_with_island, stored_image, two_squares


def rows_of(content):
    return list(csv.DictReader(StringIO(content.decode())))


@pytest.fixture
def images(storage):
    return [
        stored_image(storage, two_squares(), name="a.tif", pixel_size_um=0.5, scores=[0.9, 0.8]),
        stored_image(storage, None, name="b.tif"),
        stored_image(storage, ring_with_island(), name="c.tif"),
    ]


def test_a_row_an_object_begins_with_image_and_label(images):
    content = exported(images, "csv")["tables/objects.csv"]

    rows = rows_of(content)
    assert [(row["image"], row["label"]) for row in rows] == [
        *(("a.tif", "1"), ("a.tif", "2")),
        *(("c.tif", "1"), ("c.tif", "2")),
    ]
    assert list(rows[0])[:3] == ["image", "label", "area"]
    assert [row["holeCount"] for row in rows] == ["0", "0", "1", "0"]


def test_values_are_those_of_the_page(images, storage):
    """E4: not a digit is lost."""
    row = rows_of(exported(images, "csv")["tables/objects.csv"])[0]

    shown = load_objects(storage, images[0].record.run.result_path)[0]["measurements"]
    for name, value in shown.items():
        if isinstance(value, list):
            assert [float(row[f"{name}-{part}"]) for part in range(len(value))] == value
        elif isinstance(value, bool):
            assert row[name] == str(value).lower()
        else:
            assert float(row[name]) == value


def test_images_that_differ_in_columns_share_one_table(images):
    """Only one of them has a pixel size and scores."""
    rows = rows_of(exported(images, "csv")["tables/objects.csv"])

    assert [row["areaUm2"] for row in rows] == ["1.5", "1", "", ""]
    assert [row["score"] for row in rows] == ["0.9", "0.8", "", ""]


def test_a_row_an_image_has_those_without_result_too(images):
    rows = rows_of(exported(images, "csv")["tables/images.csv"])

    assert [row["image"] for row in rows] == ["a.tif", "b.tif", "c.tif"]
    assert [row["objectCount"] for row in rows] == ["2", "", "2"]
    assert [row["areaTotal"] for row in rows] == ["10", "", "68"]
    assert rows[0]["coverage"] == str(10 / 64)
    assert [row["largestArea"] for row in rows] == ["6", "", "64"]
    assert rows[0]["areaTotalUm2"] == "2.5"
    assert rows[0]["engine"] == "classical"
    assert rows[1]["status"] == "uploaded"


def test_parquet_has_the_same_with_types(images):
    content = exported(images, "parquet", "csv")

    table = pq.read_table(BytesIO(content["tables/objects.parquet"]))
    rows = rows_of(content["tables/objects.csv"])
    assert table.column_names == list(rows[0])
    assert table["area"].to_pylist() == [float(row["area"]) for row in rows]
    assert table["touchesBorder"].to_pylist() == [row["touchesBorder"] == "true" for row in rows]
    images_table = pq.read_table(BytesIO(content["tables/images.parquet"]))
    assert images_table.column_names == list(rows_of(content["tables/images.csv"])[0])
    assert images_table.column_names[: len(IMAGE_COLUMNS)] == IMAGE_COLUMNS.names


def test_excel_has_the_same_in_two_sheets(images):
    content = exported(images, "xlsx", "csv")

    workbook = openpyxl.load_workbook(BytesIO(content["tables/objects.xlsx"]))
    objects = list(workbook["objects"].values)
    rows = rows_of(content["tables/objects.csv"])
    assert list(objects[0]) == list(rows[0])
    area = objects[0].index("area")
    assert [line[area] for line in objects[1:]] == [float(row["area"]) for row in rows]
    assert len(list(workbook["images"].values)) == 4


FORMULAS = ["=1+1.png", "+A1.png", "-cmd.png", "@SUM(A1).png", "\uff1d1+1.png"]


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_that_begins_a_formula_is_text_in_csv(storage, name):
    """OWASP, CSV injection."""
    content = exported([stored_image(storage, two_squares(), name=name)], "csv")

    for path in ("tables/objects.csv", "tables/images.csv"):
        assert rows_of(content[path])[0]["image"] == f"'{name}"


def test_a_name_that_begins_a_formula_is_text_in_excel(storage):
    content = exported([stored_image(storage, two_squares(), name="=1+1.png")], "xlsx")

    cell = openpyxl.load_workbook(BytesIO(content["tables/objects.xlsx"]))["objects"]["A2"]
    assert (cell.value, cell.data_type) == ("=1+1.png", "s")


def test_a_name_with_commas_and_quotes_is_one_cell(storage):
    name = 'a, "b"; ž.tif'

    content = exported([stored_image(storage, two_squares(), name=name)], "csv")

    assert rows_of(content["tables/objects.csv"])[1]["image"] == name


def test_negative_numbers_are_no_formulas():
    table = harmless(pa.table({"orientation": [-0.5], "text": ["-0.5"]}))

    assert table.to_pylist() == [{"orientation": -0.5, "text": "'-0.5"}]


def test_without_objects_there_are_titles(storage):
    content = exported([stored_image(storage, np.zeros((4, 4), np.uint32))], "csv", "xlsx")

    assert content["tables/objects.csv"].startswith(b"image,label,area")
    sheet = openpyxl.load_workbook(BytesIO(content["tables/objects.xlsx"]))["objects"]
    assert [cell.value for cell in sheet[1]][:2] == ["image", "label"]


def test_several_channels_have_columns_of_their_own(storage):
    picture = np.zeros((8, 8, 2), np.uint16)
    picture[..., 1] = 9

    content = exported([stored_image(storage, two_squares(), picture=picture)], "csv")

    row = rows_of(content["tables/objects.csv"])[0]
    assert (row["intensityMean:0"], row["intensityMean:1"]) == ("0", "9")


def test_rows_beyond_a_sheet_go_to_the_next(tmp_path):
    rows = Rows(pa.schema([("label", pa.int64())]))
    rows.add(pa.table({"label": list(range(5))}))
    with xlsxwriter.Workbook(tmp_path / "t.xlsx") as workbook:
        list(writing_sheets(workbook, "objects", rows, most=3))
    rows.close()

    found = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert found.sheetnames == ["objects", "objects 2", "objects 3"]
    assert [list(sheet.values)[1:] for sheet in found] == [[(0,), (1,)], [(2,), (3,)], [(4,)]]
    assert [next(iter(sheet.values)) for sheet in found] == [("label",)] * 3


def test_a_sheet_of_many_columns_ends_before_its_bytes_do():
    """64 channels of an image have hundreds of columns."""
    assert rows_of_a_sheet(60) == SHEET_ROWS
    cell = '<c r="OJ1048576"><v>-1234567.1234567890123</v></c>'
    assert rows_of_a_sheet(400) * 400 * len(cell) < 2**32


def test_many_rows_come_in_their_order_with_all_columns():
    rows = Rows(pa.schema([("image", pa.string())]))
    for place in range(300):
        extra = {"late": [1.5] * 40} if place == 299 else {}
        rows.add(pa.table({"image": [str(place)] * 40, **extra}))

    tables = list(rows.tables())

    assert len(tables) > 1
    assert [name for table in tables for name in table["image"].to_pylist()] == [
        str(place) for place in range(300) for _ in range(40)
    ]
    assert tables[0]["late"].null_count == tables[0].num_rows
    rows.close()


def test_measurements_of_varying_length_become_text():
    neighbours = pa.table({"label": [1, 2], "neighbours": [[2, 3], [1]]})

    assert object_columns(neighbours, "a")["neighbours"].to_pylist() == ["2 3", "1"]


def test_a_workbook_nobody_wants_any_more_is_left_in_the_middle(storage, tmp_path, monkeypatch):
    """Thousands of rows take longer than a lease: each step asks whether the export is ours."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    tables = Tables(PROJECT)
    list(tables.add(stored_image(storage, two_squares())))
    [entry] = XlsxTables(PROJECT, tables).finish()
    pieces = iter(entry.pieces)

    assert next(pieces) == b""
    pieces.close()
    tables.close()

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_under_a_workbook_is_the_storages_failure(storage, monkeypatch):
    """So it is tried again."""

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(xlsxwriter.Workbook, "_store_workbook", full)

    with pytest.raises(StorageError, match="temporary folder"):
        exported([stored_image(storage, two_squares())], "xlsx")
