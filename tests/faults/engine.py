"""Engines that do nothing, or what the parameters ask for: wait, crash, hang, eat memory."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
from celery.signals import task_postrun

from shared.domain.engines import EngineQueue, EngineSpec, Limits, Modality, Segmentation
from tests.faults.journal import Pen
from tests.faults.traps import AFTER_TASK, FOLDER, come_to

_GIBIBYTE = 1 << 30
_PARAMS = {
    "type": "object",
    "properties": {
        "mode": {
            "type": "string",
            "enum": ["nothing", "slow", "gate", "error", "kill", "kill_group", "eat", "hang"],
            "default": "nothing",
        },
        "seconds": {"type": "number", "default": 0},
        "gate": {"type": "string", "default": "open"},
        # Only the image's first execution misbehaves.
        "once": {"type": "boolean", "default": False},
    },
}


def spec(name: str, **fields: Any) -> EngineSpec:
    return EngineSpec(
        name=name,
        version="1",
        title=name,
        licence="MIT",
        modalities=[Modality.ANY],
        params=_PARAMS,
        **fields,
    )


def picture(number: int) -> np.ndarray:
    """Return the picture that carries its number: the engine sees nothing else of its image."""
    pixels = np.zeros((8, 8), np.uint8)
    pixels[0, :4] = list(number.to_bytes(4, "little"))
    return pixels


def number_of(image: np.ndarray) -> int:
    return int.from_bytes(image[0, :4, 0].astype(np.uint8).tobytes(), "little")


class Faulty:
    """Finds one object, after what the mode says."""

    spec = spec("faulty")

    def load(self, device: str) -> None:
        self.folder = Path(os.environ[FOLDER])
        self.pen = Pen(self.folder)
        task_postrun.connect(self._after_task, weak=False)

    def segment(self, image: np.ndarray, pixel_size_um: float | None, **params: Any) -> Any:
        number = number_of(image)
        starts = self.pen.begin(number)
        try:
            if starts == 1 or not params["once"]:
                getattr(self, params["mode"])(params)
        finally:
            self.pen.end(number)
        labels = np.zeros(image.shape[:2], np.uint32)
        labels[2:5, 2:5] = 1
        return Segmentation(labels)

    def close(self) -> None:
        task_postrun.disconnect(self._after_task)

    def nothing(self, params: dict[str, Any]) -> None:
        """Take no time."""

    def slow(self, params: dict[str, Any]) -> None:
        time.sleep(params["seconds"])

    def gate(self, params: dict[str, Any]) -> None:
        while not (self.folder / "gates" / params["gate"]).exists():
            time.sleep(0.01)

    def error(self, params: dict[str, Any]) -> None:
        raise ValueError("this image cannot be done")

    def kill(self, params: dict[str, Any]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def kill_group(self, params: dict[str, Any]) -> None:
        os.killpg(os.getpgrp(), signal.SIGKILL)

    def eat(self, params: dict[str, Any]) -> None:
        """Ask for far more memory than there is, without touching it."""
        time.sleep(params["seconds"])
        eaten = [np.empty(_GIBIBYTE, np.uint8) for _ in range(256)]
        del eaten

    def hang(self, params: dict[str, Any]) -> None:
        """Wait for ever, deaf to every exception, as native code is."""
        while True:
            try:
                time.sleep(3600)
            except BaseException:  # noqa: S112 - that is the fault.
                continue

    def _after_task(self, **_: Any) -> None:
        come_to(self.folder, AFTER_TASK)


class Hurried(Faulty):
    """The same with little time for an image."""

    spec = spec("hurried", limits=Limits(soft_seconds=1, hard_seconds=3))


class Far(Faulty):
    """The same for workers of another queue, so that what befalls these touches no other."""

    spec = spec("far", queue=EngineQueue.GPU)
