import numpy as np
import pytest

from worker.engines.net.layout import STRIDE
from worker.engines.net.tiles import padded_side, tiles


@pytest.mark.parametrize("shape", [(32, 32), (256, 1024), (1056, 640), (4096, 1120), (2080, 3008)])
def test_cores_cover_each_pixel_once(shape):
    covered = np.zeros(shape, int)

    for tile in tiles(shape):
        covered[tile.core] += 1

    assert (covered == 1).all()


@pytest.mark.parametrize("side", [1056, 1120, 2080, 3008, 10016])
def test_every_core_sees_what_is_around_it(side):
    for tile in tiles((side, 32)):
        window, core = tile.window[0], tile.core[0]

        assert core.start == 0 or core.start - window.start >= 48
        assert core.stop == side or window.stop - core.stop >= 48


def test_windows_are_of_one_size_and_meet_the_grid_at_one_phase():
    windows = [tile.window for tile in tiles((3008, 2080))]

    sizes = {(rows.stop - rows.start, columns.stop - columns.start) for rows, columns in windows}
    assert sizes == {(704, 640)}
    assert all(side.start % STRIDE == 0 for window in windows for side in window)


def test_windows_are_no_larger_than_so_many_need_be():
    first, _ = tiles((1056, 32))

    assert first.window[0] == slice(0, 608)


def test_what_fits_into_a_window_is_seen_at_once():
    [tile] = tiles((704, 512))

    assert tile.window == tile.core == (slice(0, 704), slice(0, 512))


@pytest.mark.parametrize(("side", "padded"), [(1, 32), (32, 32), (33, 64), (1022, 1024)])
def test_sides_are_padded_to_the_coarsest_grid(side, padded):
    assert padded_side(side) == padded
