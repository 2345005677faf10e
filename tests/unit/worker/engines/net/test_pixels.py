import numpy as np
import pytest

from shared.domain.engines import Modality
from tests.images import disk, photographed
from worker.engines.net.pixels import INPUTS, levels_of, network_input, resized, shown

FLUO, STAINED = Modality.NUCLEI_FLUO, Modality.NUCLEI_STAINED


def test_background_is_near_0_and_light_near_1_whatever_the_camera():
    mask = disk(30, side=121)

    for camera in ({"background": 100, "light": 200}, {"background": 9000, "light": 50_000}):
        [plane] = shown(photographed(mask, noise=1, **camera), FLUO)

        assert np.median(plane[mask == 0]) == pytest.approx(0, abs=0.05)
        assert np.median(plane[mask > 0]) == pytest.approx(1, abs=0.05)


def test_stained_tissue_is_inverted_and_keeps_its_colours():
    picture = np.full((64, 64, 3), 240, np.uint8)
    picture[20:30, 20:30] = [120, 60, 140]

    planes = shown(picture, STAINED)

    assert planes.shape == (3, 64, 64)
    assert (planes[:, 25, 25] > 0.9).all()
    assert planes[:, 5, 5] == pytest.approx(0)


def test_a_part_is_shown_in_the_light_of_the_whole():
    whole = photographed(disk(30, side=121))
    dark = whole[:20, :20]

    seen = shown(dark, FLUO, levels=levels_of(whole, FLUO))

    assert np.array_equal(seen, shown(whole, FLUO)[:, :20, :20])
    assert shown(dark, FLUO).max() > 0.9 > seen.max()


def test_one_channel_can_be_chosen():
    picture = np.zeros((64, 64, 2), np.uint16)
    picture[10:20, 10:20, 1] = 900

    assert not shown(picture, FLUO, channel=1).any()
    assert shown(picture, FLUO, channel=2)[0, 15, 15] == pytest.approx(1)


def test_a_picture_of_one_value_is_black():
    assert not shown(np.full((40, 40, 1), 77, np.uint8), FLUO).any()


def test_the_only_bright_pixels_are_seen_however_few():
    picture = np.zeros((200, 200, 1), np.uint8)
    picture[100:104, 100:104] = 50

    assert shown(picture, FLUO)[0, 101, 101] == pytest.approx(1)


def test_gaps_in_a_picture_of_floats_are_background():
    picture = photographed(disk(30, side=121)).astype(np.float32)
    picture[:5] = np.nan

    planes = shown(picture, FLUO)

    assert np.isfinite(planes).all()
    assert planes[0, 0, 0] <= 0


def test_the_network_is_shown_colour_and_a_plane_that_lifts_what_is_faint():
    planes = np.full((1, 4, 4), 0.02, np.float32)

    picture = network_input(planes)

    assert picture.shape == (INPUTS, 4, 4)
    assert picture.dtype == np.float32
    assert picture[:3] == pytest.approx(0.02)
    assert picture[3] == pytest.approx(0.137, abs=0.001)


def test_a_picture_never_gets_smaller_than_a_pixel():
    planes = np.ones((1, 3, 900), np.float32)

    assert resized(planes, 0.1).shape == (1, 1, 90)
    assert resized(planes, 0.5).shape == (1, 2, 450)
    assert resized(planes, 1.0) is planes
