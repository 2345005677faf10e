"""ND2, CZI and LIF: through small fakes of bioio's readers, and the real one where it is there."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from shared.domain.errors import RejectedFileError
from shared.reading import describe, read_pixels

HEADS = {"nd2": b"\xda\xce\xbe\x0a", "czi": b"ZISRAWFILE\0\0\0", "lif": b"\x70\0\0\0\x2a"}

#: Two scenes: one of two moments, three channels and four planes; one of a single plane.
STACK = np.random.default_rng(0).integers(0, 4000, (2, 3, 4, 8, 10), dtype=np.uint16)
PLANE = np.random.default_rng(1).integers(0, 4000, (1, 1, 1, 6, 5), dtype=np.uint16)


class FakeReader:
    """As much of a reader of bioio as is used, over arrays `[t, c, z, y, x]`."""

    scenes = ("first", "second")
    arrays = (STACK, PLANE)
    sizes = SimpleNamespace(X=0.25, Y=0.25, Z=1.0)
    order = "TCZYX"

    def __init__(self, path: str) -> None:
        assert Path(path).read_bytes().startswith(tuple(HEADS.values()))
        self.set_scene(0)

    def set_scene(self, place: int) -> None:
        self.pixels = self.arrays[place]

    @property
    def dims(self) -> Any:
        return SimpleNamespace(order=self.order, shape=self.pixels.shape)

    @property
    def dtype(self) -> Any:
        return self.pixels.dtype

    @property
    def physical_pixel_sizes(self) -> Any:
        return self.sizes

    def get_image_dask_data(self, order: str, **chosen: int) -> Any:
        assert order == self.order[-len(order) :]
        leading = self.order[: -len(order)]
        plane = self.pixels[tuple(chosen[axis] for axis in leading)]
        return SimpleNamespace(compute=lambda scheduler: plane)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that makes a reader an installed one."""

    def install(kind: str, reader: Any = FakeReader) -> None:
        module = ModuleType(f"bioio_{kind}")
        module.Reader = reader  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, f"bioio_{kind}", module)

    return install


@pytest.mark.parametrize("kind", HEADS)
def test_moments_of_all_scenes_are_images_and_planes_are_projected(
    installed: Callable[..., None], kind: str
) -> None:
    """rules.md 29."""
    installed(kind)
    content = HEADS[kind] + bytes(100)

    for moment in (0, 1):
        expected = np.moveaxis(STACK[moment].max(axis=1), 0, 2)
        assert np.array_equal(read_pixels(content, moment), expected)
    assert np.array_equal(read_pixels(content, 2)[:, :, 0], PLANE[0, 0, 0])
    facts = describe(content, page=1)
    assert (facts.width, facts.height, facts.channels, facts.pages) == (10, 8, 3, 3)
    assert (facts.bit_depth, facts.pixel_size_um, str(facts.format)) == (16, 0.25, kind)


def test_a_file_on_disk_is_read_where_it_lies(
    installed: Callable[..., None], tmp_path: Path
) -> None:
    installed("czi")
    upload = tmp_path / "upload-1"
    upload.write_bytes(HEADS["czi"])

    assert read_pixels(upload, 2).shape == (6, 5, 1)
    assert upload.exists()


def test_colours_are_channels(installed: Callable[..., None]) -> None:
    colours = np.random.default_rng(2).integers(0, 255, (1, 1, 1, 6, 5, 3), dtype=np.uint8)

    class Coloured(FakeReader):
        scenes = ("only",)
        arrays = (colours,)
        order = "TCZYXS"

    installed("czi", Coloured)

    assert np.array_equal(read_pixels(HEADS["czi"]), colours[0, 0, 0])
    assert describe(HEADS["czi"]).channels == 3


def test_a_mosaic_that_was_not_stitched_is_refused_and_not_read_in_part(
    installed: Callable[..., None],
) -> None:
    class Tiled(FakeReader):
        scenes = ("only",)
        arrays = (np.zeros((2, 1, 1, 1, 6, 5), np.uint8),)
        order = "MTCZYX"

    installed("lif", Tiled)

    with pytest.raises(RejectedFileError, match="along M") as refused:
        describe(HEADS["lif"])

    assert refused.value.code == "unsupported_format"


@pytest.mark.parametrize(
    "sizes",
    [
        SimpleNamespace(X=None, Y=None, Z=None),
        SimpleNamespace(X=0.0, Y=0.0, Z=1.0),
        SimpleNamespace(X=0.5, Y=0.25, Z=1.0),
    ],
)
def test_a_pixel_size_that_is_none_is_not_told(installed: Callable[..., None], sizes: Any) -> None:
    installed("lif", type("Reader", (FakeReader,), {"sizes": sizes}))

    assert describe(HEADS["lif"]).pixel_size_um is None


@pytest.mark.parametrize("kind", HEADS)
def test_without_its_reader_the_refusal_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setitem(sys.modules, f"bioio_{kind}", None)

    with pytest.raises(RejectedFileError) as refused:
        read_pixels(HEADS[kind], name="plate.dat")

    assert refused.value.code == "unsupported_format"
    assert refused.value.detail.startswith("plate.dat")
    assert f"pip install 'celltally[{kind}]'" in refused.value.detail


def test_whatever_a_reader_raises_is_a_refusal_of_the_file(
    installed: Callable[..., None],
) -> None:
    def broken(path: str) -> None:
        raise KeyError("no such block")

    installed("nd2", broken)

    with pytest.raises(RejectedFileError) as refused:
        read_pixels(HEADS["nd2"], name="broken.nd2")

    assert refused.value.code == "unreadable_image"


def test_too_many_pixels_are_refused_before_one_is_read(installed: Callable[..., None]) -> None:
    installed("nd2")

    with pytest.raises(RejectedFileError, match=r"has 320 pixels; at most 100"):
        describe(HEADS["nd2"], max_pixels=100)


@pytest.mark.filterwarnings("default")  # What its libraries complain of is their own.
def test_the_real_reader_reads_what_its_library_wrote(tmp_path: Path) -> None:
    """Where celltally[czi] is installed: its library writes such files, too."""
    pytest.importorskip("bioio_czi")
    czi = pytest.importorskip("pylibCZIrw.czi")
    path = tmp_path / "plate.czi"
    with czi.create_czi(str(path)) as document:
        for channel in range(2):
            for depth in range(3):
                document.write(
                    data=STACK[0, channel, depth][:, :, np.newaxis],
                    plane={"C": channel, "Z": depth, "T": 0},
                )

    pixels = read_pixels(path)

    assert np.array_equal(pixels, np.moveaxis(STACK[0, :2, :3].max(axis=1), 0, 2))
    assert describe(path).pages == 1
