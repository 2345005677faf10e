"""Bright or dark objects by threshold, distance and watershed; no model, no training."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, uniform_filter
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu

from shared.domain.engines import EngineSpec, Modality, Segmentation
from worker.engines.grey import Plane, grey_plane, is_dark_on_bright, is_noise, stretched
from worker.engines.regions import (
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
        "min_area": {
            "title": "Least area (px)",
            "description": "Smaller objects are dropped.",
            "type": "integer",
            "minimum": 1,
            "maximum": 10_000_000,
            "default": 20,
        },
        "max_hole_area": {
            "title": "Fill holes below (px)",
            "description": "Smaller holes in an object are filled, larger ones are kept.",
            "type": "integer",
            "minimum": 0,
            "maximum": 10_000_000,
            "default": 50,
        },
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
        default=[
            Modality.NUCLEI_FLUO,
            Modality.NUCLEI_STAINED,
            Modality.CELLS_PHASE,
            Modality.ANY,
        ],
        params=_PARAMS,
        citation="N. Otsu, A threshold selection method from gray-level histograms, IEEE Trans. "
        "SMC 9, 1979. P. Soille, L. Vincent, Determining watersheds in digital pictures via "
        "flooding simulations, SPIE 1360, 1990. S. van der Walt et al., scikit-image, PeerJ 2, "
        "2014.",
    )

    def load(self, device: str) -> None:
        """There is nothing to load."""

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline what is brighter (or darker) than its surroundings."""
        chosen = self.spec.defaults() | params
        plane = _bright_objects(grey_plane(image, chosen["channel"]), chosen)
        if plane is None:
            return Segmentation(np.zeros(image.shape[:2], np.uint32), np.zeros(0))
        labels = _parted(_foreground(plane, chosen), chosen)
        labels = large_ones(labels, chosen["min_area"])
        return Segmentation(labels, contrast_of(plane, labels))

    def close(self) -> None:
        """Nothing is held."""


def _bright_objects(plane: Plane, chosen: dict[str, Any]) -> Plane | None:
    """Return the plane ready for a threshold; None if it holds nothing but noise."""
    dark = chosen["polarity"] == "dark"
    if chosen["polarity"] == "auto":
        dark = is_dark_on_bright(plane)
    if dark:
        plane = plane.max() - plane
    if is_noise(plane):
        return None
    return stretched(gaussian_filter(plane, chosen["smoothing"]))


def _foreground(plane: Plane, chosen: dict[str, Any]) -> Mask:

    otsu = threshold_otsu(plane)
    if chosen["method"] == "otsu":
        return holes_filled(plane > otsu, chosen["max_hole_area"])
    surroundings = uniform_filter(plane, chosen["window"], mode="mirror")
    background = float(np.median(plane[plane <= otsu]))
    least = max(_SHARE_OF_OTSU * (otsu - background), _ABOVE_BACKGROUND)
    bright = (plane > background + least) & (plane > surroundings + _ABOVE_SURROUNDINGS)
    return holes_filled(bright, chosen["max_hole_area"], bright=plane - otsu)


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
