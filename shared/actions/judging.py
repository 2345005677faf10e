"""Judge files before they are taken into a project: what each is, and whether it may come in."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from shared.config import Settings
from shared.database import images
from shared.database.engine import Database
from shared.database.images import NewImage
from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode
from shared.reading.formats import ImageFormat
from shared.reading.inspection import Inspection
from shared.reading.names import safe_filename


class LooksAtFiles(Protocol):
    """Tells what a file is without being harmed by it."""

    def inspect(
        self, path: Path, filename: str, *, max_bytes: int, max_pixels: int, page: int = 0
    ) -> Inspection: ...


class JudgingServices(Protocol):
    """What judging files needs."""

    @property
    def settings(self) -> Settings: ...
    @property
    def database(self) -> Database: ...
    @property
    def inspector(self) -> LooksAtFiles: ...


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file that came in whole, or that grew too large and was not kept."""

    filename: str
    path: Path
    sha256: str
    size: int
    too_large: bool = False
    relative_path: str | None = None  #: Where it lay in the folder that was uploaded.


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that was refused."""

    filename: str
    code: RejectionCode
    detail: str


@dataclass(frozen=True, slots=True)
class AcceptedFile:
    """A file that may come in: one image for each of its pages, with its thumbnail."""

    file: ReceivedFile
    images: list[NewImage]
    thumbnails: list[bytes]


@dataclass(slots=True)
class Sorting:
    """The files of one request as they are judged."""

    known: dict[str, UUID]  #: Images of the project by the content they share with the files.
    accepted: dict[str, AcceptedFile] = field(default_factory=dict)
    repeated: list[tuple[str, str]] = field(default_factory=list)  #: File name, content.
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def fresh(self) -> list[NewImage]:
        """The images of all accepted files."""
        return [image for each in self.accepted.values() for image in each.images]


def judge(services: JudgingServices, project_id: UUID, received: list[ReceivedFile]) -> Sorting:
    """Return the verdict on each file; those that the project has whole are not looked at."""
    with services.database.reading() as connection:
        hashes = [file.sha256 for file in received]
        sorting = Sorting(images.with_content(connection, project_id, hashes, whole=True))
    for file in received:
        try:
            _judge_one(services, project_id, file, sorting)
        except RejectedFileError as refusal:
            sorting.rejected.append(
                Rejection(file.filename, RejectionCode(refusal.code), refusal.detail)
            )
    return sorting


def _judge_one(
    services: JudgingServices, project_id: UUID, file: ReceivedFile, sorting: Sorting
) -> None:
    name = safe_filename(file.filename)
    limits = services.settings
    if file.too_large:
        raise RejectedFileError(
            f"{name} has more than {limits.max_image_bytes:,} bytes, which is the most allowed. "
            "Crop it or save it compressed and upload that copy.",
            code=RejectionCode.TOO_LARGE,
        )
    if file.sha256 in sorting.known or file.sha256 in sorting.accepted:
        sorting.repeated.append((name, file.sha256))
        return
    found = _looked_at(services, file, name)
    sorting.accepted[file.sha256] = AcceptedFile(
        file, _new_images(project_id, name, file, found), [each.thumbnail for each in found]
    )


def _looked_at(services: JudgingServices, file: ReceivedFile, name: str) -> list[Inspection]:
    """Return what each page of the file is."""

    def look(page: int) -> Inspection:
        return services.inspector.inspect(
            file.path,
            name,
            max_bytes=services.settings.max_image_bytes,
            max_pixels=services.settings.max_image_pixels,
            page=page,
        )

    first = look(0)
    return [first, *(look(page) for page in range(1, first.facts.pages))]


def _new_images(
    project_id: UUID, name: str, file: ReceivedFile, found: list[Inspection]
) -> list[NewImage]:
    ids = [uuid4() for _ in found]
    folder = f"images/{project_id}"
    # Keys hold an image's id and no content hash: to delete an image can never delete the file
    # of another upload, not even of the same content. Pages of one upload share their file.
    original = f"{folder}/{ids[0]}/original.{ImageFormat(found[0].facts.format)}"
    return [
        NewImage(
            id=image_id,
            project_id=project_id,
            filename=name,
            sha256=file.sha256,
            bytes=file.size,
            width=each.facts.width,
            height=each.facts.height,
            channels=each.facts.channels,
            bit_depth=each.facts.bit_depth,
            pixel_size_um=each.facts.pixel_size_um,
            page=page,
            pages=len(found),
            modality=each.modality,
            storage_key=original,
            thumbnail_key=f"{folder}/{image_id}/thumbnail.webp",
            relative_path=file.relative_path,
        )
        for page, (image_id, each) in enumerate(zip(ids, found, strict=True))
    ]
