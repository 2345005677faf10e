"""What a worker says that it computes with."""

import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

import shared
from worker.environment import DECIDING, commit_of, described

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".git/refs/heads").mkdir(parents=True)
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
    return tmp_path


def test_it_names_the_versions_of_all_that_decides() -> None:
    """E6."""
    found = described()

    assert found["celltally"]["version"] == shared.__version__
    assert found["libraries"]["numpy"] == version("numpy")
    assert set(found["libraries"]) <= set(DECIDING)
    assert "celltally" not in found["plugIns"]


def test_the_commit_that_is_given_goes_before_what_lies_beside() -> None:
    assert described(commit="abcdef0")["celltally"]["commit"] == "abcdef0"


def test_a_checked_out_branch_is_followed(repository: Path) -> None:
    (repository / ".git/refs/heads/main").write_text(f"{COMMIT}\n")

    assert commit_of(repository) == COMMIT


def test_a_packed_branch_is_found(repository: Path) -> None:
    (repository / ".git/packed-refs").write_text(f"# pack-refs\n{COMMIT} refs/heads/main\n")

    assert commit_of(repository) == COMMIT


def test_a_detached_head_is_its_own_answer(repository: Path) -> None:
    (repository / ".git/HEAD").write_text(COMMIT)

    assert commit_of(repository) == COMMIT


def test_a_second_working_tree_has_its_own_head(repository: Path, tmp_path: Path) -> None:
    second, kept = tmp_path / "second", repository / ".git/worktrees/second"
    second.mkdir()
    kept.mkdir(parents=True)
    (second / ".git").write_text(f"gitdir: {kept}\n")
    (kept / "HEAD").write_text("ref: refs/heads/side\n")
    (kept / "commondir").write_text("../..\n")
    (repository / ".git/refs/heads/side").write_text(COMMIT)

    assert commit_of(second) == COMMIT


@pytest.mark.parametrize("head", ["", "ref: refs/heads/gone", "<html>", "ref: "])
def test_what_is_no_repository_has_no_commit(repository: Path, head: str) -> None:
    (repository / ".git/HEAD").write_text(head)

    assert commit_of(repository) is None
    assert commit_of(repository / "nowhere") is None


def test_git_says_the_same(tmp_path: Path) -> None:
    program = shutil.which("git")
    assert program, "install git: what it says is compared"

    def git(*words: str) -> str:
        done = subprocess.run([program, *words], cwd=tmp_path, capture_output=True, check=True)
        return done.stdout.decode().strip()

    git("init", "-q")
    git(
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@lab.example",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "first",
    )

    assert commit_of(tmp_path) == git("rev-parse", "HEAD")
