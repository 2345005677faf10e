"""`celltally engines`, `engines test` and `engines prefetch`."""

import sys
from importlib import invalidate_caches

import pytest
from click.testing import CliRunner

from shared.cli import celltally
from tests.unit.worker.engines.fake_libraries import CELLPOSE

HOUSE = ["celltally-net", "classical", "spheroid"]
OTHERS = ["bioimageio", "cellpose", "instanseg", "onnx", "stardist"]

MISCOUNTING = """
from worker.engines.classical import Classical
from worker.engines.known_images import KnownImage, drawn_sample

class Miscounting(Classical):
    spec = Classical.spec.model_copy(update={"name": "miscounting", "default": []})

    @staticmethod
    def known_image():
        return KnownImage(drawn_sample("drawn_nuclei_1.tif").image, 25)

class Panic(BaseException): pass

class Panicking(Classical):
    spec = Classical.spec.model_copy(update={"name": "panicking", "default": []})

    def segment(self, image, pixel_size_um, **params):
        raise Panic("no device")
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("CELLTALLY_HOME", str(home))
    return home


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Return a function that installs a plug-in: its entry points, and the module behind."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(points, source=""):
        (tmp_path / "plugin-1.dist-info").mkdir()
        (tmp_path / "plugin-1.dist-info/METADATA").write_text(
            "Metadata-Version: 2.1\nName: plugin\nVersion: 1\n"
        )
        (tmp_path / "plugin-1.dist-info/entry_points.txt").write_text(
            f"[celltally.engines]\n{points}"
        )
        (tmp_path / "a_plugin_of_tests.py").write_text(source)
        invalidate_caches()

    return install


def engines(*arguments):
    return CliRunner().invoke(celltally, ["engines", *arguments])


def test_every_installed_engine_has_a_line():
    shown = engines()

    header, *lines = shown.output.splitlines()
    assert shown.exit_code == 0
    assert header.split() == ["engine", "version", "for", "licence", "title"]
    assert {*HOUSE, *OTHERS} <= {line.split()[0] for line in lines}


def test_an_engine_that_needs_something_says_what_it_needs(elsewhere):
    lines = {line.split()[0]: line for line in engines().output.splitlines()}

    assert "Cellpose - not available: the package cellpose is not installed" in lines["cellpose"]
    assert f"there are no weights in {elsewhere}/models/onnx" in lines["onnx"]
    assert "not available" not in lines["classical"]


def test_a_plug_in_that_cannot_be_loaded_is_listed_with_its_reason(plugin):
    plugin("broken = no_such_module_here:Engine\n")

    [line] = [line for line in engines().output.splitlines() if line.startswith("broken ")]

    assert "not available: ModuleNotFoundError: No module named 'no_such_module_here'" in line


def test_available_engines_are_tested_on_images_whose_objects_are_known():
    shown = engines("test")

    assert shown.exit_code == 0, shown.output
    lines = dict(line.split(": ") for line in shown.output.splitlines())
    assert lines["classical"].startswith("24 of 24 objects in ")
    assert lines["spheroid"].startswith("3 of 3 objects in ")


def test_an_engine_that_counts_wrongly_or_breaks_fails_its_test(plugin):
    place = "a_plugin_of_tests"
    plugin(f"miscounting = {place}:Miscounting\npanicking = {place}:Panicking\n", MISCOUNTING)

    shown = engines("check", "miscounting", "panicking", "onnx")

    assert shown.exit_code == 1
    assert "miscounting: 24 of 25 objects in " in shown.output
    assert "panicking: The engine panicking panicked: no device" in shown.output
    assert "onnx: The engine onnx is not available: there are no weights" in shown.output
    assert "failed: miscounting, panicking, onnx" in shown.stderr


def test_an_unknown_engine_is_refused_with_those_that_are_there():
    shown = engines("test", "cellpore")

    assert shown.exit_code == 1
    assert (
        "there is no engine 'cellpore'; installed: bioimageio, cellpose, celltally-net"
        in shown.stderr
    )


def test_the_engines_of_the_house_need_nothing_fetched():
    shown = engines("prefetch", "classical")

    assert (shown.exit_code, shown.output) == (
        0,
        "classical needs no weights that could be fetched.\n",
    )


@pytest.mark.parametrize("name", ["cellpose", "stardist", "instanseg"])
def test_without_its_package_nothing_can_be_fetched(name):
    shown = engines("prefetch", name)

    assert shown.exit_code == 1
    assert "is not installed here; install it with" in shown.stderr


@pytest.fixture
def no_trace(monkeypatch):
    """Forget the stand-in after the test, and what fetching sets."""
    monkeypatch.setenv("CELLPOSE_LOCAL_MODELS_PATH", "")
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "cellpose"]:
        del sys.modules[name]


@pytest.mark.usefixtures("no_trace")
def test_without_a_network_it_is_said_what_else_can_be_done(tmp_path, monkeypatch):
    (tmp_path / "cellpose").mkdir()
    (tmp_path / "cellpose/__init__.py").touch()
    (tmp_path / "cellpose/models.py").write_text(CELLPOSE)
    monkeypatch.syspath_prepend(tmp_path)
    invalidate_caches()

    shown = engines("prefetch", "cellpose")

    assert shown.exit_code == 1
    assert (
        "could not be fetched (URLError: <urlopen error Name or service not known>)" in shown.stderr
    )
    assert "this machine has no network. Fetch them on another machine" in shown.stderr


def test_a_model_of_the_zoo_must_be_named():
    shown = engines("prefetch", "bioimageio")

    assert shown.exit_code == 1
    assert "Name the model, as the zoo calls it" in shown.stderr
