"""Any ONNX model with a description: these are tiny and run for real."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from shared.domain.errors import InvalidInputError
from tests.images import disk, photographed
from worker.engines.checked import CheckedEngine, EngineError
from worker.engines.onnx import Onnx
from worker.engines.registry import find


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("CELLTALLY_MODELS", str(tmp_path))
    (tmp_path / "onnx").mkdir()
    return tmp_path / "onnx"


@pytest.fixture
def engine(models):
    """Return a function that saves a model with its description and loads the engine."""

    def made(nodes, output, *, shape=("n", 1, "h", "w"), constants=(), **described):
        save(models / "net.onnx", nodes, shape=shape, constants=constants)
        (models / "net.json").write_text(json.dumps(described | {"output": output}))
        found = Onnx()
        found.load("cpu")
        return CheckedEngine(found)

    return made


def save(path, nodes, *, shape, constants=()):
    """Write a network from `x` to `y` of float32 planes."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "c", "a", "b"])],
        [onnx.numpy_helper.from_array(np.asarray(v, np.float32), name) for name, v in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)


SAME = [helper.make_node("Identity", ["x"], ["y"])]
LOGIT = [
    helper.make_node("Sub", ["x", "half"], ["centred"]),
    helper.make_node("Mul", ["centred", "twenty"], ["y"]),
]
NUMBERS = [
    helper.make_node("Greater", ["x", "half"], ["bright"]),
    helper.make_node("Cast", ["bright"], ["y"], to=TensorProto.FLOAT),
]
#: A box blur of 9 pixels: near the middle of a disk of 8 it is 1, at its edge about a half.
BLURRED = [
    helper.make_node("Conv", ["x", "box"], ["mean"], pads=[4, 4, 4, 4]),
    helper.make_node("Concat", ["x", "mean"], ["y"], axis=1),
]
BOX = ("box", np.full((1, 1, 9, 9), 1 / 81))
#: The second channel is the difference to the blurred picture: high at edges inside of objects.
EDGES = [
    helper.make_node("Conv", ["x", "box"], ["mean"], pads=[4, 4, 4, 4]),
    helper.make_node("Sub", ["x", "mean"], ["edge"]),
    helper.make_node("Concat", ["x", "edge"], ["y"], axis=1),
]
CONSTANTS = [("half", 0.5), ("twenty", 20.0)]


def used(nodes):
    names = {name for node in nodes for name in node.input}
    return [each for each in [*CONSTANTS, BOX] if each[0] in names]


def two_disks(side=120, distance=30):
    mask = np.zeros((side, side), np.uint32)
    for shift in (-distance, distance):
        mask |= np.roll(disk(12, side=side), shift, axis=1)
    return mask


def test_a_foreground_becomes_objects_with_scores(engine):
    found = engine(SAME, {"meaning": "foreground"}).segment(photographed(two_disks()), None)

    assert found.labels.max() == 2
    assert np.array_equal(found.labels > 0, two_disks() > 0)
    assert all(0.9 < score <= 1 for score in found.scores)


@pytest.mark.parametrize(
    ("nodes", "output"),
    [
        (LOGIT, {"meaning": "foreground", "logits": True}),
        (NUMBERS, {"meaning": "foreground"}),
        (BLURRED, {"meaning": "foreground_distance", "peak": 0.7}),
        (EDGES, {"meaning": "foreground_boundary"}),
    ],
    ids=["logits", "probabilities", "a distance", "a boundary"],
)
def test_each_meaning_of_an_output_gives_the_two_disks(engine, nodes, output):
    loaded = engine(nodes, output, constants=used(nodes))

    found = loaded.segment(photographed(two_disks()), None)

    assert found.labels.max() == 2
    assert np.array_equal(found.labels > 0, two_disks() > 0)


def test_touching_objects_are_parted_by_a_distance(engine):
    mask = two_disks(distance=12)
    loaded = engine(
        BLURRED, {"meaning": "foreground_distance", "peak": 0.95}, constants=used(BLURRED)
    )

    assert loaded.segment(photographed(mask), None).labels.max() == 2


def test_numbered_objects_are_taken_as_they_are_and_have_no_scores(engine):
    found = engine(NUMBERS, {"meaning": "labels"}, constants=used(NUMBERS)).segment(
        photographed(two_disks()), None
    )

    assert found.labels.max() == 2
    assert found.scores is None


def test_a_model_for_bright_objects_gets_dark_ones_inverted(engine):
    dark = 7000 - photographed(two_disks()).astype(np.int32)
    loaded = engine(SAME, {"meaning": "foreground"}, input={"objects": "bright"})

    assert loaded.segment(dark, None).labels.max() == 2
    assert loaded.segment(photographed(two_disks()), None).labels.max() == 2


def test_large_images_are_put_together_of_tiles(engine):
    mask = np.zeros((300, 420), np.uint32)
    for y, x in np.random.default_rng(2).integers(20, (280, 400), size=(60, 2)):
        mask |= np.roll(disk(9, side=421)[:300, :420], (y - 210, x - 210), (0, 1))
    image = photographed(mask, noise=0)
    output = {"meaning": "foreground"}

    whole = engine(SAME, output).segment(image, None)
    tiled = engine(SAME, output, tiles={"side": 96, "overlap": 32}).segment(image, None)

    assert np.array_equal(whole.labels > 0, tiled.labels > 0)
    assert whole.labels.max() == tiled.labels.max() > 10


@pytest.mark.parametrize("side", [50, 64, 121])
def test_sides_are_padded_to_what_the_network_takes(engine, side):
    image = photographed(disk(12, side=side))
    fixed = engine(SAME, {"meaning": "foreground"}, shape=("n", 1, 64, 64))
    found = fixed.segment(image, None)
    assert found.labels.shape == (side, side)
    assert found.labels.max() == 1

    halved = [
        helper.make_node("MaxPool", ["x"], ["small"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("ConvTranspose", ["small", "ones"], ["y"], strides=[8, 8]),
    ]
    grid = engine(
        halved,
        {"meaning": "foreground"},
        constants=[("ones", np.ones((1, 1, 8, 8)))],
        input={"multiple_of": 8},
    )
    assert grid.segment(image, None).labels.shape == (side, side)


def test_an_image_is_scaled_to_the_pixel_size_of_the_model(engine):
    loaded = engine(SAME, {"meaning": "foreground"}, input={"pixel_size_um": 1.0})
    image = photographed(disk(40, side=200))

    found = loaded.segment(image, 0.5)

    assert found.labels.shape == (200, 200)
    assert np.count_nonzero(found.labels) == pytest.approx(np.pi * 1600, rel=0.03)


def test_small_objects_go_and_scores_stay_with_their_objects(engine):
    mask = two_disks()
    image = photographed(mask, noise=0).astype(np.float32)
    image[:, :60] *= np.where(mask[:, :60, np.newaxis] > 0, 0.8, 1)
    image[5:7, 100:102] = image.max()
    described = {"normalise": "range", "low": 0, "high": 6500}

    found = engine(SAME, {"meaning": "foreground"}, input=described).segment(image, None)

    assert [round(float(score), 1) for score in found.scores] == [0.8, 1.0]


def test_a_colour_model_takes_three_channels_and_refuses_fewer(engine):
    mean = [helper.make_node("ReduceMean", ["x"], ["y"], axes=[1], keepdims=1)]
    loaded = engine(
        mean, {"meaning": "foreground"}, shape=("n", 3, "h", "w"), input={"channels": 3}
    )
    image = photographed(two_disks())

    assert loaded.segment(np.repeat(image, 3, axis=2), None).labels.max() == 2
    with pytest.raises(InvalidInputError, match="takes 3 channels and the image has 1"):
        loaded.segment(image, None)


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("{", "is no JSON"),
        ("{}", "output: Field required"),
        ('{"output": {"meaning": "cells"}}', "output.meaning: Input should be 'labels'"),
        ('{"output": {"meaning": "labels"}, "size": 3}', "size: Extra inputs"),
        (
            '{"output": {"meaning": "labels"}, "input": {"low": 5, "high": 2}}',
            "input: .*low must be less than high",
        ),
        (
            '{"output": {"meaning": "labels"}, "tiles": {"side": 64, "overlap": 40}}',
            "overlap by half",
        ),
    ],
)
def test_a_wrong_description_names_the_field_and_the_file(engine, models, description, words):
    engine(SAME, {"meaning": "labels"})
    (models / "net.json").write_text(description)

    with pytest.raises(InvalidInputError, match=rf"net\.json.*{words}"):
        CheckedEngine(Onnx()).segment(photographed(two_disks()), None)


def test_a_model_that_does_not_do_what_its_description_says_is_refused(engine):
    image = photographed(two_disks())
    with pytest.raises(InvalidInputError, match=r"gives 1 channels.*foreground_distance"):
        engine(SAME, {"meaning": "foreground_distance"}).segment(image, None)
    with pytest.raises(InvalidInputError, match=r"takes tensor\(float\).*\[batch, 3, y, x\]"):
        engine(SAME, {"meaning": "labels"}, input={"channels": 3}).segment(image, None)
    pooled = [helper.make_node("GlobalAveragePool", ["x"], ["y"])]
    with pytest.raises(InvalidInputError, match="in the size of the input is due"):
        engine(pooled, {"meaning": "labels"}).segment(image, None)


def test_a_file_that_is_no_model_is_refused_by_its_name(engine, models):
    loaded = engine(SAME, {"meaning": "labels"})
    (models / "net.onnx").write_bytes(b"no model")
    name = Onnx.spec.defaults()["model"]

    with pytest.raises(InvalidInputError, match=r"net\.onnx cannot be loaded"):
        Onnx().segment(photographed(two_disks()), None, **loaded.spec.defaults() | {"model": name})


def test_weights_that_were_replaced_are_not_used_for_an_earlier_name(engine, models):
    loaded = engine(SAME, {"meaning": "labels"})
    (models / "net.json").write_text('{"output": {"meaning": "foreground"}}')

    with pytest.raises(InvalidInputError, match="no weights 'net@"):
        loaded.segment(photographed(two_disks()), None)


def test_without_a_model_it_is_not_available_and_says_where_one_belongs(models):
    installed = find("onnx")

    assert not installed.available
    assert installed.reason == (
        f"there are no weights in {models}; put NAME.onnx and its description NAME.json there"
    )


def test_with_a_model_it_is_available_and_lists_it(engine):
    engine(SAME, {"meaning": "labels"})

    installed = find("onnx")

    assert installed.available
    assert installed.spec.params["properties"]["model"]["enum"][0].startswith("net@")


def test_the_same_image_gives_the_same_labels(engine):
    loaded, image = engine(SAME, {"meaning": "foreground"}), photographed(two_disks())

    assert np.array_equal(loaded.segment(image, None).labels, loaded.segment(image, None).labels)


def test_a_panic_of_native_code_fails_the_image_alone(engine, monkeypatch):
    class PanicError(BaseException):
        pass

    def panic(*_):
        raise PanicError("out of tensors")

    loaded = engine(SAME, {"meaning": "labels"})
    monkeypatch.setattr("worker.engines.onnx.Network.of", panic)

    with pytest.raises(EngineError, match="onnx panicked: out of tensors"):
        loaded.segment(photographed(two_disks()), None)
