"""Cellpose (version 4 on) with weights that lie on this machine."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import EngineSpec, Limits, Modality, Segmentation, Tiling
from worker.engines.adapter import Adapter
from worker.engines.planes import CHANNEL, chosen_planes, levels_of, scaled
from worker.engines.probabilities import mean_in_objects, probability
from worker.engines.weights import (
    Declared,
    Weights,
    availability,
    chosen_queue,
    folder_of,
    installed_weights,
    major_version,
    model_param,
)

NAME = "cellpose"
#: Earlier versions take other arguments for the same things.
_LEAST_VERSION = 4
_CHANNELS = 3
_PERCENTILES = (1.0, 99.0)
_INSTALL = "install it with `pip install 'cellpose>=4'`"
_DEFAULT_MODEL = "cpsam_v2"

_PARAMS: dict[str, Any] = {
    "channel": CHANNEL,
    "diameter": {
        "title": "Diameter (px)",
        "description": "Of a usual object; 0 takes the image as it is.",
        "type": "number",
        "minimum": 0,
        "maximum": 5000,
        "default": 0,
    },
    "flow_threshold": {
        "title": "Flow threshold",
        "description": "Objects whose flows differ more from those of their shape are dropped. "
        "Raise it to find more.",
        "type": "number",
        "minimum": 0,
        "maximum": 10,
        "default": 0.4,
    },
    "cellprob_threshold": {
        "title": "Cell probability threshold",
        "description": "Pixels above it belong to objects. Lower it to find more and larger ones.",
        "type": "number",
        "minimum": -6,
        "maximum": 6,
        "default": 0.0,
    },
    "min_area": {
        "title": "Least area (px)",
        "description": "Smaller objects are dropped.",
        "type": "integer",
        "minimum": 1,
        "maximum": 10_000_000,
        "default": 15,
    },
    "batch_size": {
        "title": "Tiles at a time",
        "description": "Parts of 256 px that the network takes together: more is faster on a GPU.",
        "type": "integer",
        "minimum": 1,
        "maximum": 256,
        "default": 8,
    },
}


def _installed() -> list[Weights]:
    return installed_weights(NAME, ["[!.]*"])


def _spec() -> EngineSpec:
    return EngineSpec(
        name=NAME,
        version="1",
        title="Cellpose",
        licence="BSD-3-Clause; the weights have their own",
        modalities=[
            Modality.NUCLEI_FLUO,
            Modality.NUCLEI_STAINED,
            Modality.CELLS_PHASE,
            Modality.ANY,
        ],
        params={
            "type": "object",
            "additionalProperties": False,
            "properties": {"model": model_param(_installed())} | _PARAMS,
        },
        citation="M. Pachitariu, M. Rariden, C. Stringer, Cellpose-SAM: superhuman generalization "
        "for cellular segmentation, bioRxiv, 2025.",
        # Its matrix products may differ in the last bits from one machine to another.
        deterministic=False,
        queue=chosen_queue(),
        limits=Limits(soft_seconds=250, hard_seconds=270),
        tiling=Tiling(side=2048, overlap=256),
    )


class Cellpose(Adapter):
    """Flows of a network followed to the middle of each object."""

    spec: EngineSpec = Declared(_spec)  # type: ignore[assignment]

    @staticmethod
    def available() -> tuple[bool, str | None]:
        """Tell whether the package and weights are here."""
        found = availability(
            NAME, packages={NAME: _INSTALL}, found=_installed(), wanted="a file of weights"
        )
        here = major_version(NAME)
        if found[0] and here is not None and here < _LEAST_VERSION:
            return False, f"the package cellpose is version {here} here; {_INSTALL}"
        return found

    @staticmethod
    def prefetch(model: str | None = None) -> Path:
        """Fetch weights by the name Cellpose has for them; `cpsam_v2` unless told."""
        name = model or _DEFAULT_MODEL
        folder = folder_of(NAME)
        folder.mkdir(parents=True, exist_ok=True)
        # Read when it is imported.
        os.environ["CELLPOSE_LOCAL_MODELS_PATH"] = str(folder.parent / ".cellpose")
        from cellpose import models  # noqa: PLC0415

        fetched = Path(models.cache_model_path(name))
        return Path(shutil.move(fetched, folder / fetched.name))

    def survey(self, image: NDArray[Any], **params: Any) -> dict[str, Any]:
        """Return the scale of the whole image, so that all tiles have the same."""
        planes = chosen_planes(image, params["channel"], _CHANNELS)
        return {"levels": levels_of(planes, *_PERCENTILES)}

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline the cells; the score of one is its mean cell probability."""
        planes = chosen_planes(image, params["channel"], _CHANNELS)
        levels = params.get("levels") or levels_of(planes, *_PERCENTILES)
        masks, flows, _ = self._model(params["model"]).eval(
            scaled(planes, levels),
            channel_axis=-1,
            normalize=False,
            diameter=params["diameter"] or None,
            flow_threshold=params["flow_threshold"],
            cellprob_threshold=params["cellprob_threshold"],
            min_size=params["min_area"],
            batch_size=params["batch_size"],
        )
        # It squeezes what has one row or column.
        labels = np.asarray(masks).reshape(image.shape[:2]).astype(np.uint32)
        certain = probability(np.asarray(flows[2]).reshape(image.shape[:2]), logits=True)
        return Segmentation(labels, mean_in_objects(certain, labels))

    def _model(self, name: str) -> Any:
        return self.kept(name, _installed(), self._made)

    def _made(self, path: Path) -> Any:
        # For a path that is gone Cellpose fetches another model; this one was looked up.
        from cellpose.models import CellposeModel  # noqa: PLC0415

        on_gpu = self.device == "cuda"
        # Half precision has no fast path on most processors.
        return CellposeModel(gpu=on_gpu, pretrained_model=str(path), use_bfloat16=on_gpu)
