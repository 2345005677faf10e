"""What an export is: its formats, its legal moves, and why it may fail."""

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from shared.domain.images import ImageStatus


class ExportFormat(StrEnum):
    """What an export may hold; each is a module of `shared/exporting`."""

    COCO = "coco"
    CSV = "csv"
    GEOJSON = "geojson"
    LABELS = "labels"
    YOLO = "yolo"
    IMAGEJ = "imagej"
    CELLPOSE = "cellpose"
    XLSX = "xlsx"
    PARQUET = "parquet"
    CELLPROFILER = "cellprofiler"
    OVERLAY = "overlay"
    PROVENANCE = "provenance"  #: In every export, asked for or not.


class ExportFailure(StrEnum):
    """Why an export failed, for programs; EXPORT_SENTENCES has it for people."""

    STORAGE_ERROR = "storage_error"
    WORKER_LOST = "worker_lost"
    OUT_OF_MEMORY = "out_of_memory"
    TIMEOUT = "timeout"
    EXPORT_ERROR = "export_error"


#: Causes that may pass: such an export is tried again by itself, with back-off.
RETRIED_EXPORTS = frozenset({ExportFailure.STORAGE_ERROR, ExportFailure.WORKER_LOST})

EXPORT_SENTENCES = MappingProxyType(
    {
        ExportFailure.STORAGE_ERROR: "A file could not be read or written. "
        "Export again later; if it stays so, your administrator finds the cause in the log.",
        ExportFailure.WORKER_LOST: "The worker stopped in the middle of this export, several "
        "times. Export fewer images or formats at a time.",
        ExportFailure.OUT_OF_MEMORY: "This export needed more memory than a worker has. "
        "Export the largest images by themselves, or fewer formats at a time.",
        ExportFailure.TIMEOUT: "This export took longer than an hour. "
        "Export fewer images or formats at a time.",
        ExportFailure.EXPORT_ERROR: "The export stopped with an error. "
        "Try fewer formats; your administrator finds the cause in the log.",
    }
)

MAX_EXPORT_ATTEMPTS = 3

#: Wait before the second and the third attempt.
EXPORT_BACKOFF_SECONDS = (5, 30)

#: How long a finished export is kept, its file with it.
KEPT_DAYS = 7

#: Of one account, waiting or running.
MOST_ACTIVE_EXPORTS = 5

#: Of one export: their names are kept in memory while it is written.
MOST_EXPORTED_IMAGES = 100_000

#: A worker is interrupted and, a minute later, ended: no export is at it for longer.
EXPORT_SOFT_SECONDS = 3600
EXPORT_HARD_SECONDS = 3660


@dataclass(frozen=True, slots=True)
class Selection:
    """Which images of the project: those listed, or those of some statuses, or all."""

    image_ids: tuple[UUID, ...] | None = None
    statuses: tuple[ImageStatus, ...] | None = None


@dataclass(frozen=True, slots=True)
class ClaimedExport:
    """An export that this process may write: `token` is the right to write its outcome."""

    id: UUID
    token: UUID
    attempt: int
    project_id: UUID
    user_id: UUID
    project_title: str
    formats: tuple[ExportFormat, ...]
    selection: Selection = field(hash=False)

    @property
    def folder(self) -> str:
        """The folder of storage that is this attempt's alone."""
        return export_folder(self.id, self.token)

    @property
    def key(self) -> str:
        """Where this attempt stores its file."""
        return f"{self.folder}export.zip"


def export_folder(export_id: UUID, token: UUID) -> str:
    """Return the folder of one attempt; it ends with a slash."""
    return f"exports/{export_id}/{token}/"
