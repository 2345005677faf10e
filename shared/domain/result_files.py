"""What the files of a result are called; they lie in one folder, the run's `result_path`."""

LABELS = "labels.tif"
OBJECTS = "objects.parquet"
PREVIEW = "preview.webp"

#: Where the objects' file keeps the measurements of the image, as JSON.
OF_IMAGE = b"celltally.image"

RESULT_FILES = (LABELS, OBJECTS, PREVIEW)


def key_of(prefix: str, name: str) -> str:
    """Return the key of the result's file *name* (LABELS, OBJECTS, PREVIEW)."""
    return f"{prefix.removesuffix('/')}/{name}"
