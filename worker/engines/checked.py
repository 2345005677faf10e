"""An engine held to its declaration: parameters before, labels after."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import Engine, EngineSpec, Segmentation
from shared.domain.errors import CelltallyError
from shared.domain.params import complete_params
from shared.domain.runs import FailureCode
from shared.measuring import connect
from worker.engines.tiling import in_tiles, needs_tiles


class EngineError(CelltallyError):
    """An engine broke or did not do what it declares; its image fails, nothing else."""

    code = FailureCode.ENGINE_ERROR
    status = 500


class ImageTooLargeError(CelltallyError):
    """The image has more pixels than the engine declares to take."""

    code = FailureCode.TOO_LARGE
    status = 422


class CheckedEngine:
    """Any engine, so that the rest may rely on what comes out of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.spec: EngineSpec = engine.spec

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline the objects of `image[y, x, c]`: `call` the engine and `accept` what it found."""
        return self.accept(self.call(image, pixel_size_um, **params), image)

    def call(self, image: NDArray[Any], pixel_size_um: float | None, **params: Any) -> Segmentation:
        """Return what the engine makes of `image[y, x, c]`, unseen; large images in its tiles.

        A wrong parameter is an InvalidInputError that names it.
        """
        chosen = complete_params(self.spec, params)
        _check_size(self.spec, image)
        try:
            return self._outlined(image, pixel_size_um, chosen)
        except (Exception, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as panic:
            # Native code may raise what no `except Exception` further up would catch.
            raise EngineError(f"The engine {self.spec.name} panicked: {panic}") from panic

    def accept(self, found: Segmentation, image: NDArray[Any]) -> Segmentation:
        """Return *found* in the form that everything else relies on.

        Labels come back as `uint32[y, x]`, 1..N without a gap, each one connected part (pixels
        that meet at a corner are not connected; a label of several parts becomes several objects
        with its score). Labels that are none for this image are an EngineError.
        """
        return _normal(self.spec.name, found, image.shape[:2])

    def close(self) -> None:
        """Let go of what the engine holds."""
        self._engine.close()

    def _outlined(
        self, image: NDArray[Any], pixel_size_um: float | None, chosen: dict[str, Any]
    ) -> Segmentation:
        tiling = self.spec.tiling
        if tiling is None or not needs_tiles(image.shape, tiling):
            return self._engine.segment(image, pixel_size_um, **chosen)
        survey = getattr(self._engine, "survey", None)
        known = chosen if survey is None else chosen | survey(image, **chosen)

        def outlined(tile: NDArray[Any]) -> Segmentation:
            found = self._engine.segment(tile, pixel_size_um, **known)
            return _normal(self.spec.name, found, tile.shape[:2])

        return in_tiles(image, tiling, outlined)


def _check_size(spec: EngineSpec, image: NDArray[Any]) -> None:
    pixels, most = image.shape[0] * image.shape[1], spec.limits.max_pixels
    if pixels > most:
        raise ImageTooLargeError(
            f"The image has {pixels:,} pixels; the engine {spec.name} takes {most:,}. "
            "Crop it or choose another engine."
        )


def _normal(name: str, found: Segmentation, shape: tuple[int, ...]) -> Segmentation:
    # A plug-in may return anything, whatever it declares.
    if not isinstance(found, Segmentation):
        raise EngineError(
            f"The engine {name} returned {type(found).__name__}; a Segmentation is due."
        )
    labels = np.asarray(found.labels)
    if labels.shape != shape or labels.dtype.kind not in "bui":
        raise EngineError(
            f"The engine {name} returned {labels.dtype}{list(labels.shape)} as labels; "
            f"whole numbers of shape {list(shape)} are due."
        )
    if labels.size and labels.min() < 0:
        raise EngineError(f"The engine {name} returned negative labels.")
    scores = None if found.scores is None else _scores(name, found.scores, labels)
    connected, origin = connect(labels)
    return Segmentation(labels=connected, scores=None if scores is None else scores[origin - 1])


def _scores(name: str, given: Any, labels: NDArray[Any]) -> NDArray[np.float64]:
    scores = np.asarray(given)
    if scores.ndim != 1 or (scores.size and scores.dtype.kind not in "buif"):
        raise EngineError(f"The engine {name} returned scores that are no list of numbers.")
    if labels.size and len(scores) < labels.max():
        raise EngineError(
            f"The engine {name} returned {len(scores)} scores for {labels.max()} objects."
        )
    return scores.astype(float)
