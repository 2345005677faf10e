"""Folders of images with true masks."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import Modality
from shared.domain.errors import InvalidInputError
from shared.reading import read_pixels
from shared.reading.modality import guess_modality

MANIFEST = "manifest.csv"
_COLUMNS = ("file", "mask", "modality")
_NAMES = "images/ and masks/ with files of the same names, or manifest.csv with the columns "


@dataclass(frozen=True, slots=True)
class Annotated:
    """An image, the mask with its objects, and the kind of picture if somebody said it."""

    image: Path
    mask: Path
    modality: Modality | None = None

    def read(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the raw pixels `[y, x, c]` and the labels `[y, x]`."""
        image, mask = (read_pixels(path, name=str(path)) for path in (self.image, self.mask))
        if mask.shape[2] != 1 or mask.dtype.kind not in "bui":
            raise InvalidInputError(
                f"{self.mask} is no mask: one channel of whole numbers is due, 0 for background "
                "and a number of its own for each object."
            )
        if mask.shape[:2] != image.shape[:2]:
            raise InvalidInputError(
                f"{self.mask} has {_size(mask)} pixels and {self.image} has {_size(image)}."
            )
        return image, mask[:, :, 0]


def annotated_images(folder: Path) -> list[Annotated]:
    """Return the images of *folder* that have a mask, by name; raise InvalidInputError.

    It holds `manifest.csv`, which names each file, its mask and its modality, or the folders
    `images` and `masks` with files of the same names.
    """
    manifest = folder / MANIFEST
    found = list(_of_manifest(manifest) if manifest.is_file() else _of_folders(folder))
    if not found:
        raise InvalidInputError(
            f"{folder} has no image with a mask: put {_NAMES}{', '.join(_COLUMNS)} into it."
        )
    return found


def modality_of(image: NDArray[Any], said: Modality | None) -> Modality:
    """Return the kind of picture: what was said, or what it looks like."""
    return said if said is not None else guess_modality(image)


def _of_manifest(manifest: Path) -> Iterator[Annotated]:
    rows = csv.DictReader(_lines(manifest), restval="")
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise InvalidInputError(f"{manifest} has no column {', '.join(missing)}.")
    for row in rows:
        if not (row["file"] and row["mask"]):
            raise InvalidInputError(f"{manifest}, line {rows.line_num}, names no file or no mask.")
        here = manifest.parent
        yield Annotated(
            _existing(here / row["file"]),
            _existing(here / row["mask"]),
            _modality(row["modality"], manifest),
        )


def _lines(manifest: Path) -> list[str]:
    """Return the lines of the table; what a spreadsheet saved as something else is refused."""
    try:
        text = manifest.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidInputError(f"{manifest} is no text in UTF-8; save it as CSV (UTF-8).")
    return text.splitlines(keepends=True)


def _of_folders(folder: Path) -> Iterator[Annotated]:
    masks = {path.stem: path for path in sorted((folder / "masks").glob("*.*"))}
    for image in sorted((folder / "images").glob("*.*")):
        if image.stem not in masks:
            raise InvalidInputError(
                f"{image} has no mask: put one of the same name into {folder / 'masks'}."
            )
        yield Annotated(image, masks[image.stem])


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InvalidInputError(f"{path} is named in {MANIFEST} and does not exist.")
    return path


def _modality(word: str, manifest: Path) -> Modality | None:
    if not word:
        return None
    try:
        return Modality(word)
    except ValueError:
        known = ", ".join(Modality)
        raise InvalidInputError(f"{manifest}: {word!r} is no modality: {known}.") from None


def _size(pixels: NDArray[Any]) -> str:
    height, width = np.shape(pixels)[:2]
    return f"{width} by {height}"
