"""What may be set of `celltally-net`, as a JSON schema."""

from typing import Any

from worker.engines.regions import SIZE_PARAMS

PARAMS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "modality": {
            "title": "Kind of picture",
            "description": "Nuclei in fluorescence, nuclei in stained tissue, or cells in phase "
            "contrast; auto finds out from the image.",
            "type": "string",
            "enum": ["auto", "nuclei_fluo", "nuclei_stained", "cells_phase"],
            "default": "auto",
        },
        "channel": {
            "title": "Channel",
            "description": "The channel with the objects, counted from 1; 0 is all of them.",
            "type": "integer",
            "minimum": 0,
            "maximum": 64,
            "default": 0,
        },
        "threshold": {
            "title": "Least score",
            "description": "Objects that the network is less sure of are dropped.",
            "type": "number",
            "minimum": 0.05,
            "maximum": 0.95,
            "default": 0.5,
        },
        "overlap": {
            "title": "Overlap",
            "description": "What better objects cover to more than this share is no object.",
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.25,
        },
        "inside": {
            "title": "Outline",
            "description": "Pixels that are inside an object with this probability belong to it. "
            "Lower makes objects larger.",
            "type": "number",
            "minimum": 0.05,
            "maximum": 0.95,
            "default": 0.6,
        },
        "scale": {
            "title": "Scale",
            "description": "Size at which the image is looked at, 1 as it is; objects should "
            "measure about 26 px then. 0 chooses it from the objects found.",
            "type": "number",
            "minimum": 0,
            "maximum": 4,
            "default": 0,
        },
        **SIZE_PARAMS,
    },
}
