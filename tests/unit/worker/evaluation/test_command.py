"""`celltally evaluate DIR` (E2)."""

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from shared.cli import celltally
from shared.samples.catalogue import SAMPLES
from tests.images import disk, photographed
from worker.evaluation import command
from worker.evaluation.running import Task, peak_memory_mb, run, run_apart


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("CELLTALLY_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def folder(tmp_path):
    """Return a folder with one nucleus and one picture without any."""
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    for name, mask in (("one", disk(20, side=120)), ("none", np.zeros((120, 120), np.uint32))):
        Image.fromarray(photographed(mask)[:, :, 0]).save(tmp_path / f"images/{name}.png")
        Image.fromarray(mask.astype(np.uint8)).save(tmp_path / f"masks/{name}.png")
    return tmp_path


@pytest.fixture
def in_this_process(monkeypatch):
    """Spare the tests of what is printed a process for each engine."""
    monkeypatch.setattr(command, "run_apart", run)


def evaluate(*arguments):
    return CliRunner().invoke(celltally, ["evaluate", *map(str, arguments)])


@pytest.mark.usefixtures("in_this_process")
def test_a_line_for_each_modality_and_engine(folder):
    shown = evaluate(folder, "--modality", "nuclei_fluo")

    assert shown.exit_code == 0, shown.output
    header, *lines, told, wrong = shown.output.splitlines()
    assert header.split()[:6] == ["modality", "engine", "images", "objects", "found", "F1@0.5"]
    assert {tuple(line.split()[:6]) for line in lines} == {
        ("nuclei_fluo", "auto", "2", "1", "1", "1.000"),
        ("nuclei_fluo", "celltally-net", "2", "1", "1", "1.000"),
        ("nuclei_fluo", "classical", "2", "1", "1", "1.000"),
    }
    assert told == "kind of picture told right: 1 of 2"
    assert wrong.startswith("  none.png: nuclei_fluo taken for ")


@pytest.mark.usefixtures("in_this_process")
def test_everything_as_json(folder):
    order = ["--engine", "classical", "--params", '{"method": "otsu"}', "--json"]

    shown = evaluate(folder, *order, "--modality", "nuclei_fluo")

    told = json.loads(shown.stdout)
    [row] = told["summary"]
    assert (row["modality"], row["engine"], row["f1"]) == ("nuclei_fluo", "classical", 1)
    assert row["secondsPerMegapixel"] > 0
    assert row["cpuSecondsPerMegapixel"] > 0
    assert row["peakMemoryMb"] > 10
    assert {(each["image"], each["true"], each["found"]) for each in told["images"]} == {
        ("one.png", 1, 1),
        ("none.png", 0, 0),
    }
    assert told["problems"] == {}
    assert [each["modality"] for each in told["guesses"]] == ["nuclei_fluo"] * 2


@pytest.mark.usefixtures("in_this_process")
def test_the_automatic_choice_names_the_engine_that_was_used(folder):
    spheroids = next(s for s in SAMPLES if s.filename == "drawn_spheroids_1.png")
    shutil.copy(spheroids.path, folder / "images/bodies.png")
    with Image.open(spheroids.path) as picture:
        Image.new("L", picture.size).save(folder / "masks/bodies.png")

    shown = evaluate(folder, "--engine", "auto", "--json")

    used = {each["image"]: each["used"] for each in json.loads(shown.stdout)["images"]}
    assert used == {
        "one.png": "celltally-net",
        "none.png": "celltally-net",
        "bodies.png": "spheroid",
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--engine", "cellpore"), "There is no engine 'cellpore'. Installed: bioimageio, cell"),
        (("--params", "{"), "--params is no JSON"),
        (("--engine", "classical", "--params", "[]"), "no JSON object"),
        (("--params", '{"method": "otsu"}'), "--params needs --engine"),
    ],
)
def test_what_cannot_be_done_is_one_line(folder, arguments, words):
    shown = evaluate(folder, *arguments)

    assert shown.exit_code == 1
    assert words in shown.stderr


@pytest.mark.usefixtures("in_this_process")
def test_an_engine_that_is_not_available_says_why(folder):
    shown = evaluate(folder, "--engine", "cellpose")

    assert shown.exit_code == 1
    assert "cellpose: The engine cellpose is not available: the package cellpose" in shown.stderr


def test_an_engine_runs_in_a_process_of_its_own(folder):
    images = command.annotated_images(folder)

    done = run_apart(Task("classical", images))

    assert done.problem is None
    assert [result.score.f1 for result in done.results] == [1, 1]
    assert done.peak_mb > 10


def test_an_engine_that_ends_its_process_is_reported(folder, monkeypatch, tmp_path):
    plugin = tmp_path / "plugin"
    (plugin / "deadly-1.dist-info").mkdir(parents=True)
    (plugin / "deadly-1.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: deadly\nVersion: 1\n"
    )
    (plugin / "deadly-1.dist-info/entry_points.txt").write_text(
        "[celltally.engines]\ndeadly = deadly_engine:Deadly\n"
    )
    (plugin / "deadly_engine.py").write_text("import os\nos._exit(1)\n")
    monkeypatch.syspath_prepend(plugin)  # The other process takes it over.

    done = run_apart(Task("deadly", command.annotated_images(folder)))

    assert (done.results, done.problem) == ([], "it ended the process that it ran in")


def test_peak_memory_is_that_of_this_process_also_where_proc_is_missing(tmp_path):
    assert peak_memory_mb() > 10
    assert peak_memory_mb(tmp_path / "no status") > 10
