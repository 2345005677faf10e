"""Write the network as ONNX, and read its weights back: `python -m training.export --help`.

Convolutions and their normalisations stay apart in the file, under the names that they have
in torch: so the file alone is enough to go on training. Weights are stored in half precision
and cast when the session begins, which halves the file.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from training.network import CelltallyNet
from worker.engines.net.layout import STRIDE
from worker.engines.net.network import Network
from worker.engines.net.pixels import INPUTS

_OPSET = 17
_HALF = ".half"
#: How much an answer may differ between torch and onnxruntime, of a logit of a few.
_TOLERANCE = 1e-3


def exported(network: CelltallyNet, path: Path, facts: dict[str, str]) -> None:
    """Write *network* to *path*, with *facts* in its metadata."""
    example = torch.zeros(1, INPUTS, 2 * STRIDE, 2 * STRIDE)
    torch.onnx.export(
        network.eval(),
        (example,),
        str(path),
        input_names=["image"],
        output_names=["answer"],
        dynamic_axes={"image": {2: "y", 3: "x"}, "answer": {2: "gy", 3: "gx"}},
        opset_version=_OPSET,
        dynamo=False,
        do_constant_folding=False,
        # Otherwise normalisations are folded away, and with them their names.
        training=torch.onnx.TrainingMode.PRESERVE,
    )
    model = onnx.load(path)
    _halve(model)
    helper.set_model_props(model, facts)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def restored(path: Path) -> dict[str, Tensor]:
    """Return the weights in the ONNX file *path*, by their names in torch."""
    weights = {}
    for stored in onnx.load(path).graph.initializer:
        name = stored.name.removesuffix(_HALF)
        value = numpy_helper.to_array(stored)
        weights[name] = torch.from_numpy(value.astype(np.float32))
    expected = CelltallyNet().state_dict()
    for name, value in expected.items():
        if name.endswith("num_batches_tracked"):
            weights[name] = value
    return {name: weights[name] for name in expected}


def rounded(network: CelltallyNet) -> CelltallyNet:
    """Return *network* with the weights of its convolutions as half precision has them."""
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if _is_halved(name):
                value.copy_(value.half().float())
    return network


def greatest_difference(network: CelltallyNet, path: Path) -> float:
    """Return how far torch and onnxruntime differ, at most, on a picture of noise."""
    picture = np.random.default_rng(0).random((INPUTS, 5 * STRIDE, 3 * STRIDE), np.float32)
    with torch.no_grad():
        by_torch = network.eval()(torch.from_numpy(picture)[None])[0].numpy()
    return float(np.abs(by_torch - Network(path).answer(picture)).max())


def _unlike(weights: dict[str, Tensor], others: dict[str, Tensor]) -> list[str]:
    return [
        name
        for name, value in weights.items()
        if value.is_floating_point() and not torch.equal(value, others[name])
    ]


def _is_halved(name: str) -> bool:
    return name.endswith("conv.weight") or name == "answer.weight"


def _halve(model: onnx.ModelProto) -> None:
    """Store the weights of convolutions in half precision, and cast them at the start."""
    graph = model.graph
    casts = []
    for stored in graph.initializer:
        if not _is_halved(stored.name):
            continue
        half = numpy_helper.to_array(stored).astype(np.float16)
        casts.append(
            helper.make_node("Cast", [stored.name + _HALF], [stored.name], to=TensorProto.FLOAT)
        )
        stored.CopyFrom(numpy_helper.from_array(half, stored.name + _HALF))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def main() -> None:
    """Export the averaged weights of a run, and check that onnxruntime answers alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, help="weights.pt of a run")
    parser.add_argument("onnx", type=Path, help="the file to write")
    chosen = parser.parse_args()
    state = torch.load(chosen.weights, weights_only=True)
    network = CelltallyNet()
    network.load_state_dict(state["average"])
    rounded(network)
    exported(network, chosen.onnx, {"iterations": str(state["done"])})
    difference = greatest_difference(network, chosen.onnx)
    if difference > _TOLERANCE:
        raise SystemExit(f"torch and onnxruntime differ by {difference}: {chosen.onnx} is bad")
    if unlike := _unlike(network.state_dict(), restored(chosen.onnx)):
        raise SystemExit(f"{chosen.onnx} does not give these weights back: {', '.join(unlike)}")
    content = chosen.onnx.read_bytes()
    print(f"greatest difference to torch {difference:.1e}, {len(content):,} bytes")
    print(f"SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
