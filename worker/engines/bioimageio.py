"""Any two-dimensional model of the BioImage Model Zoo, from a package on this machine."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.engines import EngineSpec, Limits, Modality, Segmentation, Tiling
from shared.domain.errors import InvalidInputError
from shared.measuring import connect
from worker.engines.adapter import Adapter
from worker.engines.planes import CHANNEL, chosen_planes
from worker.engines.probabilities import (
    Labels,
    cleaned,
    from_boundary,
    from_foreground,
    mean_in_objects,
)
from worker.engines.weights import (
    Declared,
    Weights,
    availability,
    chosen_queue,
    folder_of,
    installed_weights,
    model_param,
)

NAME = "bioimageio"
_MODULE = "bioimageio.core"
_DESCRIPTIONS = ("rdf.yaml", "bioimageio.yaml", "model.yaml")
_REMOTE = ("http://", "https://")
_SPACE = ("y", "x")
#: Of one channel it is the foreground, of two also the boundary.
_FOREGROUND_AND_BOUNDARY = 2

_PARAMS: dict[str, Any] = {
    "channel": CHANNEL,
    "threshold": {
        "title": "Threshold",
        "description": "How sure a pixel must be part of an object, where the model says how sure "
        "it is; models that number objects themselves take no notice.",
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.5,
    },
    "min_area": {
        "title": "Least area (px)",
        "description": "Smaller objects are dropped.",
        "type": "integer",
        "minimum": 1,
        "maximum": 10_000_000,
        "default": 20,
    },
}


def _installed() -> list[Weights]:
    """Return packages: zip files, and folders with a description."""
    found = installed_weights(NAME, ["[!.]*"])
    return [
        each
        for each in found
        if each.path.suffix == ".zip" or any((each.path / d).is_file() for d in _DESCRIPTIONS)
    ]


def _spec() -> EngineSpec:
    return EngineSpec(
        name=NAME,
        version="1",
        title="BioImage Model Zoo",
        licence="as the model's",
        modalities=[Modality.ANY],
        params={
            "type": "object",
            "additionalProperties": False,
            "properties": {"model": model_param(_installed())} | _PARAMS,
        },
        citation="W. Ouyang et al., BioImage Model Zoo: A Community-Driven Resource for Accessible "
        "Deep Learning in BioImage Analysis, bioRxiv, 2022. And whom the model names.",
        deterministic=False,
        queue=chosen_queue(),
        limits=Limits(soft_seconds=240, hard_seconds=270),
        tiling=Tiling(side=1024, overlap=128),
    )


class BioImageIo(Adapter):
    """A model of the zoo with its own steps before and after the network."""

    spec: EngineSpec = Declared(_spec)  # type: ignore[assignment]

    @staticmethod
    def available() -> tuple[bool, str | None]:
        """Tell whether the package and a model are here."""
        return availability(
            NAME,
            packages={_MODULE: "install it with `pip install bioimageio.core`"},
            found=_installed(),
            wanted="a model's package (.zip, or a folder with rdf.yaml)",
        )

    @staticmethod
    def prefetch(model: str | None = None) -> Path:
        """Fetch the package of a model by its name in the zoo, such as `affable-shark`."""
        if model is None:
            raise InvalidInputError("Name the model, as the zoo calls it: affable-shark, …")
        from bioimageio.core import save_bioimageio_package  # noqa: PLC0415

        folder = folder_of(NAME)
        folder.mkdir(parents=True, exist_ok=True)
        return Path(save_bioimageio_package(model, output_path=folder / f"{model}.zip"))

    def segment(
        self, image: NDArray[Any], pixel_size_um: float | None, **params: Any
    ) -> Segmentation:
        """Outline what the model sees: objects it numbered, or foreground and boundary."""
        from bioimageio.core.digest_spec import create_sample_for_model  # noqa: PLC0415
        from bioimageio.core.tensor import Tensor  # noqa: PLC0415

        pipeline = self._pipeline(params["model"])
        described = pipeline.model_descr
        name, channels = _only_input(described)
        planes = _planes(image, params["channel"], channels)
        tensor = Tensor.from_numpy(
            np.moveaxis(planes, 2, 0)[np.newaxis], dims=("batch", "channel", *_SPACE)
        )
        sample = create_sample_for_model(described, inputs={name: tensor})
        # In blocks, as most networks take sizes of a certain grid only; it pads them itself.
        given = pipeline.predict_sample_with_blocking(sample)
        return _objects([_maps(each) for each in given.members.values()], image.shape[:2], params)

    def close(self) -> None:
        """Let go of the network."""
        if self._kept is not None:
            self._kept[1].unload()
        super().close()

    def _pipeline(self, name: str) -> Any:
        return self.kept(name, _installed(), self._made)

    def _made(self, path: Path) -> Any:
        from bioimageio.core import (  # noqa: PLC0415
            create_prediction_pipeline,
            load_model_description,
        )

        described = load_model_description(path, perform_io_checks=False)
        _refuse_remote(described, path)
        pipeline = create_prediction_pipeline(described, devices=[self.device])
        pipeline.load()
        return pipeline


def _refuse_remote(described: Any, path: Path) -> None:
    """Refuse a package whose weights would be fetched when they are needed."""
    for _, entry in described.weights:
        source = str(getattr(entry, "source", ""))
        if entry is not None and source.startswith(_REMOTE):
            raise InvalidInputError(
                f"{path} names weights at {source}, and nothing is fetched for a task. "
                "Make a package that contains them: `celltally engines prefetch bioimageio MODEL`."
            )


def _only_input(described: Any) -> tuple[str, int]:
    """Return the name and the channels of the one input, which must be flat."""
    if len(described.inputs) != 1:
        raise InvalidInputError(f"The model takes {len(described.inputs)} inputs; one is due.")
    from bioimageio.core.digest_spec import get_member_id  # noqa: PLC0415

    only = described.inputs[0]
    channels = 1
    for place, axis in enumerate(only.axes):
        word = str(getattr(axis, "id", axis))
        if word in {"z", "time", "t"}:
            raise InvalidInputError(f"The model takes stacks (axis {word}); flat ones are due.")
        if word in {"channel", "c"}:
            channels = _length(only, axis, place)
    return str(get_member_id(only)), channels


def _length(only: Any, axis: Any, place: int) -> int:
    """Return how long an axis is: of today's descriptions, or of those of version 0.4."""
    if hasattr(axis, "size"):
        return int(axis.size)
    shape = only.shape
    return int((shape if isinstance(shape, list | tuple) else shape.min)[place])


def _planes(image: NDArray[Any], channel: int, wanted: int) -> NDArray[np.float32]:
    planes = chosen_planes(image, channel, wanted)
    if planes.shape[2] == 1:
        return np.repeat(planes, wanted, axis=2)
    if planes.shape[2] != wanted:
        raise InvalidInputError(
            f"The model takes {wanted} channels and the image has {image.shape[2]}."
        )
    return planes


def _maps(tensor: Any) -> NDArray[Any]:
    """Return `[channel, y, x]` of an output; what is no such thing has no channels."""
    dims = [str(each) for each in tensor.dims]
    if not set(_SPACE) <= set(dims):
        return np.zeros((0, 0, 0))
    values = np.asarray(tensor.to_numpy())
    last = np.moveaxis(values, [dims.index(axis) for axis in _SPACE], (-2, -1))
    return last.reshape(-1, *last.shape[-2:])


def _objects(
    outputs: list[NDArray[Any]], shape: tuple[int, ...], params: dict[str, Any]
) -> Segmentation:
    flat = [maps for maps in outputs if maps.shape[1:] == tuple(shape) and len(maps)]
    numbered = [maps for maps in flat if len(maps) == 1 and _are_numbers(maps)]
    if numbered:
        labels = connect(numbered[0][0].astype(np.int64))[0]
        return Segmentation(cleaned(labels, min_area=params["min_area"], max_hole_area=0))
    maps = flat[0] if flat else np.zeros((0, 0, 0))
    if len(maps) not in {1, _FOREGROUND_AND_BOUNDARY}:
        sizes = ", ".join(str(list(each.shape)) for each in outputs)
        raise InvalidInputError(
            f"The model gives {sizes} for an image of {list(shape)}; one channel of whole numbers, "
            "or foreground and boundary, in the size of the image are due."
        )
    return _sure_ones(maps.astype(np.float32), params)


def _are_numbers(maps: NDArray[Any]) -> bool:
    """Tell whether a map numbers objects: whole numbers, which some models give as floats."""
    if maps.dtype.kind in "bui":
        return True
    return bool(maps.max(initial=0) > 1 and np.array_equal(maps, np.rint(maps)))


def _sure_ones(maps: NDArray[np.float32], params: dict[str, Any]) -> Segmentation:
    labels: Labels
    if len(maps) == 1:
        labels = from_foreground(maps[0], params["threshold"])
    else:
        labels = from_boundary(maps[0], maps[1], params["threshold"])
    kept = cleaned(connect(labels)[0], min_area=params["min_area"], max_hole_area=0)
    return Segmentation(kept, mean_in_objects(maps[0], kept))
