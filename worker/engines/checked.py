"""An engine held to its declaration: parameters before, labels after."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import Engine, EngineSpec, Segmentation
from shared.domain.errors import CelltallyError
from shared.domain.params import complete_params
from shared.domain.runs import FailureCode
from shared.measuring import connect


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

    @property
    def spec(self) -> EngineSpec:
        return self._engine.spec

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline the objects of `image[y, x, c]`: `call` the engine and `accept` what it found."""
        return self.accept(self.call(image, pixel_size_um, **params), image)

    def call(self, image: NDArray[Any], pixel_size_um: float | None, **params: Any) -> Segmentation:
        """Return what the engine makes of `image[y, x, c]`, unseen.

        A wrong parameter is an InvalidInputError that names it.
        """
        chosen = complete_params(self.spec, params)
        _check_size(self.spec, image)
        try:
            return self._engine.segment(image, pixel_size_um, **chosen)
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


def _check_size(spec: EngineSpec, image: NDArray[Any]) -> None:
    pixels, most = image.shape[0] * image.shape[1], spec.limits.max_pixels
    if pixels > most:
        raise ImageTooLargeError(
            f"The image has {pixels:,} pixels; the engine {spec.name} takes {most:,}. "
            "Crop it or choose another engine."
        )


def _normal(name: str, found: Segmentation, shape: tuple[int, ...]) -> Segmentation:
    labels = np.asarray(found.labels)
    if labels.shape != shape or labels.dtype.kind not in "bui":
        raise EngineError(
            f"The engine {name} returned {labels.dtype}{list(labels.shape)} as labels; "
            f"whole numbers of shape {list(shape)} are due."
        )
    if labels.size and labels.min() < 0:
        raise EngineError(f"The engine {name} returned negative labels.")
    if found.scores is not None and labels.size and len(found.scores) < labels.max():
        raise EngineError(
            f"The engine {name} returned {len(found.scores)} scores for {labels.max()} objects."
        )
    connected, origin = connect(labels)
    scores = None if found.scores is None else np.asarray(found.scores, float)[origin - 1]
    return Segmentation(labels=connected, scores=scores)
