"""The small JSON file that says what a user's ONNX model takes and gives."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.domain.engines import Modality
from shared.domain.errors import InvalidInputError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Meaning(StrEnum):
    """What the channels of the output are."""

    LABELS = "labels"  #: One: the objects, numbered.
    FOREGROUND = "foreground"  #: One: how sure a pixel is part of an object.
    BOUNDARY = "foreground_boundary"  #: Two: that, and how sure it is an edge.
    DISTANCE = "foreground_distance"  #: Two: that, and 0 at an object's edge to 1 in its middle.


CHANNELS = {
    Meaning.LABELS: 1,
    Meaning.FOREGROUND: 1,
    Meaning.BOUNDARY: 2,
    Meaning.DISTANCE: 2,
}


class OnnxInput(_Strict):
    """What the network takes: `float32[batch, channel, y, x]`."""

    channels: Literal[1, 3] = 1  #: One is the mean of all channels of the image, or a chosen one.
    normalise: Literal["percentiles", "range", "none"] = "percentiles"
    #: For `percentiles`: what becomes 0 and 1. For `range`: the pixel values that do.
    low: float = 1.0
    high: float = 99.8
    clip: tuple[float, float] | None = None
    objects: Literal["bright", "dark", "any"] = "any"  #: Other pictures are inverted for it.
    multiple_of: int = Field(default=1, ge=1, le=1024)  #: Its sides are padded to such.
    pixel_size_um: float | None = Field(default=None, gt=0)  #: Images are scaled to it.

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.normalise != "none" and not self.low < self.high:
            raise ValueError("low must be less than high")
        return self


class OnnxOutput(_Strict):
    """What the network gives: `[batch, channel, y, x]`, in the size of its input."""

    meaning: Meaning
    logits: bool = False  #: Whether the foreground and the boundary still need a sigmoid.
    threshold: float = Field(default=0.5, gt=0, lt=1)
    peak: float = Field(default=0.45, gt=0, lt=1)  #: For a distance: from where on it is a middle.


class OnnxTiles(_Strict):
    """How larger images are taken, in pixels of the network."""

    side: int = Field(default=512, ge=64, le=8192)
    overlap: int = Field(default=64, ge=0)

    @model_validator(mode="after")
    def _advances(self) -> Self:
        if 2 * self.overlap > self.side:
            raise ValueError("tiles may overlap by half of their side at most")
        return self


class OnnxDescription(_Strict):
    """A model of the engine `onnx`: `NAME.json` beside `NAME.onnx`."""

    title: str = ""
    licence: str = ""
    citation: str = ""
    modalities: list[Modality] = Field(default_factory=lambda: [Modality.ANY])
    input: OnnxInput = OnnxInput()
    output: OnnxOutput
    tiles: OnnxTiles = OnnxTiles()


def read_description(path: Path) -> OnnxDescription:
    """Return what *path* says; raise InvalidInputError that names the field and the file."""
    try:
        return OnnxDescription.model_validate(json.loads(path.read_text("utf-8")))
    except OSError as missing:
        raise InvalidInputError(f"{path} cannot be read: {missing.strerror}.") from None
    except ValidationError as wrong:
        first = wrong.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the whole"
        raise InvalidInputError(f"{path}: {field}: {first['msg']}.") from None
    except ValueError as wrong:
        raise InvalidInputError(f"{path} is no JSON: {wrong}.") from None
