"""Bright or dark objects by threshold, distance and watershed; no model, no training."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, uniform_filter
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu

from shared.domain.engines import EngineSpec, Modality, Segmentation, Tiling
from worker.engines.grey import (
    Plane,
    grey_plane,
    is_dark_on_bright,
    is_noise,
    levels_of,
    mosaic,
    stretched,
)
from worker.engines.known_images import KnownImage, drawn_sample
from worker.engines.regions import (
    SIZE_PARAMS,
    Mask,
    contrast_of,
    grown,
    holes_filled,
    joined_without_neck,
    large_ones,
)

_PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "method": {
            "title": "Threshold",
            "description": "local: brighter than the surroundings, for uneven light and "
            "crowded objects. otsu: one threshold for the whole image.",
            "type": "string",
            "enum": ["local", "otsu"],
            "default": "local",
        },
        "polarity": {
            "title": "Objects are",
            "description": "bright on dark, dark on bright, or found out from the image.",
            "type": "string",
            "enum": ["auto", "bright", "dark"],
            "default": "auto",
        },
        "channel": {
            "title": "Channel",
            "description": "The channel with the objects, counted from 1; 0 is the mean of all.",
            "type": "integer",
            "minimum": 0,
            "maximum": 64,
            "default": 0,
        },
        "smoothing": {
            "title": "Smoothing (px)",
            "description": "Width of the blur against noise. More for noisy images.",
            "type": "number",
            "minimum": 0,
            "maximum": 20,
            "default": 1.0,
        },
        "window": {
            "title": "Surroundings (px)",
            "description": "Side of the square that local compares with; several objects wide.",
            "type": "integer",
            "minimum": 5,
            "maximum": 1001,
            "default": 61,
        },
        "min_distance": {
            "title": "Least distance of centres (px)",
            "description": "Touching objects whose centres are closer are one.",
            "type": "integer",
            "minimum": 1,
            "maximum": 500,
            "default": 6,
        },
        "neck": {
            "title": "Neck",
            "description": "How much narrower, as a share, the way between two objects must be "
            "for them to be parted. 1 never parts.",
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.1,
        },
        **SIZE_PARAMS,
    },
}

#: Settings of the local threshold, chosen on annotated images: how much brighter than
#: its surroundings an object must be, and which share of the way from the background to
#: Otsu's threshold.
_ABOVE_SURROUNDINGS = 0.02
_ABOVE_BACKGROUND = 0.04
_SHARE_OF_OTSU = 0.6
_DISTANCE_BLUR = 1.5


class Classical:
    """Threshold, distance transform and watershed, joined again where there is no neck."""

    spec = EngineSpec(
        name="classical",
        version="1",
        title="Classical (threshold and watershed)",
        licence="MIT",
        modalities=[
            Modality.NUCLEI_FLUO,
            Modality.NUCLEI_STAINED,
            Modality.CELLS_PHASE,
            Modality.ANY,
        ],
        default=[Modality.ANY],
        params=_PARAMS,
        citation="N. Otsu, A threshold selection method from gray-level histograms, IEEE Trans. "
        "SMC 9, 1979. P. Soille, L. Vincent, Determining watersheds in digital pictures via "
        "flooding simulations, SPIE 1360, 1990. S. van der Walt et al., scikit-image, PeerJ 2, "
        "2014.",
        tiling=Tiling(side=2048, overlap=192),
    )

    @staticmethod
    def known_image() -> KnownImage:
        """Return an image whose objects it counts exactly, on every machine."""
        return drawn_sample("drawn_nuclei_1.tif")

    def load(self, device: str) -> None:
        """There is nothing to load."""

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline what is brighter (or darker) than its surroundings."""
        chosen = self.spec.defaults() | params
        lit = _lit(grey_plane(image, chosen["channel"]), chosen, chosen.get("light"))
        if lit is None:
            return Segmentation(np.zeros(image.shape[:2], np.uint32), np.zeros(0))
        plane, light = lit
        labels = _parted(_foreground(plane, light, chosen), chosen)
        labels = large_ones(labels, chosen["min_area"])
        return Segmentation(labels, contrast_of(plane, labels))

    def survey(self, image: NDArray[Any], **params: Any) -> dict[str, Any]:
        """Return the light of the whole image: a tile without objects cannot tell it."""
        lit = _lit(grey_plane(mosaic(image), params["channel"]), params, None)
        return {} if lit is None else {"light": lit[1]}

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class _Light:
    """What of the light in an image decides about its objects."""

    dark: bool  #: Objects are darker than the background.
    top: float  #: The brightest value, by which such an image is inverted.
    levels: tuple[float, float]  #: What becomes 0 and 1.
    otsu: float  #: Otsu's threshold of what became of it,
    background: float  #: and what most of the rest is.


def _lit(plane: Plane, chosen: dict[str, Any], known: _Light | None) -> tuple[Plane, _Light] | None:
    """Return the plane ready for a threshold, and its light; None if it holds only noise."""
    dark = _is_dark(plane, chosen["polarity"]) if known is None else known.dark
    top = float(plane.max()) if known is None else known.top
    if dark:
        plane = top - plane
    if known is not None:
        return stretched(gaussian_filter(plane, chosen["smoothing"]), known.levels), known
    if is_noise(plane):
        return None
    smooth = gaussian_filter(plane, chosen["smoothing"])
    levels = levels_of(smooth)
    shown = stretched(smooth, levels)
    otsu = float(threshold_otsu(shown))
    background = float(np.median(shown[shown <= otsu]))
    return shown, _Light(dark, top, levels, otsu, background)


def _is_dark(plane: Plane, polarity: str) -> bool:
    return is_dark_on_bright(plane) if polarity == "auto" else polarity == "dark"


def _foreground(plane: Plane, light: _Light, chosen: dict[str, Any]) -> Mask:

    if chosen["method"] == "otsu":
        return holes_filled(plane > light.otsu, chosen["max_hole_area"])
    surroundings = uniform_filter(plane, chosen["window"], mode="mirror")
    least = max(_SHARE_OF_OTSU * (light.otsu - light.background), _ABOVE_BACKGROUND)
    surroundings += _ABOVE_SURROUNDINGS
    bright = (plane > light.background + least) & (plane > surroundings)
    return holes_filled(bright, chosen["max_hole_area"], bright=plane - light.otsu)


def _parted(mask: Mask, chosen: dict[str, Any]) -> NDArray[Any]:

    exact = distance_transform_edt(mask).astype(np.float32)
    distance = gaussian_filter(exact, _DISTANCE_BLUR)
    peaks = peak_local_max(
        distance,
        min_distance=chosen["min_distance"],
        labels=mask.astype(np.int32),
        exclude_border=False,
    )
    markers = np.zeros(mask.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    return joined_without_neck(grown(markers, distance, mask), distance, chosen["neck"])
