"""Tables for a terminal."""


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Return the rows as lines of columns, at least two spaces apart."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
