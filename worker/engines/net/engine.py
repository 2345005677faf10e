"""The engine `celltally-net`: the network's answer made into objects at full size."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import expand_labels

from shared.domain.engines import EngineSpec, Limits, Modality, Segmentation, Tiling
from shared.reading.modality import guess_modality
from worker.engines.grey import mosaic
from worker.engines.known_images import KnownImage, drawn_sample
from worker.engines.net.network import Network
from worker.engines.net.objects import Labels, outlined, whole_ones, without_holes
from worker.engines.net.params import PARAMS
from worker.engines.net.pixels import (
    BASE_SCALE,
    Planes,
    levels_of,
    reshaped,
    resized,
    shown,
)
from worker.engines.net.stars import chosen_stars

WEIGHTS = Path(__file__).with_name("celltally_net.onnx")
#: Of the file WEIGHTS; `python -m training.quantize` tells it.
WEIGHTS_SHA256 = "07c99f3c894b396429781b7fec78805ae7def1c6e871d3f40729b6df7fe71a79"

#: Objects are found best when they measure about so many pixels. A picture is looked at
#: again, half of the way there (in octaves): what is found first tells the size but roughly.
_BEST_DIAMETER = 26.0
_HALFWAY = 0.5
#: Beyond, all of the way is gone that is left to what half of it makes of this.
_LARGE = 60.0
_LEAST_FACTOR, _MOST_FACTOR = 0.1, 1.6
#: Closer to 1 a second look is not worth its time.
_SAME = (0.9, 1.1)
#: The scale of the first look. Nuclei in tissue are small, so most are looked at again: what tells
#: their size may be a picture of half the pixels.
_FIRST_LOOK = BASE_SCALE | {Modality.NUCLEI_STAINED: 0.7}
#: Pictures that are looked at upside down, too: cells in phase contrast are few pixels after they
#: were made smaller, and the hardest.
_SEEN_TWICE = frozenset({Modality.CELLS_PHASE})
#: Objects that their size is told from, at least.
_FEW = 5


class Net:
    """Star distances and votes for a middle, by a small residual U-Net; see docs/model_card.md."""

    spec = EngineSpec(
        name="celltally-net",
        version="4",
        title="celltally network",
        licence="MIT",
        modalities=[Modality.NUCLEI_FLUO, Modality.NUCLEI_STAINED, Modality.CELLS_PHASE],
        default=[Modality.NUCLEI_FLUO, Modality.NUCLEI_STAINED, Modality.CELLS_PHASE],
        params=PARAMS,
        citation="celltally-net, trained for this program (docs/model_card.md). U. Schmidt et "
        "al., Cell Detection with Star-convex Polygons, MICCAI 2018. O. Ronneberger et al., "
        "U-Net, MICCAI 2015. Data: J. C. Caicedo et al., Nucleus segmentation across imaging "
        "experiments: the 2018 Data Science Bowl, Nat. Methods 16, 2019. H.-F. Tsai et al., "
        "Usiigaci, SoftwareX 9, 2019.",
        weights=WEIGHTS.name,
        weights_sha256=WEIGHTS_SHA256,
        limits=Limits(soft_seconds=240, hard_seconds=270),
        tiling=Tiling(side=1280, overlap=192),
    )

    @classmethod
    def available(cls) -> tuple[bool, str | None]:
        """Tell whether the weights are the ones of the spec and their runtime is installed."""
        if find_spec("onnxruntime") is None:
            return False, "onnxruntime is not installed: `pip install onnxruntime`"
        if not WEIGHTS.is_file():
            return False, f"its weights {WEIGHTS.name} are missing: install celltally again"
        if _sha256(WEIGHTS) != WEIGHTS_SHA256:
            return False, f"its weights {WEIGHTS.name} were changed: install celltally again"
        return True, None

    @staticmethod
    def known_image() -> KnownImage:
        """Return an image whose objects it counts exactly, on every machine."""
        return drawn_sample("drawn_nuclei_2.tif")

    def __init__(self) -> None:
        self._network: Network | None = None

    def load(self, device: str) -> None:
        """Load the network; it runs on the CPU whatever *device* is."""
        self.use(Network(WEIGHTS))

    def use(self, network: Network) -> None:
        """Answer by *network*, such as one that is being trained."""
        self._network = network

    def close(self) -> None:
        """Let go of the network."""
        self._network = None

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline nuclei or cells; seen twice if they are smaller or larger than is best."""
        chosen = self.spec.defaults() | params
        modality = _modality(image, chosen["modality"])
        found, _ = self._at_best_scale(image, modality, chosen)
        return found

    def survey(self, image: NDArray[Any], **params: Any) -> dict[str, Any]:
        """Return what every tile must know: the kind of picture, its light and its scale."""
        modality = _modality(image, params["modality"])
        part = mosaic(image)
        levels = levels_of(part, modality, channel=params["channel"])
        known = params | {"levels": levels}
        _, scale = self._at_best_scale(part, modality, known)
        return {"modality": modality, "levels": levels, "scale": scale}

    def _at_best_scale(
        self, image: NDArray[Any], modality: Modality, chosen: dict[str, Any]
    ) -> tuple[Segmentation, float]:
        """Return what is found, and the scale it is found at."""
        planes = shown(image, modality, channel=chosen["channel"], levels=chosen.get("levels"))
        base = BASE_SCALE[modality]
        seen = chosen | {"twice": modality in _SEEN_TWICE}
        if not (planes > 0).any():
            nothing = Segmentation(np.zeros(image.shape[:2], np.uint32), np.zeros(0))
            return nothing, chosen["scale"] or base
        first = chosen["scale"] or _FIRST_LOOK[modality]
        found = self._found(planes, first, seen)
        scale = chosen["scale"] or base * _factor(found.labels, base)
        if scale != first:
            found = self._found(planes, scale, seen)
        return found, scale

    def _found(self, planes: Planes, scale: float, chosen: dict[str, Any]) -> Segmentation:
        """Return the objects of *planes*, seen at *scale*, at full size."""
        if self._network is None:
            raise RuntimeError("the engine celltally-net was not loaded: call load first")
        level = _logit(chosen["threshold"])
        maps = self._network.look(resized(planes, scale), level, twice=chosen["twice"])
        stars = chosen_stars(maps, threshold=chosen["threshold"], overlap=chosen["overlap"])
        inside = _logit(chosen["inside"])
        labels = outlined(maps, stars, inside=inside)
        shape = (planes.shape[1], planes.shape[2])
        labels = at_full_size(labels, maps.inside, inside, shape)
        whole, origin = whole_ones(labels, chosen["min_area"])
        filled = without_holes(whole, chosen["max_hole_area"])
        return Segmentation(filled, stars.scores[origin - 1])


def at_full_size(
    labels: Labels, inside: NDArray[np.float16], level: float, shape: tuple[int, int]
) -> Labels:
    """Return *labels* in the *shape* of the picture, with the smooth outlines of *inside*."""
    if labels.shape == shape:
        return labels
    near = expand_labels(labels, 2)
    rows, columns = (
        ((np.arange(full) + 0.5) * part / full).astype(int)
        for full, part in zip(shape, labels.shape, strict=True)
    )
    mask = reshaped(inside.astype(np.float32)[np.newaxis], shape)[0] > level
    return np.asarray(np.where(mask, near[rows][:, columns], 0))


def _modality(image: NDArray[Any], wanted: str) -> Modality:
    """Return the kind of picture, guessed if it is not given, of those that we know."""
    modality = guess_modality(image) if wanted == "auto" else Modality(wanted)
    if modality in BASE_SCALE:
        return modality
    # Dark on bright like tissue, or nothing much to see at all.
    spheroids = modality is Modality.SPHEROID_BF
    return Modality.NUCLEI_STAINED if spheroids else Modality.NUCLEI_FLUO


def _factor(labels: Labels, scale: float) -> float:
    """Return by how much the picture should be seen larger, given what was found in it."""
    areas = np.bincount(labels.ravel())[1:]
    if len(areas) < _FEW:
        return 1.0
    diameter = scale * float(np.median(np.sqrt(areas * (4 / np.pi))))
    factor = (_BEST_DIAMETER / min(diameter, _LARGE)) ** _HALFWAY
    factor *= min(1.0, _LARGE / diameter)
    if _SAME[0] <= factor <= _SAME[1]:
        return 1.0
    return float(np.clip(factor, _LEAST_FACTOR, _MOST_FACTOR))


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


@cache
def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
