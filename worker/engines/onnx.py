"""Any ONNX model with a description beside it: `NAME.onnx` and `NAME.json`."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shared.domain.engines import EngineSpec, Limits, Modality, Segmentation, Tiling
from shared.domain.errors import InvalidInputError
from shared.measuring import connect
from worker.engines.adapter import Adapter
from worker.engines.grey import grey_plane, is_dark_on_bright
from worker.engines.network import Network
from worker.engines.onnx_description import (
    Meaning,
    OnnxDescription,
    OnnxInput,
    OnnxOutput,
    read_description,
)
from worker.engines.probabilities import (
    Labels,
    Map,
    cleaned,
    from_boundary,
    from_distance,
    from_foreground,
    mean_in_objects,
    probability,
)
from worker.engines.regions import SIZE_PARAMS
from worker.engines.tiling import in_tiles
from worker.engines.weights import (
    Declared,
    Weights,
    availability,
    chosen_queue,
    installed_weights,
    model_param,
)

NAME = "onnx"
_GREY = 1


def _installed() -> list[Weights]:
    # The description decides about the result as the weights do, so the hash is of both.
    return installed_weights(NAME, ["*.onnx"], beside=".json")


def _spec() -> EngineSpec:
    return EngineSpec(
        name=NAME,
        version="1",
        title="Your own ONNX model",
        licence="as the model's",
        modalities=[Modality.ANY],
        params={
            "type": "object",
            "additionalProperties": False,
            "properties": {"model": model_param(_installed())} | _PARAMS,
        },
        citation="ONNX Runtime developers, ONNX Runtime, 2021. And whom the model names.",
        queue=chosen_queue(),
        limits=Limits(soft_seconds=240, hard_seconds=270),
    )


_PARAMS: dict[str, Any] = {
    "channel": {
        "title": "Channel",
        "description": "The channel with the objects, counted from 1; 0 is the mean of all. "
        "A model of three channels takes the first three.",
        "type": "integer",
        "minimum": 0,
        "maximum": 64,
        "default": 0,
    },
    **SIZE_PARAMS,
}


class Onnx(Adapter):
    """A user's network, run by ONNX Runtime in tiles of one size."""

    spec: EngineSpec = Declared(_spec)  # type: ignore[assignment]

    @staticmethod
    def available() -> tuple[bool, str | None]:
        """Tell whether there is a model with its description."""
        return availability(
            NAME,
            packages={"onnxruntime": "install it with `pip install onnxruntime`"},
            found=_installed(),
            wanted="NAME.onnx and its description NAME.json",
        )

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline what the chosen model sees; its tiles are put together."""
        described, network = self._model(params["model"])
        share = _share(described.input, pixel_size_um)
        planes = _prepared(image, params["channel"], described.input, share)
        tiling = _tiling(described, network)

        def outlined(tile: NDArray[Any]) -> Segmentation:
            return _objects(network.of(tile), described.output)

        found = in_tiles(planes, tiling, outlined)
        return _at_full_size(found, (image.shape[0], image.shape[1]), share, params)

    def _model(self, name: str) -> tuple[OnnxDescription, Network]:
        made: tuple[OnnxDescription, Network] = self.kept(name, _installed(), self._made)
        return made

    def _made(self, path: Path) -> tuple[OnnxDescription, Network]:
        described = read_description(path.with_suffix(".json"))
        return described, Network(path, described, self.device)


def _share(wanted: OnnxInput, pixel_size_um: float | None) -> float:
    """Return by how much the image is scaled for the network."""
    if wanted.pixel_size_um is None or pixel_size_um is None:
        return 1.0
    return pixel_size_um / wanted.pixel_size_um


def _prepared(image: NDArray[Any], channel: int, wanted: OnnxInput, share: float) -> Map:
    """Return `float32[y, x, channel]` as the network wants it, the whole image by one scale."""
    if wanted.channels == _GREY:
        planes = [grey_plane(image, channel)]
    else:
        if image.shape[2] < wanted.channels:
            raise InvalidInputError(
                f"The model takes {wanted.channels} channels and the image has {image.shape[2]}."
            )
        planes = [grey_plane(image, number + 1) for number in range(wanted.channels)]
    if wanted.objects != "any":
        dark = is_dark_on_bright(np.mean(planes, axis=0))
        if dark == (wanted.objects == "bright"):
            planes = [plane.max() - plane for plane in planes]
    return np.stack([_scaled(_normalised(plane, wanted), share) for plane in planes], axis=2)


def _normalised(plane: Map, wanted: OnnxInput) -> Map:
    low, high = wanted.low, wanted.high
    if wanted.normalise == "none":
        low, high = 0.0, 1.0
    elif wanted.normalise == "percentiles":
        low, high = map(float, np.percentile(plane, (wanted.low, wanted.high)))
    shown = (plane - low) / max(high - low, 1e-6)
    if wanted.clip is not None:
        shown = shown.clip(*wanted.clip)
    return np.asarray(shown, np.float32)


def _scaled(plane: Map, share: float) -> Map:
    if share == 1.0:
        return plane
    height, width = (max(1, round(side * share)) for side in plane.shape)
    picture = Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32)


def _tiling(described: OnnxDescription, network: Network) -> Tiling:
    side = network.fixed_side or described.tiles.side
    return Tiling(side=side, overlap=min(described.tiles.overlap, side // 2))


def _objects(maps: Map, output: OnnxOutput) -> Segmentation:
    """Return the objects of `maps[channel, y, x]`."""
    if output.meaning is Meaning.LABELS:
        return Segmentation(connect(np.rint(maps[0]).astype(np.int64))[0])
    foreground = probability(maps[0], logits=output.logits)
    labels = _outlined(foreground, maps, output)
    connected, _ = connect(labels)
    return Segmentation(connected, mean_in_objects(foreground, connected))


def _outlined(foreground: Map, maps: Map, output: OnnxOutput) -> Labels:
    if output.meaning is Meaning.FOREGROUND:
        return from_foreground(foreground, output.threshold)
    if output.meaning is Meaning.BOUNDARY:
        boundary = probability(maps[1], logits=output.logits)
        return from_boundary(foreground, boundary, output.threshold)
    return from_distance(foreground, maps[1], output.threshold, output.peak)


def _at_full_size(
    found: Segmentation, shape: tuple[int, int], share: float, params: dict[str, Any]
) -> Segmentation:
    labels = found.labels
    if share != 1.0:
        picture = Image.fromarray(labels.astype(np.int32))
        labels = np.asarray(picture.resize(shape[::-1], Image.Resampling.NEAREST), np.uint32)
    kept = cleaned(labels, min_area=params["min_area"], max_hole_area=params["max_hole_area"])
    if found.scores is None:
        return Segmentation(kept)
    # Which object each was before the small ones were dropped.
    before = np.zeros(int(kept.max(initial=0)) + 1, np.int64)
    inside = labels > 0
    before[kept[inside]] = labels[inside]
    return Segmentation(kept, np.asarray(found.scores)[before[1:] - 1])
