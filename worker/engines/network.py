"""One network in ONNX Runtime: planes in, maps out, in one thread."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.errors import InvalidInputError
from worker.engines.onnx_description import CHANNELS, OnnxDescription

#: `[batch, channel, y, x]`.
_DIMENSIONS = 4


class Network:
    """A loaded model; raises InvalidInputError where it does not do what its description says."""

    def __init__(self, path: Path, described: OnnxDescription, device: str) -> None:
        # Loaded here, where it is needed: importing it takes a third of a second.
        import onnxruntime  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # The arena keeps several times what a run needs, for ever (onnxruntime issue 11627).
        options.enable_cpu_mem_arena = False
        providers = ["CPUExecutionProvider"]
        if device == "cuda":
            providers.insert(0, "CUDAExecutionProvider")
        try:
            self._session = onnxruntime.InferenceSession(
                path, sess_options=options, providers=providers
            )
        except Exception as broken:
            raise InvalidInputError(f"{path} cannot be loaded: {_first_line(broken)}") from broken
        self._path, self._described = path, described
        self._input = self._session.get_inputs()[0]
        self._check_input()

    @property
    def fixed_side(self) -> int | None:
        """The side of its square input, if it takes one size only."""
        height, width = self._input.shape[2:]
        return height if isinstance(height, int) and height == width else None

    def of(self, tile: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return `maps[channel, y, x]` of `tile[y, x, channel]`, in the size of the tile."""
        height, width = tile.shape[:2]
        padded = self._padded(np.moveaxis(tile, 2, 0))
        fed = {self._input.name: padded[np.newaxis]}
        maps = [self._checked(each, padded.shape[1:]) for each in self._session.run(None, fed)]
        joined = np.concatenate(maps)
        due = CHANNELS[self._described.output.meaning]
        if len(joined) < due:
            raise InvalidInputError(
                f"{self._path} gives {len(joined)} channels; its description says "
                f"{self._described.output.meaning}, which are {due}."
            )
        return joined[:due, :height, :width]

    def _check_input(self) -> None:
        shape, wanted = self._input.shape, self._described.input.channels
        if len(shape) != _DIMENSIONS or (isinstance(shape[1], int) and shape[1] != wanted):
            raise InvalidInputError(
                f"{self._path} takes {self._input.type}{shape}; its description says "
                f"[batch, {wanted}, y, x]."
            )

    def _padded(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the planes mirrored beyond their lower and right edge up to a size it takes."""
        side, multiple = self.fixed_side, self._described.input.multiple_of
        wanted = [side or -(-length // multiple) * multiple for length in planes.shape[1:]]
        missing = [most - length for most, length in zip(wanted, planes.shape[1:], strict=True)]
        padding = ((0, 0), *((0, more) for more in missing))
        # A reflection needs as many pixels as it adds; the edge does for tiny images.
        enough = all(more < length for more, length in zip(missing, planes.shape[1:], strict=True))
        padded = np.pad(planes, padding, mode="reflect" if enough else "edge")
        return np.ascontiguousarray(padded, np.float32)

    def _checked(self, given: Any, size: tuple[int, ...]) -> NDArray[np.float32]:
        maps = np.asarray(given)
        if maps.ndim == _DIMENSIONS - 1:  # Labels often come without a channel.
            maps = maps[:, np.newaxis]
        if maps.ndim != _DIMENSIONS or maps.shape[2:] != size:
            raise InvalidInputError(
                f"{self._path} gives {list(np.shape(given))} for an input of {list(size)} pixels; "
                "[batch, channel, y, x] in the size of the input is due."
            )
        return np.asarray(maps[0], np.float32)


def _first_line(problem: Exception) -> str:
    return next(iter(str(problem).splitlines()), type(problem).__name__)
