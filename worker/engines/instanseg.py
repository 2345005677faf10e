"""InstanSeg with a TorchScript model that lies on this machine."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import EngineSpec, Limits, Modality, Segmentation, Tiling
from worker.engines.adapter import Adapter
from worker.engines.planes import CHANNEL, Levels, chosen_planes, levels_of, scaled
from worker.engines.weights import (
    Declared,
    Weights,
    availability,
    chosen_queue,
    folder_of,
    installed_weights,
    model_param,
)

NAME = "instanseg"
_MOST_CHANNELS = 64
_PERCENTILES = (0.1, 99.9)
#: It takes the shortest side for the channels.
_LEAST_SIDE = 128
_DEFAULT_MODEL = "fluorescence_nuclei_and_cells"

_PARAMS: dict[str, Any] = {
    "channel": CHANNEL,
    "target": {
        "title": "Outline",
        "description": "What to outline, where the model knows both.",
        "type": "string",
        "enum": ["nuclei", "cells"],
        "default": "nuclei",
    },
}


def _installed() -> list[Weights]:
    return installed_weights(NAME, ["*.pt"])


def _spec() -> EngineSpec:
    return EngineSpec(
        name=NAME,
        version="1",
        title="InstanSeg",
        licence="Apache-2.0; the weights have their own",
        modalities=[Modality.NUCLEI_FLUO, Modality.NUCLEI_STAINED],
        params={
            "type": "object",
            "additionalProperties": False,
            "properties": {"model": model_param(_installed())} | _PARAMS,
        },
        citation="T. Goldsborough et al., InstanSeg: an embedding-based instance segmentation "
        "algorithm optimized for accurate, efficient and portable cell segmentation, "
        "arXiv 2408.15954, 2024.",
        deterministic=False,
        queue=chosen_queue(),
        limits=Limits(soft_seconds=240, hard_seconds=270),
        tiling=Tiling(side=2048, overlap=192),
    )


class InstanSeg(Adapter):
    """Embeddings of pixels gathered around seeds."""

    spec: EngineSpec = Declared(_spec)  # type: ignore[assignment]

    @staticmethod
    def available() -> tuple[bool, str | None]:
        """Tell whether the package and weights are here."""
        return availability(
            NAME,
            packages={NAME: "install it with `pip install instanseg-torch`"},
            found=_installed(),
            wanted="a TorchScript model (.pt)",
        )

    @staticmethod
    def prefetch(model: str | None = None) -> Path:
        """Fetch a published model; `fluorescence_nuclei_and_cells` unless told."""
        name = model or _DEFAULT_MODEL
        folder = folder_of(NAME)
        folder.mkdir(parents=True, exist_ok=True)
        fetched = folder / ".fetched"
        os.environ["INSTANSEG_BIOIMAGEIO_PATH"] = str(fetched)
        from instanseg.utils.utils import download_model  # noqa: PLC0415

        download_model(name, verbose=False)
        newest = max(fetched.glob(f"{name}/*/instanseg.pt"), key=lambda path: path.stat().st_mtime)
        return Path(shutil.move(newest, folder / f"{name}.pt"))

    def survey(self, image: NDArray[Any], **params: Any) -> dict[str, Any]:
        """Return the scale of the whole image, so that all tiles have the same."""
        planes = chosen_planes(image, params["channel"], _MOST_CHANNELS)
        return {"levels": levels_of(planes, *_PERCENTILES)}

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline nuclei or cells, at the pixel size of the model where that of the image is known.

        InstanSeg tells no scores.
        """
        planes = chosen_planes(image, params["channel"], _MOST_CHANNELS)
        levels: Levels = params.get("levels") or levels_of(planes, *_PERCENTILES)
        given = self._model(params["model"]).eval_small_image(
            _wide_enough(scaled(planes, levels)),
            pixel_size=pixel_size_um,
            normalise=False,
            return_image_tensor=False,
            target=params["target"],
        )
        labels = np.asarray(given.cpu() if hasattr(given, "cpu") else given)
        height, width = image.shape[:2]
        return Segmentation(
            labels.reshape(-1, *labels.shape[-2:])[0, :height, :width].astype(np.uint32)
        )

    def _model(self, name: str) -> Any:
        return self.kept(name, _installed(), self._made)

    def _made(self, path: Path) -> Any:
        import torch  # noqa: PLC0415
        from instanseg import InstanSeg as Original  # noqa: PLC0415

        # By its name InstanSeg would fetch a model; a loaded one is taken as it is.
        module = torch.jit.load(str(path), map_location=self.device)
        return Original(model_type=module, device=self.device, verbosity=0)


def _wide_enough(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    missing = [max(0, _LEAST_SIDE - length) for length in planes.shape[:2]]
    if not any(missing):
        return planes
    return np.pad(planes, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")
