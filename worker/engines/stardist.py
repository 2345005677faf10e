"""StarDist with weights that lie on this machine: its own package's, or cellcast's."""

import shutil
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import EngineSpec, Limits, Modality, Segmentation, Tiling
from shared.domain.errors import InvalidInputError
from worker.engines.adapter import Adapter
from worker.engines.grey import grey_plane
from worker.engines.planes import CHANNEL, Levels, chosen_planes, levels_of, scaled
from worker.engines.weights import (
    Declared,
    Weights,
    availability,
    chosen_queue,
    folder_of,
    installed_weights,
    is_installed,
    model_param,
)

NAME = "stardist"
_GREY, _COLOUR = 1, 3
_PERCENTILES = (1.0, 99.8)
_DEFAULT_MODEL = "2D_versatile_fluo"
_CONFIG = "config.json"
#: Weights of cellcast whose file is called so are of its model for stained tissue.
_STAINED = "_he"
_INSTALL = {
    "stardist": "install it with `pip install stardist tensorflow`",
    "cellcast": "install it with `pip install cellcast`",
}

_PARAMS: dict[str, Any] = {
    "channel": CHANNEL,
    "prob_threshold": {
        "title": "Probability threshold",
        "description": "How sure an object must be; 0 is the model's own choice.",
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0,
    },
    "nms_threshold": {
        "title": "Overlap threshold",
        "description": "Of two that overlap more the less sure one goes; 0 is the model's choice.",
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0,
    },
}


def _installed() -> list[Weights]:
    """Return folders of the package stardist, and files of cellcast."""
    found = installed_weights(NAME, ["[!.]*"])
    return [w for w in found if (w.path / _CONFIG).is_file() or w.path.suffix == ".bpk"]


def _package(weights: Weights) -> str:
    return "cellcast" if _is_cellcast(weights.path) else "stardist"


def _is_cellcast(path: Path) -> bool:
    return path.suffix == ".bpk"


def _usable() -> list[Weights]:
    return [each for each in _installed() if is_installed(_package(each))]


def _spec() -> EngineSpec:
    return EngineSpec(
        name=NAME,
        version="1",
        title="StarDist",
        licence="BSD-3-Clause; the weights have their own",
        modalities=[Modality.NUCLEI_FLUO, Modality.NUCLEI_STAINED],
        params={
            "type": "object",
            "additionalProperties": False,
            "properties": {"model": model_param(_usable())} | _PARAMS,
        },
        citation="U. Schmidt, M. Weigert, C. Broaddus, G. Myers, Cell Detection with Star-Convex "
        "Polygons, MICCAI 2018.",
        deterministic=False,
        queue=chosen_queue(),
        limits=Limits(soft_seconds=240, hard_seconds=270),
        tiling=Tiling(side=2048, overlap=192),
    )


class _Model(Protocol):
    """Either package's model."""

    @property
    def channels(self) -> int: ...

    def outlined(
        self, planes: NDArray[np.float32], levels: Levels, params: dict[str, Any]
    ) -> Segmentation: ...


class StarDist(Adapter):
    """Star-convex polygons around what a network takes for nuclei."""

    spec: EngineSpec = Declared(_spec)  # type: ignore[assignment]

    @staticmethod
    def available() -> tuple[bool, str | None]:
        """Tell whether weights are here, and a package for some of them."""
        found = _installed()
        wanted = sorted({_package(each) for each in found}) or [NAME]
        missing = {package: _INSTALL[package] for package in wanted}
        return availability(
            NAME,
            packages={} if _usable() else missing,
            found=found,
            wanted=f"the folder of a model ({_CONFIG}, weights) or a .bpk file of cellcast",
        )

    @staticmethod
    def prefetch(model: str | None = None) -> Path:
        """Fetch a model that the package stardist knows; `2D_versatile_fluo` unless told."""
        from stardist.models import StarDist2D  # noqa: PLC0415

        fetched = StarDist2D.from_pretrained(model or _DEFAULT_MODEL)
        folder = folder_of(NAME)
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copytree(fetched.logdir, folder / fetched.name, dirs_exist_ok=True))

    def survey(self, image: NDArray[Any], **params: Any) -> dict[str, Any]:
        """Return the scale of the whole image, so that all tiles have the same."""
        model = self._model(params["model"])
        return {"levels": levels_of(_planes(image, model, params), *_PERCENTILES)}

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline the nuclei; the score of one is its probability where the package tells it."""
        model = self._model(params["model"])
        planes = _planes(image, model, params)
        levels = params.get("levels") or levels_of(planes, *_PERCENTILES)
        return model.outlined(planes, levels, params)

    def _model(self, name: str) -> _Model:
        model: _Model = self.kept(name, _usable(), self._made)
        return model

    def _made(self, path: Path) -> _Model:
        return _Cellcast(path, self.device) if _is_cellcast(path) else _Original(path)


class _Original:
    """A model of the package stardist."""

    def __init__(self, path: Path) -> None:
        from stardist.models import StarDist2D  # noqa: PLC0415

        self._model = StarDist2D(None, name=path.name, basedir=str(path.parent))
        self.channels = int(self._model.config.n_channel_in)

    def outlined(
        self, planes: NDArray[np.float32], levels: Levels, params: dict[str, Any]
    ) -> Segmentation:
        grey, shown = self.channels == _GREY, scaled(planes, levels)
        labels, details = self._model.predict_instances(
            shown[:, :, 0] if grey else shown,
            axes="YX" if grey else "YXC",
            prob_thresh=params["prob_threshold"] or None,
            nms_thresh=params["nms_threshold"] or None,
            show_tile_progress=False,
        )
        # Label i has probability i - 1, also where another object hides it whole.
        return Segmentation(np.asarray(labels), np.asarray(details["prob"], np.float64))


class _Cellcast:
    """A model of cellcast. Its panics are no Exception; a checked engine catches them."""

    def __init__(self, path: Path, device: str) -> None:
        from cellcast.models import StarDist2D  # noqa: PLC0415

        self.channels = _COLOUR if path.stem.endswith(_STAINED) else _GREY
        # Without a path it would fetch weights.
        make = StarDist2D.init_he if self.channels == _COLOUR else StarDist2D.init_fluo
        self._model = make(str(path), device == "cuda")

    def outlined(
        self, planes: NDArray[np.float32], _levels: Levels, params: dict[str, Any]
    ) -> Segmentation:
        # It scales what it gets by the same percentiles, each tile by its own.
        thresholds = {
            "prob_threshold": params["prob_threshold"] or None,
            "nms_threshold": params["nms_threshold"] or None,
        }
        if self.channels == _COLOUR:
            labels = self._model.predict_he(planes, **thresholds)
        else:
            labels = self._model.predict_fluo(np.ascontiguousarray(planes[:, :, 0]), **thresholds)
        return Segmentation(np.asarray(labels))


def _planes(image: NDArray[Any], model: _Model, params: dict[str, Any]) -> NDArray[np.float32]:
    if model.channels == _GREY and params["channel"] == 0:
        return grey_plane(image)[:, :, np.newaxis]
    planes = chosen_planes(image, params["channel"], model.channels)
    if planes.shape[2] != model.channels:
        raise InvalidInputError(
            f"The model takes {model.channels} channels and the image has {image.shape[2]}."
        )
    return planes
