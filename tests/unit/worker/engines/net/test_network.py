import numpy as np

from worker.engines.net import layout
from worker.engines.net.network import Network


class LocalNetwork(Network):
    """Answers by each square alone, so that a seam would be the tiles' own fault."""

    def __init__(self):
        self.windows = []

    def answer(self, picture):
        self.windows.append(picture.shape[1:])
        grid = picture[0, ::2, ::2]
        answer = np.zeros((layout.CHANNELS, *grid.shape), np.float32)
        answer[layout.PEAK] = grid
        answer[layout.DISTANCES] = grid
        answer[layout.MIDDLE] = grid / 10
        rows = [picture[0, dy::2, dx::2] for dy in (0, 1) for dx in (0, 1)]
        answer[layout.INSIDE] = rows
        answer[layout.TOUCH] = rows
        return answer


def noise(height, width):
    return np.random.default_rng(3).random((1, height, width), np.float32)


def test_tiles_put_together_are_the_picture_seen_at_once():
    planes = noise(333, 517)
    network = LocalNetwork()

    tiled = network.look(planes, 0.5, window=192, halo=32)
    whole = network.look(planes, 0.5, window=1024)

    assert network.windows[-1] == (352, 544)
    assert len(network.windows) > 6
    assert np.array_equal(tiled.peak, whole.peak)
    assert np.array_equal(tiled.middle, whole.middle)
    assert np.array_equal(tiled.inside, whole.inside)
    assert np.array_equal(tiled.touch, whole.touch)
    assert np.array_equal(tiled.places, whole.places)
    assert np.array_equal(tiled.distances, whole.distances)


def test_maps_have_the_size_of_the_picture():
    maps = LocalNetwork().look(noise(65, 31), 0.5)

    assert maps.inside.shape == (65, 31)
    assert maps.peak.shape == (33, 16)
    assert np.array_equal(maps.inside, np.float16(noise(65, 31)[0]))


def test_distances_are_kept_where_a_peak_may_be():
    maps = LocalNetwork().look(noise(64, 64), 0.9)

    assert maps.places.tolist() == np.flatnonzero(maps.peak > 0.9).tolist()
    expected = 10 * layout.softplus(maps.peak.ravel()[maps.places])
    assert np.allclose(maps.distances[:, 0], expected, rtol=1e-3)


def test_who_looks_twice_answers_by_the_mean():
    class Upright(LocalNetwork):
        """Sees twice as much in what is upright: its top left pixel is the brightest."""

        def answer(self, picture):
            return super().answer(picture) * (2 if picture[0, 0, 0] == picture.max() else 1)

    planes = noise(64, 64)
    planes[0, 0, 0] = 2

    maps = Upright().look(planes, 0.5, twice=True)

    assert np.allclose(maps.inside, 1.5 * planes[0], rtol=1e-2)
