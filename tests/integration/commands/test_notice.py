"""`celltally notice`: to everybody, at once, and on pages that are opened later."""

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from shared.cli import celltally
from shared.domain.events import Notice


@pytest.fixture
def run(database_url, servers, monkeypatch):
    """Return a function that runs `celltally …` on the database of the tests."""
    monkeypatch.setenv("CELLTALLY_DATABASE_URL", database_url)
    monkeypatch.setenv("CELLTALLY_REDIS_URL", servers.redis)
    return lambda *words: CliRunner().invoke(celltally, words)


@pytest.fixture(autouse=True)
def quiet(database) -> Iterator[None]:
    """Nothing is told before, and nothing stays for other tests."""

    def forget(tx):
        tx.execute(text("DELETE FROM notices"))
        tx.execute(text("DELETE FROM outbox"))

    database.transact(forget)
    yield
    database.transact(forget)


def told(database, account):
    """Return the notices that wait for the account."""
    with database.reading() as connection:
        found = connection.execute(
            text("SELECT data::text FROM outbox WHERE channel = :channel ORDER BY id"),
            {"channel": f"user:{account.id}"},
        )
        return [Notice.model_validate(json.loads(written)) for written in found.scalars()]


def test_everybody_is_told_and_pages_show_it(run, database, client_of, alice, bob):
    done = run("notice", "Restart  at 18:00,\nfor 10 minutes.")

    assert done.output == "told, and shown for 24 h\n"
    for account in (alice, bob):
        [notice] = told(database, account)
        assert (notice.level, notice.code) == ("warning", "maintenance")
        assert notice.text == "Restart at 18:00, for 10 minutes."
    for address in ("/", "/activity", "/settings/profile"):
        assert "Restart at 18:00" in client_of(alice).get(address).text
    assert "Restart at 18:00" not in client_of(None).get("/login").text


def test_a_later_notice_of_the_same_code_takes_its_place(run, client_of, alice):
    run("notice", "Restart at 18:00.")
    run("notice", "Restart at 19:00 <soon>.", "--level", "error")
    run("notice", "The disk is nearly full.", "--code", "disk")

    page = client_of(alice).get("/").text

    assert "18:00" not in page
    assert 'class="notice-line bad"' in page
    assert "19:00 &lt;soon&gt;" in page
    assert "nearly full" in page


def test_rest_lists_what_stays(run, client_of, alice):
    run("notice", "Restart at 18:00.")
    run("notice", "Welcome back.", "--code", "hello", "--level", "info")

    answer = client_of(alice).get("/api/v1/notices").json

    [notice] = answer["items"]
    assert answer["nextCursor"] is None
    facts = [notice[each] for each in ("level", "code", "text")]
    assert facts == ["warning", "maintenance", "Restart at 18:00."]
    shown = f'data-code="maintenance" data-at="{notice["timestamp"]}"'
    assert shown in client_of(alice).get("/").text
    assert client_of(None).get("/api/v1/notices").status_code == 401


def test_what_only_informs_is_told_and_stays_on_no_page(run, database, client_of, alice):
    run("notice", "Welcome back.", "--level", "info")

    assert [notice.text for notice in told(database, alice)] == ["Welcome back."]
    assert "Welcome back." not in client_of(alice).get("/").text


def test_an_end_takes_it_from_the_pages_and_says_so(run, database, client_of, alice):
    run("notice", "Restart at 18:00.")

    done = run("notice", "--end", "We are back.")

    assert done.output == "the notice is over\n"
    assert [(each.level, each.text) for each in told(database, alice)][-1] == (
        "info",
        "We are back.",
    )
    assert "18:00" not in client_of(alice).get("/").text


def test_a_notice_ends_by_itself(run, database, client_of, alice):
    run("notice", "Restart at 18:00.", "--hours", "0.5")
    database.transact(lambda tx: tx.execute(text("UPDATE notices SET ends_at = now()")))

    assert "18:00" not in client_of(alice).get("/").text
    assert "no notice 'maintenance'" in run("notice", "--end").output


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "write what is to be told"),
        (["  "], "1 to 300 characters"),
        (["x" * 301], "1 to 300 characters"),
        (["--end"], "There is no notice 'maintenance' now."),
    ],
)
def test_what_cannot_be_told_is_refused_in_one_line(run, database, alice, words, problem):
    done = run("notice", *words)

    assert done.exit_code != 0
    assert problem in done.output
    assert told(database, alice) == []
