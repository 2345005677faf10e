import numpy as np
import pytest

from shared.domain.engines import EngineSpec, Limits, Modality, Segmentation, Tiling
from shared.domain.errors import InvalidInputError
from worker.engines.checked import CheckedEngine, EngineError, ImageTooLargeError

IMAGE = np.zeros((2, 3, 1), np.uint8)


class Drawing:
    """An engine that returns what it was given, and remembers what it was asked."""

    spec = EngineSpec(
        name="drawing",
        version="1",
        title="Drawing",
        licence="MIT",
        modalities=[Modality.ANY],
        params={
            "type": "object",
            "properties": {
                "size": {"type": "integer", "minimum": 1, "default": 3},
                "method": {"type": "string", "enum": ["a", "b"], "default": "a"},
            },
        },
        limits=Limits(max_pixels=6),
    )

    def __init__(self, labels=((0, 0, 0), (0, 0, 0)), scores=None, error=None):
        self.labels, self.scores, self.error = np.array(labels), scores, error
        self.asked = {}
        self.closed = False

    def load(self, device):
        pass

    def segment(self, image, pixel_size_um, **params):
        self.asked = params
        if self.error is not None:
            raise self.error
        return Segmentation(self.labels, self.scores)

    def close(self):
        self.closed = True


def segmented(engine, **params):
    return CheckedEngine(engine).segment(IMAGE, None, **params)


def test_defaults_are_filled_in():
    engine = Drawing()

    segmented(engine, method="b")

    assert engine.asked == {"size": 3, "method": "b"}


@pytest.mark.parametrize(
    ("params", "name"),
    [({"size": 0}, "size"), ({"size": "3"}, "size"), ({"method": "c"}, "method"), ({"x": 1}, "x")],
)
def test_a_wrong_parameter_is_named(params, name):
    engine = Drawing()

    with pytest.raises(InvalidInputError, match=name):
        segmented(engine, **params)

    assert engine.asked == {}


def test_labels_come_back_connected_and_numbered_with_their_scores():
    found = segmented(Drawing([[5, 0, 5], [2, 2, 0]], scores=np.array([0, 0.2, 0, 0, 0.5])))

    assert found.labels.tolist() == [[2, 0, 3], [1, 1, 0]]
    assert found.labels.dtype == np.uint32
    assert found.scores is not None
    assert found.scores.tolist() == [0.2, 0.5, 0.5]


@pytest.mark.parametrize(
    ("labels", "scores", "complaint"),
    [
        ([[0, 0], [0, 0]], None, "shape"),
        ([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]], None, "whole numbers"),
        ([[0, -1, 0], [0, 0, 0]], None, "negative"),
        ([[1, 2, 3], [0, 0, 0]], np.zeros(2), "2 scores for 3 objects"),
    ],
)
def test_labels_that_are_none_are_the_engines_error(labels, scores, complaint):
    with pytest.raises(EngineError, match=complaint) as failed:
        segmented(Drawing(labels, scores))

    assert failed.value.code == "engine_error"


@pytest.mark.parametrize("returned", [None, np.zeros((2, 3), np.uint32), (1, 2)])
def test_what_is_no_segmentation_is_the_engines_error(returned):
    engine = Drawing()
    engine.segment = lambda *_, **__: returned

    with pytest.raises(EngineError, match="a Segmentation is due"):
        segmented(engine)


@pytest.mark.parametrize("scores", [np.zeros((2, 2)), np.array(["high", "low"]), 0.5])
def test_scores_that_are_none_are_the_engines_error(scores):
    with pytest.raises(EngineError, match="no list of numbers"):
        segmented(Drawing([[1, 0, 2], [1, 0, 2]], scores))


def test_an_image_that_is_too_large_never_reaches_the_engine():
    engine = Drawing()

    with pytest.raises(ImageTooLargeError, match="8 pixels; the engine drawing takes 6") as refused:
        CheckedEngine(engine).segment(np.zeros((2, 4, 1)), None)

    assert refused.value.code == "too_large"
    assert engine.asked == {}


def test_an_error_of_an_engine_passes_as_it_is():
    with pytest.raises(ZeroDivisionError):
        segmented(Drawing(error=ZeroDivisionError()))


def test_a_panic_of_native_code_becomes_an_error_that_can_be_caught():
    class PanicException(BaseException):
        pass

    with pytest.raises(EngineError, match="drawing panicked: index out of bounds"):
        segmented(Drawing(error=PanicException("index out of bounds")))


class Tiled(Drawing):
    """An engine that outlines each picture as a whole, and counts its tiles."""

    spec = Drawing.spec.model_copy(
        update={"tiling": Tiling(side=64, overlap=8), "limits": Limits(max_pixels=40_000)}
    )

    def __init__(self):
        super().__init__()
        self.shapes = []

    def survey(self, image, **params):
        return {"known": (image.shape, params["size"])}

    def segment(self, image, pixel_size_um, **params):
        self.asked = params
        self.shapes.append(image.shape)
        return Segmentation(np.full(image.shape[:2], 7), np.full(7, 0.5))


def test_a_large_image_comes_in_tiles_that_know_of_the_whole():
    engine = Tiled()

    found = CheckedEngine(engine).segment(np.zeros((64, 100, 2)), None, size=5)

    assert engine.shapes == [(64, 54, 2)] * 2
    assert engine.asked == {"size": 5, "method": "a", "known": ((64, 100, 2), 5)}
    assert np.array_equal(found.labels, np.ones((64, 100)))
    assert found.scores is not None
    assert found.scores.tolist() == [0.5]


def test_an_image_that_is_hardly_larger_than_a_tile_comes_as_a_whole():
    engine = Tiled()

    CheckedEngine(engine).segment(np.zeros((96, 96, 1)), None)

    assert engine.shapes == [(96, 96, 1)]
    assert "known" not in engine.asked


def test_wrong_labels_of_a_tile_are_an_error_of_the_engine(monkeypatch):
    monkeypatch.setattr(Tiled, "segment", lambda *_, **__: Segmentation(np.zeros((3, 3), np.uint8)))

    with pytest.raises(EngineError, match=r"drawing returned uint8\[3, 3\] as labels"):
        CheckedEngine(Tiled()).segment(np.zeros((64, 100, 1)), None)


@pytest.mark.parametrize(("side", "overlap"), [(64, 33), (32, 0)])
def test_tiles_that_would_not_advance_cannot_be_declared(side, overlap):
    with pytest.raises(ValueError, match=r"overlap by half|greater than or equal to 64"):
        Tiling(side=side, overlap=overlap)
