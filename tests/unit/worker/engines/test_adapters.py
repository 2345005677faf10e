"""Engines of other makers, against stand-ins of their libraries; none of them is installed here."""

import json
import sys
from importlib import import_module, invalidate_caches
from zipfile import ZipFile

import numpy as np
import pytest

from shared.domain.engines import EngineQueue
from shared.domain.errors import InvalidInputError
from tests.images import disk, photographed
from tests.unit.worker.engines.fake_libraries import MODULES
from worker.engines.checked import CheckedEngine, EngineError
from worker.engines.registry import engine_class, find

ADAPTERS = ["stardist", "cellpose", "instanseg", "bioimageio"]
PACKAGES = ["cellpose", "stardist", "cellcast", "instanseg", "torch", "bioimageio"]


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("CELLTALLY_MODELS", str(tmp_path / "models"))
    for name in ADAPTERS:
        (tmp_path / "models" / name).mkdir(parents=True)
    return tmp_path / "models"


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Return a function that installs stand-ins by their paths' beginning."""
    place = tmp_path / "site"
    place.mkdir()
    monkeypatch.syspath_prepend(place)
    forget()

    def install(*packages):
        for path, source in MODULES.items():
            if path.split("/")[0] in packages:
                for folder in reversed((place / path).relative_to(place).parents[:-1]):
                    (place / folder).mkdir(exist_ok=True)
                    (place / folder / "__init__.py").touch()
                (place / path).write_text(source)
        invalidate_caches()

    yield install
    forget()


def forget():
    for name in list(sys.modules):
        if name.split(".")[0] in PACKAGES:
            del sys.modules[name]


def package(path, described):
    with ZipFile(path, "w") as archive:
        archive.writestr("rdf.yaml", json.dumps({"channels": 1} | described))


def put_weights(models, name):
    if name == "stardist":
        (models / "stardist/mine").mkdir()
        (models / "stardist/mine/config.json").write_text('{"n_channel_in": 1}')
    elif name == "bioimageio":
        package(models / "bioimageio/mine.zip", {"gives": "labels"})
    else:
        (models / name / "mine.pt").write_bytes(b"weights")


def loaded(name):
    return find(name).load()


def two_disks(side=150):
    mask = np.roll(disk(20, side=side), -40, axis=1) + np.roll(disk(20, side=side), 40, axis=1)
    return photographed(mask, noise=0), mask


@pytest.mark.parametrize("name", ADAPTERS)
def test_without_its_package_the_reason_says_how_to_install_it(models, name):
    put_weights(models, name)

    engine = find(name)

    assert not engine.available
    assert "is not installed here; install it with `pip install" in engine.reason
    assert engine.spec.citation
    assert engine.spec.licence


@pytest.mark.parametrize("name", ADAPTERS)
def test_without_weights_the_reason_says_where_to_put_them(models, library, name):
    library(*PACKAGES)

    engine = find(name)

    assert not engine.available
    assert f"there are no weights in {models / name}; put " in engine.reason


@pytest.mark.parametrize("name", ADAPTERS)
def test_with_both_it_outlines_and_lists_its_model(models, library, name):
    library(*PACKAGES)
    put_weights(models, name)
    image, mask = two_disks()

    engine = loaded(name)
    found = engine.segment(image, None)

    (model,) = engine.spec.params["properties"]["model"]["enum"]
    assert model.startswith("mine@")
    assert found.labels.max() == 2
    assert np.array_equal(found.labels > 0, mask > 0)


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_model_that_is_not_there_is_refused_and_nothing_is_fetched(models, library, name):
    library(*PACKAGES)
    put_weights(models, name)

    with pytest.raises(InvalidInputError, match="model"):
        loaded(name).segment(two_disks()[0], None, model="cpsam_v2")


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_library_that_breaks_at_its_import_makes_the_image_fail_not_the_worker(
    models, library, tmp_path, name
):
    library(*PACKAGES)
    put_weights(models, name)
    engine = loaded(name)
    for path in MODULES:
        (tmp_path / "site" / path).write_text("raise OSError('libcudart.so: no such file')")

    with pytest.raises(OSError, match="libcudart"):
        engine.segment(two_disks()[0], None)


@pytest.mark.parametrize("name", ADAPTERS)
def test_on_a_machine_with_a_gpu_they_go_to_its_queue(monkeypatch, name):
    monkeypatch.setenv("CELLTALLY_DEVICE", "cuda")

    assert engine_class(name).spec.queue is EngineQueue.GPU


def test_large_images_are_tiled_by_one_scale_for_all_tiles(models, library):
    library("cellpose")
    put_weights(models, "cellpose")
    image = np.full((400, 3400, 1), 100, np.uint16)
    image[100:140, 100:140], image[100:140, 3300:3340] = 60_000, 20_000

    found = loaded("cellpose").segment(image, None, min_area=1)

    calls = import_module("cellpose.models").calls
    tiles = [call for call in calls if call[0] == "eval"]
    assert len(tiles) == 2
    assert all(shape == (400, 1828, 1) and not scaled for _, shape, scaled, _, _ in tiles)
    assert found.labels.max() == 2


def test_cellpose_takes_one_row_and_three_channels(models, library):
    library("cellpose")
    put_weights(models, "cellpose")
    image = np.zeros((1, 40, 4), np.uint8)
    image[0, 10:20] = 200

    found = loaded("cellpose").segment(image, None, diameter=12)

    (_, shape, _, diameter, _) = import_module("cellpose.models").calls[-1]
    assert (shape, diameter) == ((1, 40, 3), 12)
    assert found.labels.tolist() == [[0] * 10 + [1] * 10 + [0] * 20]
    assert found.scores == pytest.approx([1 / (1 + np.exp(-4))])


def test_an_earlier_cellpose_is_not_used(models, library, monkeypatch):
    library("cellpose")
    put_weights(models, "cellpose")
    monkeypatch.setattr("worker.engines.cellpose.major_version", lambda _: 3)

    assert find("cellpose").reason == (
        "the package cellpose is version 3 here; install it with `pip install 'cellpose>=4'`"
    )


def test_stardist_tells_the_probability_of_each_object(models, library):
    library("stardist")
    put_weights(models, "stardist")

    found = loaded("stardist").segment(two_disks()[0], None, prob_threshold=0.5)

    assert found.scores.tolist() == pytest.approx([0.6, 0.75])
    [(axes, prob, nms, top)] = import_module("stardist.models").calls
    assert (axes, prob, nms, round(top, 3)) == ("YX", 0.5, None, 1.0)


def test_a_colour_model_of_stardist_refuses_a_grey_image(models, library):
    library("stardist")
    put_weights(models, "stardist")
    (models / "stardist/mine/config.json").write_text('{"n_channel_in": 3}')
    image = two_disks()[0]

    with pytest.raises(InvalidInputError, match="takes 3 channels and the image has 1"):
        loaded("stardist").segment(image, None)
    assert loaded("stardist").segment(np.repeat(image, 3, axis=2), None).labels.max() == 2


@pytest.mark.parametrize(("file", "kind"), [("mine.bpk", "fluo"), ("mine_he.bpk", "he")])
def test_weights_of_cellcast_are_used_by_cellcast(models, library, file, kind):
    library("cellcast")
    (models / "stardist" / file).write_bytes(b"weights")
    image = np.repeat(two_disks()[0], 3, axis=2)

    found = loaded("stardist").segment(image, None)

    first = import_module("cellcast.models").calls[0]
    assert first == (kind, str(models / "stardist" / file), False)
    assert found.labels.max() == 2
    assert found.scores is None


def test_a_panic_of_cellcast_fails_the_image_in_words(models, library):
    library("cellcast")
    (models / "stardist/mine.bpk").write_bytes(b"broken")

    with pytest.raises(EngineError, match="stardist panicked: called `Result::unwrap"):
        loaded("stardist").segment(two_disks()[0], None)


def test_of_two_kinds_of_weights_those_are_listed_whose_package_is_here(models, library):
    library("cellcast")
    put_weights(models, "stardist")
    (models / "stardist/other.bpk").write_bytes(b"weights")

    (model,) = find("stardist").spec.params["properties"]["model"]["enum"]

    assert model.startswith("other@")


def test_instanseg_gets_a_loaded_model_the_pixel_size_and_enough_rows(models, library):
    library("instanseg", "torch")
    put_weights(models, "instanseg")
    image = np.zeros((3, 60, 4), np.uint16)
    image[:, 10:20] = 900

    found = loaded("instanseg").segment(image, 0.5, target="cells")

    init, call = import_module("instanseg").calls
    assert init == ("init", ("module", str(models / "instanseg/mine.pt"), "cpu"), "cpu")
    assert call == ("eval", 0.5, False, "cells", (128, 128, 4))
    assert found.labels.tolist() == [[0] * 10 + [1] * 10 + [0] * 40] * 3


@pytest.mark.parametrize("gives", ["labels", "float labels", "foreground", "boundary"])
def test_each_kind_of_answer_of_a_zoo_model_is_understood(models, library, gives):
    library("bioimageio")
    package(models / "bioimageio/mine.zip", {"gives": gives})
    image, mask = two_disks()

    found = loaded("bioimageio").segment(image, None)

    assert np.array_equal(found.labels > 0, mask > 0)
    assert found.labels.max() == 2
    assert (found.scores is None) == gives.endswith("labels")


def test_a_zoo_model_of_three_channels_gets_a_grey_image_three_times(models, library):
    library("bioimageio")
    package(models / "bioimageio/mine.zip", {"gives": "labels", "channels": 3})

    engine = loaded("bioimageio")
    engine.segment(two_disks()[0], None)
    engine.close()

    assert import_module("bioimageio.core").calls == [["cpu"], "load", (1, 3, 150, 150), "unload"]


@pytest.mark.parametrize(
    ("described", "words"),
    [
        ({"gives": "rays"}, r"gives .*\[33, 150, 150\] for an image of \[150, 150\]"),
        ({"gives": "labels", "weights": "https://zenodo.org/w.pt"}, "nothing is fetched for a"),
        ({"gives": "labels", "axes": ["batch", "channel", "z", "y", "x"]}, r"stacks \(axis z\)"),
        ({"gives": "labels", "inputs": 2}, "takes 2 inputs"),
    ],
)
def test_a_zoo_model_that_cannot_be_used_says_why(models, library, described, words):
    library("bioimageio")
    package(models / "bioimageio/mine.zip", described)

    with pytest.raises(InvalidInputError, match=words):
        loaded("bioimageio").segment(two_disks()[0], None)


def test_one_model_is_kept_until_another_is_asked_for(models, library):
    library("cellpose")
    for name in ("a", "b"):
        (models / "cellpose" / name).write_bytes(name.encode())
    engine = loaded("cellpose")
    first, second = engine.spec.params["properties"]["model"]["enum"]

    for model in (first, first, second):
        engine.segment(two_disks()[0], None, model=model)

    made = [call for call in import_module("cellpose.models").calls if call[0] == "init"]
    assert [call[2].rpartition("/")[2] for call in made] == ["a", "b"]


def test_every_adapter_keeps_to_the_protocol(models, library):
    library(*PACKAGES)
    for name in ADAPTERS:
        put_weights(models, name)
        assert isinstance(loaded(name), CheckedEngine)
