"""Mix the weights of two files that `training.export` wrote: `python -m training.blend --help`.

Weights that were trained further know more of what they were shown last, and forget some of the
rest; a mean of both can be better than either (M. Wortsman et al., Model soups, ICML 2022).
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper


def blended(first: onnx.ModelProto, second: onnx.ModelProto, share: float) -> onnx.ModelProto:
    """Return the network whose weights are *share* of the *first*'s and the rest the *second*'s.

    Raises ValueError if they are not of the same network.
    """
    names = [stored.name for stored in first.graph.initializer]
    others = {stored.name: stored for stored in second.graph.initializer}
    if set(names) != set(others) or len(names) != len(others):
        raise ValueError("the files hold weights of different networks")
    mix = onnx.ModelProto()
    mix.CopyFrom(first)
    for stored in mix.graph.initializer:
        stored.CopyFrom(_between(stored, others[stored.name], share))
    return mix


def _between(first: onnx.TensorProto, second: onnx.TensorProto, share: float) -> onnx.TensorProto:
    one, other = numpy_helper.to_array(first), numpy_helper.to_array(second)
    if one.shape != other.shape:
        raise ValueError(f"{first.name} has shapes {one.shape} and {other.shape}")
    if not np.issubdtype(one.dtype, np.floating):
        return first
    mean = share * one.astype(np.float32) + (1 - share) * other.astype(np.float32)
    return numpy_helper.from_array(mean.astype(one.dtype), first.name)


def main() -> None:
    """Write the mixed weights, and tell in their metadata what they were mixed from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("onnx", type=Path, help="the file to write")
    parser.add_argument("--share", type=float, default=0.5, help="how much of the first")
    chosen = parser.parse_args()
    mix = blended(onnx.load(chosen.first), onnx.load(chosen.second), chosen.share)
    facts = {
        f"blended {number}": f"{share:g} of SHA-256 {sha256_of(path)}"
        for number, path, share in (
            (1, chosen.first, chosen.share),
            (2, chosen.second, 1 - chosen.share),
        )
    }
    helper.set_model_props(mix, facts)
    onnx.save(mix, chosen.onnx)
    print(f"SHA-256 {sha256_of(chosen.onnx)}")


def sha256_of(path: Path) -> str:
    """Return the hash by which a file of weights is known."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
