"""How a Procfile is read."""

from pathlib import Path

import pytest

from shared.domain.errors import ConfigurationError
from shared.supervision.procfile import Entry, chosen, parse_scale, read_procfile
from shared.supervision.supervisor import STOP_STAGES, labels_of

PROCFILE = Path(__file__).parents[4] / "Procfile"


@pytest.fixture
def procfile(tmp_path: Path) -> Path:
    path = tmp_path / "Procfile"
    path.write_text("# who\nweb: serve --name 'two words'\n\nworker: work -c 2\nstats: count\n")
    return path


def test_each_line_is_a_name_and_a_command_without_a_shell(procfile: Path) -> None:
    assert read_procfile(procfile) == [
        Entry("web", ("serve", "--name", "two words")),
        Entry("worker", ("work", "-c", "2")),
        Entry("stats", ("count",)),
    ]


def test_our_own_procfile_has_a_place_in_the_order_of_stopping_for_each_line() -> None:
    entries = read_procfile(PROCFILE)

    assert {entry.name for entry in entries} == {n for stage in STOP_STAGES for n in stage}
    assert all(entry.command == ("celltally", entry.name) for entry in entries)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("just words", "expected `name: command`"),
        ("web:", "expected `name: command`"),
        ("web: 'open", "No closing quotation"),
        ("web: a\nweb: b", "web is there twice"),
    ],
)
def test_a_bad_line_is_refused_with_its_place(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "Procfile"
    path.write_text(line)

    with pytest.raises(ConfigurationError, match=said) as refused:
        read_procfile(path)

    assert "Procfile, line" in refused.value.detail


def test_a_missing_procfile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot read .*nowhere"):
        read_procfile(tmp_path / "nowhere")


def test_names_choose_lines_and_scale_repeats_them(procfile: Path) -> None:
    entries = read_procfile(procfile)

    picked = chosen(entries, ["worker", "web"], scale={"worker": 2})

    assert [(entry.name, entry.count) for entry in picked] == [("web", 1), ("worker", 2)]
    assert [label for entry in picked for label in labels_of(entry)] == [
        "web",
        "worker.1",
        "worker.2",
    ]


def test_a_count_of_zero_leaves_a_line_out(procfile: Path) -> None:
    picked = chosen(read_procfile(procfile), scale={"stats": 0})

    assert [entry.name for entry in picked] == ["web", "worker"]


def test_an_unknown_name_is_refused_with_the_known_ones(procfile: Path) -> None:
    with pytest.raises(ConfigurationError, match="no 'wroker'; it has web, worker, stats"):
        chosen(read_procfile(procfile), ["wroker"])


def test_scale_is_read_from_several_options_and_by_comma() -> None:
    assert parse_scale(["worker=2,stats=1", "web=0"]) == {"worker": 2, "stats": 1, "web": 0}


@pytest.mark.parametrize("text", ["worker", "worker=", "worker=two", "=2", "worker=-1"])
def test_a_scale_that_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="name=count"):
        parse_scale([text])
