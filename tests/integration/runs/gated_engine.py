"""An engine that shows when it begins and goes on when it may; only for the test beside it."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from shared.domain.engines import EngineSpec, Modality, Segmentation

#: Where the test looks for who began, and opens the gate.
FOLDER = "CELLTALLY_TEST_GATE"


class Gated:
    """Finds one object once the file `open` is there."""

    spec = EngineSpec(
        name="gated",
        version="1",
        title="Gated",
        licence="MIT",
        modalities=[Modality.ANY],
        params={"type": "object", "properties": {}},
    )

    def load(self, device: str) -> None:
        self.folder = Path(os.environ[FOLDER])

    def segment(self, image: np.ndarray, pixel_size_um: float | None, **_: Any) -> Segmentation:
        (self.folder / f"began-{os.getpid()}-{time.monotonic_ns()}").touch()
        while not (self.folder / "open").exists():
            time.sleep(0.01)
        labels = np.zeros(image.shape[:2], np.uint32)
        labels[:2, :2] = 1
        return Segmentation(labels)

    def close(self) -> None:
        """Hold nothing."""
