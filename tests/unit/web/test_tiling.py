import threading
from uuid import uuid4

import pytest

from shared.domain.errors import RejectedFileError, UnavailableError
from shared.domain.images import RejectionCode
from shared.reading.tiles import Manifest, Packing
from shared.storage import open_storage
from shared.tiles import Source, TileStore
from web import tiling
from web.tiling import TileMaker

MANIFEST = Manifest(4, 4, Packing.PLANES, 8, ())


class Making:
    """What cuts, as the test lets it."""

    def __init__(self):
        self.asked = []
        self.problem = None
        self.go = threading.Event()

    def __call__(self, inspector, source):
        self.asked.append(source.image_id)
        self.go.wait(30)
        if self.problem is not None:
            raise self.problem
        return MANIFEST


@pytest.fixture
def making():
    making = Making()
    yield making
    making.go.set()


@pytest.fixture
def maker(making):
    maker = TileMaker(TileStore(open_storage("memory:///")), making, patience=30)
    yield maker
    maker.close()


def source():
    return Source(uuid4(), "a.tif", "a.tif", 0)


def test_who_asks_while_an_image_is_cut_waits_a_moment_and_makes_no_second_cut(maker, making):
    wanted = source()

    maker.patience = 0.01
    assert maker.manifest(wanted) is None
    assert maker.manifest(wanted) is None
    making.go.set()

    maker.patience = 30
    assert maker.manifest(wanted) == MANIFEST
    assert making.asked.count(wanted.image_id) <= 2  # The third may have come after the end.


@pytest.mark.parametrize(
    "problem",
    [
        RejectedFileError("a.tif is broken.", code=RejectionCode.UNREADABLE_IMAGE),
        ZeroDivisionError(),
    ],
)
def test_what_went_wrong_is_told_and_may_be_tried_again(maker, making, problem):
    making.problem = problem
    making.go.set()
    wanted = source()

    with pytest.raises((RejectedFileError, UnavailableError)):
        maker.manifest(wanted)

    making.problem = None
    assert maker.manifest(wanted) == MANIFEST


def test_more_images_than_a_process_will_do_are_refused(maker, making, monkeypatch):
    monkeypatch.setattr(tiling, "MOST_WAITING", 1)
    maker.patience = 0.01
    maker.manifest(source())

    with pytest.raises(UnavailableError):
        maker.manifest(source())
