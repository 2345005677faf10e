"""Spheroids in brightfield: dark bodies after the light is evened, parted at necks."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_dilation,
    binary_erosion,
    distance_transform_edt,
    gaussian_filter,
    maximum_filter,
)
from skimage.filters import threshold_otsu
from skimage.measure import label
from skimage.morphology import disk

from shared.domain.engines import EngineSpec, Modality, Segmentation
from worker.engines.grey import Plane
from worker.engines.known_images import KnownImage, drawn_sample
from worker.engines.regions import (
    Labels,
    Mask,
    greatest,
    grown,
    holes_filled,
    large_ones,
)
from worker.engines.scaling import Enlarged, bands, grey_of_side, resized

_PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "min_area": {
            "title": "Least area (px)",
            "description": "Smaller objects are dropped as debris.",
            "type": "integer",
            "minimum": 1,
            "maximum": 100_000_000,
            "default": 2000,
        },
        "min_area_um2": {
            "title": "Least area (µm²)",
            "description": "Used instead of the area in pixels where the pixel size is known; "
            "0 is not used.",
            "type": "number",
            "minimum": 0,
            "maximum": 100_000_000,
            "default": 0,
        },
        "max_hole_area": {
            "title": "Fill holes below (px)",
            "description": "Smaller holes in a spheroid are filled, larger ones are kept.",
            "type": "integer",
            "minimum": 0,
            "maximum": 100_000_000,
            "default": 500,
        },
        "darkest_threshold": {
            "title": "Darkest threshold",
            "description": "What is darker than this share of the background is always spheroid.",
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.6,
        },
        "brightest_threshold": {
            "title": "Brightest threshold",
            "description": "What is brighter than this share of the background never is. "
            "Raise it for pale spheroids.",
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.82,
        },
        "neck": {
            "title": "Neck",
            "description": "Two lobes are parted where they are narrower than this share of the "
            "wider one. 0 never parts.",
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.55,
        },
    },
}

_WORKING_SIDE = 512  #: The image is reduced to this: spheroids are large.
_LIGHT_SIDE = 48  #: And to this, to see the light without the spheroids.
_LIGHT_WINDOW = 31
_LIGHT_PERCENTILE = 85
_LIGHT_BLUR = 3.0
_BLUR = 1.5
_OPENING = 3
_OUTLINE = 0.5  #: Of an interpolated mask.
_LEAST_LOBE = 0.62  #: A lobe narrower than this share of the widest is a bump.


class Spheroid:
    """`sph_bf`: flat field, threshold, opening, and a split at necks."""

    spec = EngineSpec(
        name="spheroid",
        version="2",
        title="Spheroids in brightfield",
        licence="MIT",
        modalities=[Modality.SPHEROID_BF],
        default=[Modality.SPHEROID_BF],
        params=_PARAMS,
        citation="N. Otsu, A threshold selection method from gray-level histograms, IEEE Trans. "
        "SMC 9, 1979. F. Meyer, S. Beucher, Morphological segmentation, J. Vis. Commun. Image "
        "Represent. 1, 1990. S. van der Walt et al., scikit-image, PeerJ 2, 2014.",
    )

    @staticmethod
    def known_image() -> KnownImage:
        """Return an image whose objects it counts exactly, on every machine."""
        return drawn_sample("drawn_spheroids_1.png")

    def load(self, device: str) -> None:
        """There is nothing to load."""

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline the bodies that are darker than the light around them."""
        chosen = self.spec.defaults() | params
        height, width = image.shape[:2]
        share = min(1.0, _WORKING_SIDE / max(height, width))
        brightness = _evened(grey_of_side(image, _WORKING_SIDE))
        mask = _bodies(brightness, chosen, share)
        labels = _enlarged(_parted(mask, chosen["neck"]), mask, (height, width))
        labels = large_ones(labels, _least_area(chosen, pixel_size_um), reuse=True)
        return Segmentation(labels, _darkness_of(labels, 1 - brightness))

    def close(self) -> None:
        """Nothing is held."""


def _least_area(chosen: dict[str, Any], pixel_size_um: float | None) -> float:
    if chosen["min_area_um2"] and pixel_size_um:
        return float(chosen["min_area_um2"] / pixel_size_um**2)
    return float(chosen["min_area"])


def _evened(plane: Plane) -> Plane:
    """Return brightness as a share of the light, which is smooth and hardly ever hidden."""
    plane = plane - min(0, float(plane.min()))
    share = min(1.0, _LIGHT_SIDE / max(plane.shape))
    height, width = (max(1, round(side * share)) for side in plane.shape)
    light = resized(plane, (height, width))
    light = _high_in_windows(light)
    shape = (plane.shape[0], plane.shape[1])
    light = Enlarged(gaussian_filter(light, _LIGHT_BLUR), shape).rows(slice(0, shape[0]))
    lit = light > 0
    brightness = np.divide(plane, light, out=np.ones_like(plane), where=lit)
    return np.asarray(gaussian_filter(brightness, _BLUR))


def _high_in_windows(plane: Plane) -> Plane:
    """Return the percentile that is light in the window around each pixel of a small plane."""
    half = _LIGHT_WINDOW // 2
    padded = np.pad(plane, half, mode="edge")
    # Every other pixel of every other row tells the percentile as well, in a quarter of the time.
    windows = sliding_window_view(padded, (_LIGHT_WINDOW, _LIGHT_WINDOW))[:, :, ::2, ::2]
    windows = windows.reshape(plane.size, -1)
    rank = int(windows.shape[1] * _LIGHT_PERCENTILE / 100)
    # All at once, a fifth of the time of a filter that goes from window to window.
    return np.asarray(np.partition(windows, rank, axis=1)[:, rank].reshape(plane.shape))


def _bodies(brightness: Plane, chosen: dict[str, Any], share: float) -> Mask:

    bounds = chosen["darkest_threshold"], chosen["brightest_threshold"]
    threshold = min(max(threshold_otsu(brightness), bounds[0]), bounds[1])
    filled = holes_filled(brightness < threshold, chosen["max_hole_area"] * share**2)
    eroded = binary_erosion(filled, disk(_OPENING), border_value=1)
    return np.asarray(binary_dilation(eroded, disk(_OPENING)))


def _parted(mask: Mask, neck: float) -> Labels:
    """Return the bodies, two lobes apart where they are joined by a neck only.

    The places deeper inside than *neck* of the widest place are one in any convex
    shape, as the distance to the outside has one peak there.
    """
    parts = label(mask, connectivity=1)
    distance = distance_transform_edt(mask).astype(np.float32)
    widest = greatest(distance, parts)[parts]
    lobes = label((distance > neck * widest) & mask, connectivity=1)
    kept = greatest(distance, lobes) >= _LEAST_LOBE * greatest(widest, lobes)
    return grown(np.where(kept[lobes] & mask, lobes, 0), distance, mask)


def _expanded(labels: Labels) -> Labels:
    """Return *labels* one pixel larger, into the background alone."""
    return np.asarray(np.where(labels > 0, labels, maximum_filter(labels, 3)))


def _enlarged(labels: Labels, mask: Mask, shape: tuple[int, int]) -> Labels:
    """Return *labels* at full size, with the smooth outlines of the interpolated mask."""
    if labels.shape == shape:
        return labels
    near = _expanded(_expanded(labels)).astype(np.uint32)
    columns = ((np.arange(shape[1]) + 0.5) * labels.shape[1] / shape[1]).astype(np.int64)
    rows = ((np.arange(shape[0]) + 0.5) * labels.shape[0] / shape[0]).astype(np.int64)
    inside, wide = Enlarged(mask.astype(np.float32), shape), near[:, columns]
    enlarged = np.zeros(shape, np.uint32)
    for band in bands(shape):
        np.copyto(enlarged[band], wide[rows[band]], where=inside.rows(band) > _OUTLINE)
    return enlarged


def _darkness_of(labels: Labels, darkness: Plane) -> NDArray[np.float64]:
    """Return the mean of the small plane *darkness* in each of the large labels: a score."""
    shape = (labels.shape[0], labels.shape[1])
    large, count = Enlarged(darkness.clip(0, 1), shape), int(labels.max(initial=0)) + 1
    sums, areas = np.zeros(count), np.zeros(count)
    for band in bands(shape):
        places = np.flatnonzero(labels[band])
        owner = labels[band].reshape(-1)[places]
        sums += np.bincount(owner, weights=large.rows(band).reshape(-1)[places], minlength=count)
        areas += np.bincount(owner, minlength=count)
    return np.asarray(sums[1:] / areas[1:])
