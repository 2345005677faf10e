"""One look at a whole file, which tells if it is an image, which, and what it shows."""

from pathlib import Path

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode
from shared.reading.archives import Archive
from shared.reading.display import thumbnail
from shared.reading.inspection import ArchiveRequest, Inspection, Request, TilesRequest
from shared.reading.modality import guess_modality
from shared.reading.pixels import opened
from shared.reading.refusals import refusing_broken
from shared.reading.tiles import Manifest, write_tiles


def inspect_file(request: Request) -> Inspection:
    """Read the whole file once; raise RejectedFileError if it is not acceptable."""
    path, name = Path(request.path), request.filename
    _check_size(path.stat().st_size, request)
    with opened(path, name=name, max_pixels=request.max_pixels, page=request.page) as image:
        facts, pixels = image.facts, image.read()
    with refusing_broken(name):
        return Inspection(
            facts=facts,
            thumbnail=thumbnail(pixels, request.side),
            modality=guess_modality(pixels),
        )


def cut_file(request: TilesRequest) -> Manifest:
    """Write the tiles of an image that was accepted before; raise RejectedFileError if it broke."""
    path, name = Path(request.path), request.filename
    with opened(path, name=name, max_pixels=request.max_pixels, page=request.page) as image:
        pixels = image.read()
    with refusing_broken(name), Path(request.target).open("wb") as file:
        return write_tiles(pixels, file)


def count_members(request: ArchiveRequest) -> int:
    """Return how many files the archive holds; raise RejectedFileError if it is not acceptable."""
    with refusing_broken(request.filename):
        archive = Archive(Path(request.path), request.filename, max_unpacked=request.max_unpacked)
        archive.close()
    return len(archive.members)


def _check_size(size: int, request: Request) -> None:
    name = request.filename
    if size == 0:
        raise RejectedFileError(
            f"{name} is empty. Export it from your microscope's program again.",
            code=RejectionCode.EMPTY,
        )
    if size > request.max_bytes:
        raise RejectedFileError(
            f"{name} has {size:,} bytes; at most {request.max_bytes:,} are allowed. "
            "Crop it or save it compressed and upload that copy.",
            code=RejectionCode.TOO_LARGE,
        )
