"""Spheroids in brightfield: dark bodies after the light is evened, parted at necks."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter, percentile_filter
from skimage.filters import threshold_otsu
from skimage.measure import label
from skimage.morphology import disk, opening
from skimage.segmentation import expand_labels

from shared.domain.engines import EngineSpec, Modality, Segmentation
from worker.engines.grey import Plane, grey_plane
from worker.engines.regions import (
    Labels,
    Mask,
    contrast_of,
    greatest,
    grown,
    holes_filled,
    large_ones,
)

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
_LEAST_LOBE = 0.62  #: A lobe narrower than this share of the widest is a bump.


class Spheroid:
    """`sph_bf`: flat field, threshold, opening, and a split at necks."""

    spec = EngineSpec(
        name="spheroid",
        version="1",
        title="Spheroids in brightfield",
        licence="MIT",
        modalities=[Modality.SPHEROID_BF],
        default=[Modality.SPHEROID_BF],
        params=_PARAMS,
        citation="N. Otsu, A threshold selection method from gray-level histograms, IEEE Trans. "
        "SMC 9, 1979. F. Meyer, S. Beucher, Morphological segmentation, J. Vis. Commun. Image "
        "Represent. 1, 1990. S. van der Walt et al., scikit-image, PeerJ 2, 2014.",
    )

    def load(self, device: str) -> None:
        """There is nothing to load."""

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline the bodies that are darker than the light around them."""
        chosen = self.spec.defaults() | params
        height, width = image.shape[:2]
        share = min(1.0, _WORKING_SIDE / max(height, width))
        small = _resized(grey_plane(image), share)
        brightness = _evened(small)
        mask = _bodies(brightness, chosen, share)
        labels = _enlarged(_parted(mask, chosen["neck"]), mask, (height, width))
        labels = large_ones(labels, _least_area(chosen, pixel_size_um))
        darkness = _bilinear(1 - brightness, (height, width))
        return Segmentation(labels, contrast_of(darkness, labels))

    def close(self) -> None:
        """Nothing is held."""


def _least_area(chosen: dict[str, Any], pixel_size_um: float | None) -> float:
    if chosen["min_area_um2"] and pixel_size_um:
        return float(chosen["min_area_um2"] / pixel_size_um**2)
    return float(chosen["min_area"])


def _resized(plane: Plane, share: float) -> Plane:
    height, width = (max(1, round(side * share)) for side in plane.shape)
    picture = Image.fromarray(plane).resize((width, height), Image.Resampling.BOX)
    return np.asarray(picture, np.float32)


def _bilinear(plane: Plane, shape: tuple[int, int]) -> Plane:
    picture = Image.fromarray(plane.astype(np.float32))
    return np.asarray(picture.resize(shape[::-1], Image.Resampling.BILINEAR), np.float32)


def _evened(plane: Plane) -> Plane:
    """Return brightness as a share of the light, which is smooth and hardly ever hidden."""
    plane = plane - min(0, float(plane.min()))
    light = _resized(plane, min(1.0, _LIGHT_SIDE / max(plane.shape)))
    light = percentile_filter(light, _LIGHT_PERCENTILE, size=_LIGHT_WINDOW, mode="nearest")
    light = _bilinear(gaussian_filter(light, _LIGHT_BLUR), (plane.shape[0], plane.shape[1]))
    lit = light > 0
    brightness = np.divide(plane, light, out=np.ones_like(plane), where=lit)
    return np.asarray(gaussian_filter(brightness, _BLUR))


def _bodies(brightness: Plane, chosen: dict[str, Any], share: float) -> Mask:

    bounds = chosen["darkest_threshold"], chosen["brightest_threshold"]
    threshold = min(max(threshold_otsu(brightness), bounds[0]), bounds[1])
    filled = holes_filled(brightness < threshold, chosen["max_hole_area"] * share**2)
    return np.asarray(opening(filled, disk(_OPENING)), np.bool_)


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


def _enlarged(labels: Labels, mask: Mask, shape: tuple[int, int]) -> Labels:
    """Return *labels* at full size, with the smooth outlines of the interpolated mask."""
    if labels.shape == shape:
        return labels
    near = expand_labels(labels, 2)
    rows, columns = (
        ((np.arange(full) + 0.5) * part / full).astype(int)
        for full, part in zip(shape, labels.shape, strict=True)
    )
    inside = _bilinear(mask.astype(np.float32), shape) > 0.5  # noqa: PLR2004  (the outline)
    return np.asarray(np.where(inside, near[rows][:, columns], 0))
