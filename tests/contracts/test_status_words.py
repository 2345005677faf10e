"""Status words come from one enumeration; SQL, Python and pages use no other (S4)."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from sqlalchemy import text

from shared.database.engine import Database
from shared.database.tally_tables import COUNTED
from shared.domain.accounts import Role, ShareStatus, TokenScope
from shared.domain.activities import ActivityType
from shared.domain.engines import Modality
from shared.domain.events import ExportStatus, NoticeLevel
from shared.domain.exports import ExportFailure
from shared.domain.images import ImageStatus
from shared.domain.ingests import IngestStatus
from shared.domain.previews import PreviewStatus
from shared.domain.runs import FailureCode, RunStatus
from shared.domain.uploads import UploadState

ROOT = Path(__file__).parents[2]

#: Which enumeration a column's words come from.
COLUMNS: dict[tuple[str, str], type[StrEnum]] = {
    ("images", "status"): ImageStatus,
    ("images", "modality"): Modality,
    ("images", "last_error_code"): FailureCode,
    ("runs", "status"): RunStatus,
    ("runs", "failure_code"): FailureCode,
    ("activities", "type"): ActivityType,
    ("exports", "status"): ExportStatus,
    ("exports", "failure_code"): ExportFailure,
    ("ingests", "status"): IngestStatus,
    ("previews", "status"): PreviewStatus,
    ("project_shares", "role"): Role,
    ("api_tokens", "scope"): TokenScope,
    ("notices", "level"): NoticeLevel,
    ("uploads", "state"): UploadState,
}

STATUS_WORDS = {
    *ImageStatus,
    *RunStatus,
    *ShareStatus,
    *IngestStatus,
    *ExportStatus,
    *PreviewStatus,
}

#: A comparison or assignment of a status in SQL, with the quoted words that it names.
IN_SQL = re.compile(r"\bstatus\b\s*(?:=|<>|!=|IN|NOT IN)\s*\(?\s*((?:'\w+'(?:\s*,\s*)?)+)")
#: The outcome of a CASE, wherever it goes.
OUTCOME = re.compile(r"(?:THEN|ELSE)\s+'(\w+)'")


def source_files() -> Iterator[Path]:
    for folder in ("shared", "web", "worker", "migrations"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def texts_in(path: Path) -> Iterator[str]:
    """Return every text of a module, docstrings included, f-strings without their values."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_each_check_in_the_database_lists_the_words_of_its_enumeration(database: Database) -> None:
    with database.reading() as connection:
        rows = connection.execute(
            text(
                "SELECT conrelid::regclass::text AS table, conname,"
                " pg_get_constraintdef(oid) AS definition FROM pg_constraint"
                " WHERE contype = 'c' AND conname LIKE 'ck\\_%\\_word'"
            )
        ).all()

    found = {}
    for row in rows:
        column = row.conname.removeprefix(f"ck_{row.table}_").removesuffix("_word")
        found[row.table, column] = set(re.findall(r"'(\w+)'", row.definition))
    assert found == {place: set(words) for place, words in COLUMNS.items()}


def test_the_tally_has_a_column_for_each_status_of_an_image() -> None:
    assert set(COUNTED) == set(ImageStatus)


def words_in(sql: str) -> Iterator[str]:
    """Return the quoted words that a statement compares a status with or sets it to."""
    for listed in IN_SQL.findall(sql):
        yield from re.findall(r"'(\w+)'", listed)
    if "status" in sql and "CASE" in sql and "role" not in sql:
        yield from OUTCOME.findall(sql)


def test_no_statement_uses_another_word() -> None:
    used = {
        (word, path.relative_to(ROOT))
        for path in source_files()
        for sql in texts_in(path)
        for word in words_in(sql)
    }

    assert len(used) > 20
    assert {(word, path) for word, path in used if word not in STATUS_WORDS} == set()


def test_no_page_compares_a_status_with_another_word() -> None:
    compared = re.compile(r"""\bstatus\b\s*[!=]={1,2}\s*["'](\w+)["']""")
    pages = [*(ROOT / "web" / "templates").rglob("*.html"), *(ROOT / "web/static/js").rglob("*.js")]

    used = {(word, page.name) for page in pages for word in compared.findall(page.read_text())}

    assert {(word, page) for word, page in used if word not in STATUS_WORDS} == set()
