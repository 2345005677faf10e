"""Rows to measure on, made by one statement each."""

from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import text

from shared.database.engine import Database, plain_url
from shared.database.transaction import Transaction

_PROJECT = text(
    """
WITH owner AS (
    INSERT INTO users (email, name, password_hash)
    VALUES (gen_random_uuid() || '@example.org', 'Bench', 'no password') RETURNING id
),
project AS (
    INSERT INTO projects (owner_id, title) SELECT id, 'Bench' FROM owner RETURNING id, owner_id
),
stats AS (INSERT INTO project_stats (project_id) SELECT id FROM project)
SELECT id, owner_id FROM project
"""
)

_IMAGES = text(
    """
INSERT INTO images (project_id, filename, sha256, bytes, width, height, channels, bit_depth,
                    storage_key, thumbnail_key, modality, status)
SELECT :project_id, 'image.png', encode(sha256(gen_random_uuid()::text::bytea), 'hex'), 1, 512,
       512, 1, 8, :storage_key, :storage_key, 'nuclei_fluo', :status
FROM generate_series(1, :count)
RETURNING id
"""
)

_CHUNK = 100_000  # A million rows in one statement would meet the statement timeout.


def insert_project(database: Database) -> tuple[UUID, UUID]:
    """Insert a project with an owner of its own; return the ids of both."""
    row = database.transact(lambda tx: tx.execute(_PROJECT).one())
    return row.id, row.owner_id


def insert_images(
    database: Database,
    project_id: UUID,
    count: int,
    *,
    status: str = "uploaded",
    storage_key: str = "images/none",
) -> list[UUID]:
    """Insert *count* images; return their ids."""
    ids: list[UUID] = []
    while (missing := count - len(ids)) > 0:
        values = {
            "project_id": project_id,
            "count": min(missing, _CHUNK),
            "status": status,
            "storage_key": storage_key,
        }

        def insert(tx: Transaction, values: dict[str, object] = values) -> list[UUID]:
            return list(tx.execute(_IMAGES, values).scalars())

        ids += database.transact(insert, operation="images_added")
    return ids


def settle(database: Database, *tables: str) -> None:
    """Vacuum and analyse, so that no benchmark pays for how its rows were made."""
    with psycopg.connect(plain_url(database.url), autocommit=True) as connection:
        for table in tables:
            connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))
