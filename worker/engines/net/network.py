"""The trained network, run window by window."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from worker.engines.net import layout
from worker.engines.net.layout import GRID, Answer
from worker.engines.net.pixels import Planes, network_input
from worker.engines.net.tiles import HALO, WINDOW, Tile, padded_side, tiles
from worker.engines.progress import told

#: Half precision holds them to a thousandth, in half the memory.
_Compact = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Maps:
    """What the network says of a picture of `y` rows and `x` columns; see `layout`.

    `peak: float32[y / GRID, x / GRID]` logits; `middle: float16[2, y / GRID, x / GRID]` in
    pixels; `inside` and `touch: float16[y, x]` logits. `distances: float16[n, RAYS]` in pixels
    are known where `places: int64[n]`, flat in `peak` and ascending, says.
    """

    peak: NDArray[np.float32]
    middle: _Compact
    inside: _Compact
    touch: _Compact
    places: NDArray[np.int64]
    distances: _Compact


class Network:
    """An ONNX model of `[1, INPUTS, y, x]`, run by one thread on the CPU."""

    def __init__(self, weights: Path | bytes) -> None:
        # Imported late: the registry looks at engines that it does not load.
        import onnxruntime  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # The arena keeps what the largest picture took for as long as the process lives.
        options.enable_cpu_mem_arena = False
        model = weights if isinstance(weights, bytes) else str(weights)
        self._session: Any = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )

    def answer(self, picture: NDArray[np.float32]) -> Answer:
        """Return the channels of `layout` for `float32[INPUTS, y, x]`, sides by STRIDE."""
        answer: Answer = self._session.run(None, {"image": picture[np.newaxis]})[0][0]
        return answer

    def second_opinion(self, picture: NDArray[np.float32]) -> Answer:
        """Return the mean of the answers to the picture as it is and to it upside down."""
        upside_down = np.ascontiguousarray(picture[:, ::-1, ::-1])
        both = self.answer(picture) + layout.turned_back(self.answer(upside_down))
        return np.asarray(both / 2, np.float32)

    def look(
        self,
        planes: Planes,
        least_peak: float,
        *,
        twice: bool = False,
        window: int = WINDOW,
        halo: int = HALO,
    ) -> Maps:
        """Return the maps of *planes*, distances where the peak's logit is above *least_peak*.

        To look *twice*, the second time upside down, costs as much again and errs less.
        """
        answer = self.second_opinion if twice else self.answer
        height, width = planes.shape[1:]
        padded = _mirrored(planes, (padded_side(height), padded_side(width)))
        canvas = _Canvas((padded.shape[1], padded.shape[2]), least_peak)
        parts = list(tiles((padded.shape[1], padded.shape[2]), window=window, halo=halo))
        for tile in told(parts):
            canvas.put(tile, answer(network_input(padded[:, *tile.window])))
        return canvas.maps((height, width))


def _mirrored(planes: Planes, shape: tuple[int, int]) -> Planes:
    rows, columns = (full - side for full, side in zip(shape, planes.shape[1:], strict=True))
    return np.pad(planes, ((0, 0), (0, rows), (0, columns)), mode="symmetric")


class _Canvas:
    """The cores of all tiles, put together."""

    def __init__(self, shape: tuple[int, int], least_peak: float) -> None:
        height, width = shape
        grid = (height // GRID, width // GRID)
        self._least_peak = least_peak
        self._peak = np.empty(grid, np.float32)
        self._middle = np.empty((2, *grid), np.float16)
        self._inside = np.empty(shape, np.float16)
        self._touch = np.empty(shape, np.float16)
        self._places: list[NDArray[np.int64]] = []
        self._distances: list[_Compact] = []

    def put(self, tile: Tile, answer: Answer) -> None:
        """Keep of a window's *answer* what lies in its core."""
        here = tuple(_on_grid(side) for side in tile.core)
        within = tuple(
            _on_grid(slice(core.start - window.start, core.stop - window.start))
            for core, window in zip(tile.core, tile.window, strict=True)
        )
        core = answer[:, *within]
        peak = core[layout.PEAK]
        self._peak[here] = peak
        self._middle[:, *here] = core[layout.MIDDLE] * layout.REACH
        self._inside[tile.core] = layout.pixels_of(core[layout.INSIDE])
        self._touch[tile.core] = layout.pixels_of(core[layout.TOUCH])
        y, x = np.nonzero(peak > self._least_peak)
        columns = self._peak.shape[1]
        self._places.append((y + here[0].start) * columns + x + here[1].start)
        distances = layout.softplus(core[layout.DISTANCES][:, y, x].T) * layout.REACH
        self._distances.append(distances.astype(np.float16))

    def maps(self, shape: tuple[int, int]) -> Maps:
        """Return the maps, cut to the *shape* of the picture."""
        height, width = shape
        rows, columns = -(-height // GRID), -(-width // GRID)
        places, distances = np.concatenate(self._places), np.concatenate(self._distances)
        y, x = np.divmod(places, self._peak.shape[1])
        kept = np.nonzero((y < rows) & (x < columns))[0]
        flat = (y * columns + x)[kept]
        order = np.argsort(flat)
        return Maps(
            peak=self._peak[:rows, :columns],
            middle=self._middle[:, :rows, :columns],
            inside=self._inside[:height, :width],
            touch=self._touch[:height, :width],
            places=flat[order],
            distances=distances[kept[order]],
        )


def _on_grid(side: slice) -> slice:
    return slice(side.start // GRID, side.stop // GRID)
