"""Make the weights that are shipped from trained ones: `python -m training.quantize --help`.

Weights and what goes from layer to layer become integers of 8 bits (B. Jacob et al.,
Quantization and Training of Neural Networks, CVPR 2018), which processors multiply several times
as fast. How large the numbers get is seen on pictures of the training set. Needs no torch.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from shared.domain.engines import Modality
from training.blend import sha256_of
from training.examples import read_image, rows
from worker.engines.net.engine import Net
from worker.engines.net.layout import STRIDE, Answer
from worker.engines.net.network import Network

#: Pictures that the ranges are seen on. Of each, the network sees a part at the sizes that the
#: engine looks at.
_PICTURES = {Modality.NUCLEI_FLUO: 14, Modality.NUCLEI_STAINED: 12, Modality.CELLS_PHASE: 6}
_SIDE = 256


def quantized(trained: Path, shown: list[NDArray[np.float32]], path: Path) -> None:
    """Write the network in *trained* to *path*, with integers that hold what *shown* leads to.

    Each of *shown* is `float32[INPUTS, y, x]`, sides by STRIDE.
    """
    with TemporaryDirectory() as folder:
        folded = Path(folder) / "folded.onnx"
        # Normalisations go into the convolutions before them; shapes stay open.
        quant_pre_process(str(trained), str(folded), skip_symbolic_shape=True)
        quantize_static(
            str(folded),
            str(path),
            _Shown(shown),
            # The answer itself stays a fraction: of 256 steps over logits and pixels alike, scores
            # would be too coarse to sort by.
            nodes_to_exclude=[_last_layer(folded)],
            per_channel=True,
            # Weights of 7 bits: where a processor has no instructions for networks, the sum of two
            # products must fit into 16.
            reduce_range=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
        )
    model = onnx.load(path)
    facts = {entry.key: entry.value for entry in onnx.load(trained).metadata_props}
    helper.set_model_props(model, facts | {"quantized from": f"SHA-256 {sha256_of(trained)}"})
    onnx.save(model, path)


def _last_layer(path: Path) -> str:
    """Return the name of the node that gives the network's answer."""
    graph = onnx.load(path).graph
    [name] = [node.name for node in graph.node if graph.output[0].name in node.output]
    return str(name)


def what_the_engine_shows(trained: Path, data: Path) -> list[NDArray[np.float32]]:
    """Return what the network in *trained* is shown of pictures in *data*, evenly chosen."""
    watched = _Watched(trained)
    engine = Net()
    engine.use(watched)
    listed = list(rows(data))
    for modality, wanted in _PICTURES.items():
        of_kind = [row for row in listed if row["modality"] == modality]
        for row in of_kind[:: max(1, len(of_kind) // wanted)][:wanted]:
            engine.segment(read_image(data, row), None, modality=modality)
    return watched.shown


class _Watched(Network):
    """A network that remembers a part of each picture that it was asked about."""

    def __init__(self, weights: Path) -> None:
        super().__init__(weights)
        self.shown: list[NDArray[np.float32]] = []

    def answer(self, picture: NDArray[np.float32]) -> Answer:
        side = min(_SIDE, *picture.shape[1:]) // STRIDE * STRIDE
        self.shown.append(picture[:, :side, :side].copy())
        return super().answer(picture)


class _Shown(CalibrationDataReader):  # type: ignore[misc] - onnxruntime ships no types.
    """Pictures, one after the other."""

    def __init__(self, pictures: list[NDArray[np.float32]]) -> None:
        self._left: Iterator[NDArray[np.float32]] = iter(pictures)

    def get_next(self) -> dict[str, Any] | None:
        picture = next(self._left, None)
        return None if picture is None else {"image": picture[np.newaxis]}


def main() -> None:
    """Write the file that the engine ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with manifest.csv, images and masks")
    parser.add_argument("trained", type=Path, help="what training.export or .blend wrote")
    parser.add_argument("onnx", type=Path, help="the file to write")
    chosen = parser.parse_args()
    quantized(chosen.trained, what_the_engine_shows(chosen.trained, chosen.data), chosen.onnx)
    print(f"{chosen.onnx.stat().st_size:,} bytes, SHA-256 {sha256_of(chosen.onnx)}")


if __name__ == "__main__":
    main()
