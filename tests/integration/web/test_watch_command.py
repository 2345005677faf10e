"""`celltally watch PROJECT`, against the real pages: what it refuses, and how it ends."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from shared.cli import celltally
from shared.commands import watch as command
from shared.commands.account import TOKEN
from tests.factories import MadeProject
from tests.integration.web.test_upload_command import address, token  # noqa: F401 - fixtures

Run = Callable[..., Result]


@pytest.fixture
def run(address: str, token: str) -> Run:  # noqa: F811
    """Return a function that runs the command, by Alice's token unless told otherwise."""

    def watch(project: object, *, token: str = token, url: str = address) -> Result:
        words = ["watch", str(project), "--url", url]
        return CliRunner().invoke(celltally, words, env={TOKEN: token})

    return watch


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have two events come instead of a relay's, and then Ctrl-C; return whose were asked for."""
    asked: list[str] = []

    def follow(_rest: Any, project_id: str, **_options: Any) -> Iterator[dict[str, Any]]:
        asked.append(project_id)
        yield {"type": "projectStatsUpdate", "v": 1}
        yield {"type": "imageStatusUpdate", "data": {"name": "µ"}}
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "follow", follow)
    return asked


def title_of(project: MadeProject, client_of: Any, alice: Any) -> str:
    answer = client_of(alice).get(f"/api/v1/projects/{project.id}")
    title: str = answer.json["title"]
    return title


def test_each_event_is_a_line_of_json_and_ctrl_c_ends_it_cleanly(
    run: Run, make_project: Any, followed: list[str]
) -> None:
    project = make_project(uploaded=1)

    shown = run(project.id)

    # The pages run in this process too, and log to the same place.
    lines = [json.loads(line) for line in shown.stdout.splitlines() if line.startswith("{")]
    assert [line["type"] for line in lines] == ["projectStatsUpdate", "imageStatusUpdate"]
    assert shown.exit_code == 130
    assert followed == [str(project.id)]


def test_a_project_is_found_by_its_title(
    run: Run, make_project: Any, followed: list[str], client_of: Any, alice: Any
) -> None:
    project = make_project(uploaded=1)

    run(title_of(project, client_of, alice))

    assert followed == [str(project.id)]


def test_a_title_that_two_projects_have_is_refused_with_their_ids(
    run: Run, make_project: Any, client_of: Any, alice: Any
) -> None:
    project = make_project(uploaded=1)
    title = title_of(project, client_of, alice)
    client_of(alice).post("/api/v1/projects", json={"title": title})

    shown = run(title)

    assert shown.exit_code == 1
    assert "2 projects are called" in shown.stderr
    assert str(project.id) in shown.stderr


@pytest.mark.parametrize("name", ["no such title", str(UUID(int=7))])
def test_an_unknown_project_is_one_line(run: Run, name: str) -> None:
    shown = run(name)

    assert shown.exit_code == 1
    assert len(shown.stderr.splitlines()) == 1


def test_a_project_of_somebody_else_is_as_unknown(run: Run, make_project: Any, bob: Any) -> None:
    """R7."""
    shown = run(make_project(owner=bob, uploaded=1).id)

    assert shown.exit_code == 1
    assert len(shown.stderr.splitlines()) == 1


def test_a_bad_token_is_told_with_the_remedy(run: Run, make_project: Any) -> None:
    shown = run(make_project(uploaded=1).id, token="wrong")

    assert shown.exit_code == 1
    assert len(shown.stderr.splitlines()) == 1
    assert "celltally token create" in shown.stderr


def test_a_server_that_is_not_there_is_told_with_the_remedy(run: Run) -> None:
    shown = run("Plate 7", url="http://127.0.0.1:9")

    assert shown.exit_code == 1
    assert "celltally up" in shown.stderr
    assert len(shown.stderr.splitlines()) == 1
