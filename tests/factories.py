"""Rows that tests begin with, made without the pages and the workers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import text

from shared.credentials.tokens import hash_of, new_session_token
from shared.database import accounts, projects, shares
from shared.database.engine import Database
from shared.database.projects import NewProject
from shared.database.shares import Offer
from shared.database.transaction import Transaction
from shared.database.workers import RegisteredEngine, register_engine
from shared.domain.accounts import Account, Role
from shared.domain.engines import EngineSpec, Modality
from shared.domain.events import Operation
from shared.domain.images import ImageStatus

PASSWORD = "correct-horse-7"

#: argon2id of it, made with the least cost there is.
PASSWORD_HASH = (
    "$argon2id$v=19$m=8,t=1,p=1$nPND7bGL3YJZnYtNdaZgKA$AQe9vD6e5OmTsu+LZTfAy0W+jYfK1L6Hml3sblLzJ00"
)

_number = count(1)

_IMAGE = text(
    """
INSERT INTO images (id, project_id, filename, sha256, bytes, width, height, channels, bit_depth,
                    storage_key, thumbnail_key, modality, status, object_count, current_run_id,
                    results, last_error_code, last_error_detail, segmented_at)
VALUES (:id, :project_id, :filename, :sha256, 64, 8, 8, 1, 8, :storage_key, :thumbnail_key,
        'nuclei_fluo', :status, :object_count, :run_id,
        CAST(CAST(:run_id AS uuid) IS NOT NULL AS int), :error_code, :error_detail,
        CASE WHEN CAST(:run_id AS uuid) IS NOT NULL THEN now() END)
"""
)

_RUN = text(
    """
INSERT INTO runs (id, image_id, project_id, user_id, engine, engine_version, params, queue,
                  soft_seconds, hard_seconds, max_attempts)
SELECT :id, :image_id, p.id, p.owner_id, 'classical', '1', '{}', 'segment.cpu', 120, 150, 3
FROM projects AS p WHERE p.id = :project_id
"""
)

_CLAIM = text(
    """
UPDATE runs SET status = 'running', attempt = 1, token = gen_random_uuid(), started_at = now(),
                lease_until = now() + interval '1 hour'
WHERE id = :id
"""
)

_END = text(
    """
UPDATE runs SET status = :status, token = NULL, lease_until = NULL, finished_at = now(),
                version = CASE WHEN CAST(:result_path AS text) IS NOT NULL THEN 1 END,
                object_count = :object_count, duration_ms = :duration_ms,
                result_path = :result_path, failure_code = :error_code,
                failure_detail = :error_detail
WHERE id = :id
"""
)

#: The run that an image of each status has last had; None is no run.
_RUN_STATUS = {
    ImageStatus.UPLOADED: None,
    ImageStatus.QUEUED: "queued",
    ImageStatus.PROCESSING: "running",
    ImageStatus.SEGMENTED: "succeeded",
    ImageStatus.NO_OBJECTS: "succeeded",
    ImageStatus.FAILED: "failed",
}


@dataclass(frozen=True)
class MadeProject:
    """A project of a test and the images that are in it."""

    id: UUID
    owner: Account
    images: dict[ImageStatus, list[UUID]] = field(default_factory=dict)

    @property
    def image_ids(self) -> list[UUID]:
        return [image_id for ids in self.images.values() for image_id in ids]


def insert_account(
    database: Database, name: str = "Alice", *, email: str = "", is_admin: bool = False
) -> Account:
    """Make an account whose password is PASSWORD."""
    email = email or f"{name.lower()}-{uuid4().hex}@lab.example"

    def insert(tx: Transaction) -> UUID | None:
        return accounts.insert_user(
            tx.connection,
            email=email,
            name=name,
            password_hash=PASSWORD_HASH,
            is_admin=is_admin,
        )

    user_id = database.transact(insert)
    assert user_id is not None
    return Account(id=user_id, email=email, name=name, is_admin=is_admin, time_zone="UTC")


def begin_login(database: Database, account: Account) -> str:
    """Sign the account in and return the token of the session."""
    token = new_session_token()
    database.transact(
        lambda tx: accounts.open_session(
            tx.connection, account.id, token_hash=hash_of(token), user_agent="tests"
        )
    )
    return token


def insert_project(
    database: Database, owner: Account, statuses: dict[ImageStatus, int] | None = None
) -> MadeProject:
    """Make a project with that many images of each status."""
    new = NewProject(owner.id, f"Project {next(_number)}")
    project_id = database.transact(lambda tx: projects.insert(tx.connection, new))
    made = {
        status: [insert_image(database, project_id, status) for _ in range(number)]
        for status, number in (statuses or {}).items()
    }
    return MadeProject(project_id, owner, made)


def insert_image(
    database: Database, project_id: UUID, status: ImageStatus = ImageStatus.UPLOADED
) -> UUID:
    """Add an image, and the run that its status tells of."""
    image_id, run_id = uuid4(), uuid4()
    database.transact(
        lambda tx: _insert(tx, project_id, image_id, run_id, status),
        operation=Operation.IMAGES_ADDED,
    )
    return image_id


def share(database: Database, project: MadeProject, account: Account, role: Role) -> None:
    """Let the account into the project."""
    database.transact(lambda tx: _share(tx, project.id, account, role))


def insert_engine(
    database: Database,
    name: str = "classical",
    *,
    available: bool = True,
    default: Sequence[Modality] = (Modality.ANY, Modality.NUCLEI_FLUO),
) -> None:
    """Register an engine, as a worker that has it does."""
    spec = EngineSpec(
        name=name,
        version="1",
        title=name.title(),
        licence="MIT",
        modalities=[Modality.ANY],
        default=list(default),
        params={
            "type": "object",
            "properties": {"method": {"enum": ["local", "otsu"], "default": "local"}},
        },
    )
    engine = RegisteredEngine(name, spec, available, None if available else "no weights")
    database.transact(lambda tx: register_engine(tx.connection, engine))


def _share(tx: Transaction, project_id: UUID, account: Account, role: Role) -> None:
    share_id, _ = shares.offer(tx.connection, project_id, Offer(account.email, role))
    shares.join(tx.connection, share_id, account.id)


def _insert(
    tx: Transaction, project_id: UUID, image_id: UUID, run_id: UUID, status: ImageStatus
) -> None:
    run_status, place = _RUN_STATUS[status], next(_number)
    failed, done = status is ImageStatus.FAILED, run_status == "succeeded"
    objects = {ImageStatus.SEGMENTED: 3, ImageStatus.NO_OBJECTS: 0}.get(status)
    error = {
        "error_code": "engine_error" if failed else None,
        "error_detail": "The engine stopped." if failed else None,
    }
    image = {
        "id": image_id,
        "project_id": project_id,
        "filename": f"image-{place:05}.png",
        "sha256": uuid4().hex * 2,
        "storage_key": f"images/{project_id}/{image_id}/original.png",
        "thumbnail_key": f"images/{project_id}/{image_id}/thumbnail.webp",
        "status": status,
        "object_count": objects,
        "run_id": run_id if done else None,
    }
    tx.execute(_IMAGE, image | error)
    if run_status is None:
        return
    run = {"id": run_id, "image_id": image_id, "project_id": project_id}
    tx.execute(_RUN, run)
    if run_status != "queued":  # Every run begins there.
        tx.execute(_CLAIM, {"id": run_id})
    if done or failed:
        end = {
            "id": run_id,
            "status": run_status,
            "object_count": objects,
            "duration_ms": 100 if done else None,
            "result_path": f"results/{image_id}/{run_id}/" if done else None,
        }
        tx.execute(_END, end | error)
