"""The migrations make exactly the tables of the mapped classes, and take them away again."""

import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from shared.database import (  # noqa: F401 - they fill the metadata
    access,
    account_tables,
    export_tables,
    intake_tables,
    preview_tables,
    share_tables,
    shares,
    tables,
    tally_tables,
)
from shared.database.columns import Base
from shared.database.engine import driver_url, plain_url
from shared.database.migrating import alembic_config, upgrade
from shared.database.paging import Cut
from shared.domain.accounts import Role
from shared.servers.addresses import ServerUrls


@pytest.fixture
def empty_database(servers: ServerUrls) -> Iterator[str]:
    """The address of a database without any table."""
    name = f"migrated_{uuid4().hex[:8]}"
    admin = create_engine(driver_url(servers.database), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield plain_url(driver_url(servers.database).set(database=name))
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def engine(empty_database: str) -> Iterator[Engine]:
    engine = create_engine(driver_url(empty_database))
    yield engine
    engine.dispose()


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, Base.metadata))


def leftovers(engine: Engine) -> set[str]:
    """Return the tables and functions in the schema, but for Alembic's own."""
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind = 'r'"
                " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            )
        )
        return set(found.scalars()) - {"alembic_version"}


def test_from_nothing_the_migrations_lead_to_the_mapped_classes(
    empty_database: str, engine: Engine
) -> None:
    upgrade(empty_database)

    assert differences(engine) == []
    assert constraints(engine) == declared_constraints()


def constraints(engine: Engine) -> set[str]:
    """Return the names of all checks, which Alembic does not compare."""
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0")
        )
        return {name for name in found.scalars() if name.startswith("ck_")}


def declared_constraints() -> set[str]:
    return {
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if str(constraint.name).startswith("ck_")
    }


def test_every_step_back_can_be_taken_and_taken_again(empty_database: str, engine: Engine) -> None:
    upgrade(empty_database)

    command.downgrade(alembic_config(empty_database), "base")

    assert leftovers(engine) == set()
    upgrade(empty_database)
    assert differences(engine) == []


def test_two_that_migrate_at_once_wait_for_each_other(empty_database: str, engine: Engine) -> None:
    call = f"from shared.database.migrating import upgrade; upgrade({empty_database!r})"
    both = [subprocess.Popen([sys.executable, "-c", call]) for _ in range(2)]

    assert [process.wait(60) for process in both] == [0, 0]
    assert differences(engine) == []


def test_there_is_one_line_of_revisions() -> None:
    script = ScriptDirectory.from_config(alembic_config("postgresql://nobody.example/none"))

    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


#: Two projects of Ada's, shared in every way that there was before revision 0010.
SHARED_BEFORE = """
INSERT INTO users (email, name, password_hash) SELECT name || '@lab.example', name, 'x'
FROM unnest(ARRAY['Ada', 'Bob', 'Cleo', 'Dora', 'Eve']) AS name;
INSERT INTO projects (owner_id, title) SELECT id, 'Plate' FROM users WHERE name = 'Ada';
INSERT INTO project_shares (project_id, user_id, role, status)
SELECT p.id, u.id, CASE WHEN u.name = 'Bob' THEN 'editor' ELSE 'viewer' END, old.status
FROM projects AS p, users AS u JOIN (
    VALUES ('Bob', 'accepted'), ('Cleo', 'pending'), ('Dora', 'revoked'), ('Eve', 'expired')
) AS old (name, status) ON old.name = u.name;
"""


def test_shares_of_before_become_shares_and_memberships(
    empty_database: str, engine: Engine
) -> None:
    """O6: on a database with data, forward and back."""
    command.upgrade(alembic_config(empty_database), "0008")
    with engine.begin() as connection:
        connection.execute(text(SHARED_BEFORE))

    upgrade(empty_database)

    with engine.connect() as connection:
        [(project_id,)] = connection.execute(text("SELECT id FROM projects"))
        found = shares.list_shares(connection, project_id, Cut(shares.ORDERS["createdAt"], 10)).rows
        assert {(row["email"], row["status"], row["role"]) for row in found} == {
            ("Bob@lab.example", "accepted", "editor"),
            ("Cleo@lab.example", "pending", "viewer"),
            ("Dora@lab.example", "revoked", "viewer"),
            ("Eve@lab.example", "expired", "viewer"),
        }
        members = access.members_of(connection, project_id)
        names = dict(connection.execute(text("SELECT id, name FROM users")).all())
        assert {names[user_id]: role for user_id, role in members.items()} == {"Bob": Role.EDITOR}

    command.downgrade(alembic_config(empty_database), "0008")
    with engine.connect() as connection:
        kept = connection.execute(
            text("SELECT u.name FROM project_shares AS s JOIN users AS u ON u.id = s.user_id")
        )
        assert set(kept.scalars()) == {"Bob", "Eve"}
