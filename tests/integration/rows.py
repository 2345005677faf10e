"""People, projects and images of a test, and questions about them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.engine import Row

from shared.actions.create_project import create_project
from shared.actions.delete_images import delete_images
from shared.database import images, shares, stats
from shared.database.engine import Database
from shared.database.images import NewImage
from shared.database.projects import NewProject
from shared.database.shares import Offer
from shared.database.transaction import Transaction
from shared.domain.accounts import Role
from shared.domain.engines import Modality
from shared.domain.events import Operation
from shared.domain.stats import ProjectStats
from shared.messaging.memory import MemoryTaskQueue

#: Tables whose rows do not go with their user.
LOOSE_TABLES = (
    "stats_deltas",
    "outbox",
    "activities",
    "file_deletions",
    "engines",
    "worker_heartbeats",
    "drift_found",
    "audits",
    "dispatch_state",
)


class Rows:
    """A database and what is in it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.queue = MemoryTaskQueue()

    def forget_everything(self) -> None:
        """Empty every table: faster than a new database for each test."""
        for table in ("users", *LOOSE_TABLES):
            self.sql(f"DELETE FROM {table}")

    def sql(self, statement: str, *, operation: str | None = None, **values: Any) -> list[Row[Any]]:
        """Run one statement in a transaction of its own; return its rows, if it has any."""

        def run(tx: Any) -> list[Row[Any]]:
            result = tx.execute(text(statement), values)
            return list(result) if result.returns_rows else []

        return self.database.transact(run, operation=operation)

    def value(self, statement: str, **values: Any) -> Any:
        """Return the one value that *statement* asks for."""
        return self.sql(statement, **values)[0][0]

    def user(self, name: str = "Ada") -> UUID:
        """Add somebody for whom it is about noon: no test runs over their midnight."""
        return self.value(
            "INSERT INTO users (email, name, password_hash, time_zone)"
            " VALUES (:name || gen_random_uuid() || '@example.org', :name, 'x', :zone)"
            " RETURNING id",
            name=name,
            zone=f"Etc/GMT{datetime.now(UTC).hour - 12:+d}",
        )

    def project(self, owner: UUID | None = None) -> UUID:
        """Add a project of whose beginning everybody has been told."""
        new = NewProject(owner or self.user(), "Spheroids")
        project = self.database.transact(lambda tx: create_project(tx, self.queue, new))
        self.sql(
            "DELETE FROM outbox WHERE data->>'projectId' = :id OR type = 'userActivityUpdate'",
            id=str(project),
        )
        return project

    def sign_in(self, user: UUID) -> UUID:
        """Sign the user in; return the id of the login."""
        login: UUID = self.value(
            "INSERT INTO login_sessions (user_id, token_hash, expires_at)"
            " VALUES (:user, sha256(CAST(gen_random_uuid()::text AS bytea)),"
            " now() + interval '1 hour') RETURNING id",
            user=user,
        )
        return login

    def let_in(self, project: UUID, user: UUID, role: Role = Role.VIEWER) -> UUID:
        """Let the user in by a link of their own; return its share."""

        def let_in(tx: Transaction) -> UUID:
            share_id, _ = shares.offer(tx.connection, project, Offer(None, role))
            shares.join(tx.connection, share_id, user)
            return share_id

        return self.database.transact(let_in)

    def images(self, project: UUID, count: int = 1) -> list[UUID]:
        """Add *count* images of new content."""
        return self.upload(project, [uuid4().hex for _ in range(count)])

    def upload(self, project: UUID, shas: list[str]) -> list[UUID]:
        """Add images with these contents; those that the project has already are not added."""
        new = [new_image(project, sha) for sha in shas]
        inserted = self.database.transact(
            lambda tx: images.insert_new(tx.connection, new), operation=Operation.IMAGES_ADDED
        )
        return [image.id for image in new if image.id in inserted]

    def delete(self, project: UUID, image_ids: list[UUID]) -> int:
        return delete_images(
            self.database,
            self.queue,
            project_id=project,
            image_ids=image_ids,
            actor_id=self.owner(project),
        )

    def owner(self, project: UUID) -> UUID:
        return self.value("SELECT owner_id FROM projects WHERE id = :project", project=project)

    def image(self, image_id: UUID) -> Row[Any]:
        return self.sql("SELECT * FROM images WHERE id = :id", id=image_id)[0]

    def run(self, run_id: UUID) -> Row[Any]:
        return self.sql("SELECT * FROM runs WHERE id = :id", id=run_id)[0]

    def runs(self, project: UUID, status: str | None = None) -> list[Row[Any]]:
        return self.sql(
            "SELECT * FROM runs WHERE project_id = :project"
            " AND (CAST(:status AS text) IS NULL OR status = :status) ORDER BY seq",
            project=project,
            status=status,
        )

    def deltas(self, project: UUID) -> list[Row[Any]]:
        return self.sql(
            "SELECT * FROM stats_deltas WHERE project_id = :project ORDER BY id", project=project
        )

    def stats(self, project: UUID) -> ProjectStats:
        with self.database.reading() as connection:
            found = stats.read_stats(connection, project)
        assert found is not None, f"project {project} has no stats"
        return found

    def is_exact(self, project: UUID) -> bool:
        """Tell whether the tally equals a count of the rows."""
        now = self.stats(project)
        with self.database.reading() as connection:
            counted = stats.recount(connection, project)
        return counted == counts_of(now)


def counts_of(found: ProjectStats) -> dict[str, int]:
    """Return the counts under the names of the columns."""
    return {
        "uploaded": found.uploaded_count,
        "queued": found.queued_count,
        "processing": found.processing_count,
        "segmented": found.segmented_count,
        "no_objects": found.no_objects_count,
        "failed": found.failed_count,
        "objects": found.object_count,
    }


def new_image(project: UUID, sha: str) -> NewImage:
    """Return an image with this content, as an accepted upload has it."""
    return NewImage(
        id=uuid4(),
        project_id=project,
        filename=f"{sha}.png",
        sha256=sha,
        bytes=64,
        width=8,
        height=8,
        channels=1,
        bit_depth=8,
        pixel_size_um=None,
        page=0,
        pages=1,
        modality=Modality.NUCLEI_FLUO,
        storage_key=f"images/{project}/{sha}",
        thumbnail_key=f"thumbnails/{project}/{sha}",
    )
