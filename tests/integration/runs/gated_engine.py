"""Engines that misbehave when they are told to; only for the tests beside them."""

import ctypes
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from shared.domain.engines import EngineSpec, Limits, Modality, Segmentation

#: Where the test looks for who began, and opens the gate.
FOLDER = "CELLTALLY_TEST_GATE"

NO_PARAMS = {"type": "object", "properties": {}}


def take_all_memory() -> None:
    kept = []
    while True:
        kept.append(np.empty(64 << 20, np.uint8))


#: What the gated engine does instead of waiting.
POISONS: dict[str, Callable[[], object]] = {
    "memory": take_all_memory,
    "exit": lambda: os._exit(3),
    "quit": sys.exit,
    "crash": lambda: ctypes.string_at(0),
}


class Gated:
    """Finds one object once the file `open` is there."""

    spec = EngineSpec(
        name="gated",
        version="1",
        title="Gated",
        licence="MIT",
        modalities=[Modality.ANY],
        params={"type": "object", "properties": {"poison": {"type": "string", "default": ""}}},
    )

    def load(self, device: str) -> None:
        self.folder = Path(os.environ[FOLDER])

    def segment(
        self, image: np.ndarray, pixel_size_um: float | None, *, poison: str = ""
    ) -> Segmentation:
        if poison:
            POISONS[poison]()
        (self.folder / f"began-{os.getpid()}-{time.monotonic_ns()}").touch()
        while not (self.folder / "open").exists():
            time.sleep(0.01)
        labels = np.zeros(image.shape[:2], np.uint32)
        labels[:2, :2] = 1
        return Segmentation(labels)

    def close(self) -> None:
        """Hold nothing."""


class Stubborn(Gated):
    """Does not listen to its soft time limit, as native code does not."""

    spec = Gated.spec.model_copy(
        update={
            "name": "stubborn",
            "params": NO_PARAMS,
            "limits": Limits(soft_seconds=1, hard_seconds=2),
        }
    )

    def segment(self, image: np.ndarray, pixel_size_um: float | None, **_: Any) -> Segmentation:
        while True:
            with suppress(Exception):
                super().segment(image, pixel_size_um)
