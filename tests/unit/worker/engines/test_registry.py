import sys
from importlib.metadata import EntryPoint

import pytest

from shared.domain.engines import EngineSpec, Modality
from shared.domain.errors import UnavailableError
from worker.engines.registry import GROUP, WarmEngines, discover, find

PLUGINS = """
from shared.domain.engines import EngineSpec

def spec(name):
    return EngineSpec(name=name, version="1", title="T", licence="MIT", modalities=["any"],
                      params={"type": "object", "properties": {}})

class First:
    spec = spec("first")
    loaded = closed = 0
    def load(self, device):
        First.loaded += 1
    def close(self):
        First.closed += 1

class Second(First):
    spec = spec("second")
    def load(self, device): pass

class Misnamed(First):
    spec = spec("other")

class Weightless(First):
    spec = spec("weightless")
    @staticmethod
    def available():
        return False, "its weights are missing"

class Unloadable(First):
    spec = spec("unloadable")
    def load(self, device):
        raise OSError("no weights at /models")

class Specless: pass
"""


@pytest.fixture
def point(tmp_path, monkeypatch):
    """Return a function that makes an entry point of a module written for the test."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "some_plugins.py").write_text(PLUGINS)
    (tmp_path / "panicking_plugin.py").write_text(
        "class PanicException(BaseException): pass\nraise PanicException('no such device')"
    )
    yield lambda name, value: EntryPoint(name=name, value=value, group=GROUP)
    sys.modules.pop("some_plugins", None)


#: They need neither another package nor weights of an operator.
HOUSE = ("celltally-net", "classical", "spheroid")


def test_the_engines_of_the_house_are_installed():
    found = {engine.name: engine for engine in discover()}

    assert all(found[name].available and found[name].reason is None for name in HOUSE)


@pytest.mark.parametrize("engine", discover(), ids=lambda engine: engine.name)
def test_every_engine_declares_all_of_itself(engine):
    spec = engine.spec

    assert isinstance(spec, EngineSpec)
    assert spec.version
    assert spec.licence
    assert spec.citation
    if engine.name in HOUSE:
        assert (spec.licence, spec.deterministic) == ("MIT", True)
    for name, declared in spec.params["properties"].items():
        assert {"title", "description", "type", "default"} <= declared.keys(), name
        if declared["type"] in {"integer", "number"}:
            assert declared["minimum"] <= declared["default"] <= declared["maximum"], name
        elif name != "model":  # Which there are depends on what lies on the machine.
            assert declared["default"] in declared["enum"], name


def test_every_kind_of_picture_has_one_default_engine():
    available = [engine for engine in discover() if engine.available]
    defaults = [modality for engine in available for modality in engine.spec.default]

    assert sorted(defaults) == sorted(Modality)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("missing", "no_such_module:Engine", "ModuleNotFoundError"),
        ("panicking", "panicking_plugin:Engine", "PanicException: no such device"),
        ("specless", "some_plugins:Specless", "AttributeError"),
        ("misnamed", "some_plugins:Misnamed", "calls itself other"),
        ("weightless", "some_plugins:Weightless", "its weights are missing"),
    ],
)
def test_an_engine_that_does_not_work_is_listed_with_its_reason(point, name, value, reason):
    (engine,) = discover([point(name, value)])

    assert not engine.available
    assert reason in engine.reason
    with pytest.raises(UnavailableError, match=name) as failed:
        engine.load()
    assert failed.value.code == "engine_unavailable"


def test_one_broken_engine_does_not_hide_the_others(point):
    found = discover([point("missing", "no_such_module:E"), point("first", "some_plugins:First")])

    assert [(engine.name, engine.available) for engine in found] == [
        ("first", True),
        ("missing", False),
    ]


def test_an_engine_is_loaded_once_and_kept_until_another_is_asked_for(point):
    points = [point("first", "some_plugins:First"), point("second", "some_plugins:Second")]
    engines = WarmEngines(lambda name: find(name, points))

    first = engines.get("first")
    assert engines.get("first") is first
    engine_class = sys.modules["some_plugins"].First
    assert (engine_class.loaded, engine_class.closed) == (1, 0)

    engines.get("second")
    assert engine_class.closed == 1
    assert engines.get("first") is not first


def test_an_engine_that_cannot_be_loaded_is_unavailable_and_not_kept(point):
    engines = WarmEngines(lambda name: find(name, [point("unloadable", "some_plugins:Unloadable")]))

    for _ in range(2):
        with pytest.raises(UnavailableError, match="no weights at /models"):
            engines.get("unloadable")


def test_an_engine_that_is_not_installed_is_named():
    with pytest.raises(UnavailableError, match="The engine stardist is not available"):
        WarmEngines().get("stardist")
