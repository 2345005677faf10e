"""The columns of tables: the stored ones as they are, lists taken apart, text made harmless."""

import pyarrow as pa
import pyarrow.compute as pc

#: Stored with each object, and no column of a table.
_SHAPE = frozenset({"polygon", "holes"})

#: A spreadsheet takes a text that begins so for a formula, and runs it (OWASP, CSV injection).
_FORMULA = r"^[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"


def object_columns(objects: pa.Table, image: str) -> pa.Table:
    """Return a row an object: `image`, `label`, the measurements in their order, `score`.

    A measurement of several numbers becomes several columns, `centroid-0` and `centroid-1`, as
    scikit-image's `regionprops_table` has them; one of varying length becomes text.
    """
    columns = {"image": pa.array([image] * objects.num_rows, pa.string())}
    names = [name for name in objects.column_names if name not in _SHAPE | {"label", "score"}]
    for name in ("label", *names, "score"):
        if name in objects.column_names:
            columns |= _parts(name, objects[name].combine_chunks())
    return pa.table(columns)


def harmless(table: pa.Table) -> pa.Table:
    """Return the table with an apostrophe before each text that begins like a formula."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(place, field, _escaped(table[field.name]))
    return table


def _escaped(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    marked = pc.binary_join_element_wise("'", texts, "")
    return pc.if_else(pc.match_substring_regex(texts, _FORMULA), marked, texts)


def _parts(name: str, column: pa.Array) -> dict[str, pa.Array]:
    if not _is_list(column.type):
        return {name: column}
    if len(column) == 0:  # Nobody knows how many there would be.
        return {}
    lengths = pc.unique(pc.list_value_length(column))
    if len(lengths) == 1 and lengths[0].as_py():
        count = lengths[0].as_py()
        return {f"{name}-{part}": pc.list_element(column, part) for part in range(count)}
    words = [None if each is None else " ".join(map(str, each)) for each in column.to_pylist()]
    return {name: pa.array(words, pa.string())}


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )
