"""Score weights on annotated pictures: `python -m training.evaluate DATA [WEIGHTS]`.

What `celltally evaluate` does for any engine, for weights that are not shipped yet. Needs no
torch. WEIGHTS is an ONNX file that `training.export` wrote; without it the engine's own are used.
"""

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path
from statistics import mean

from training.examples import read_image, read_labels, rows
from worker.engines.net.engine import WEIGHTS, Net
from worker.engines.net.network import Network
from worker.evaluation.matching import score


def main() -> None:
    """Print a line for each picture and for each kind of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with manifest.csv, images and masks")
    parser.add_argument("weights", type=Path, nargs="?", default=WEIGHTS)
    parser.add_argument("--params", type=json.loads, default={}, help="of the engine, as JSON")
    parser.add_argument("--every", type=int, default=1, help="only each n-th picture")
    chosen = parser.parse_args()
    engine = Net()
    engine.use(Network(chosen.weights))
    scores: dict[str, list[float]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    pixels: dict[str, int] = defaultdict(int)
    for row in list(rows(chosen.data))[:: chosen.every]:
        image, truth = read_image(chosen.data, row), read_labels(chosen.data, row)
        started = time.process_time()
        found = engine.segment(image, None, modality=row["modality"], **chosen.params)
        seconds[row["modality"]] += time.process_time() - started
        pixels[row["modality"]] += truth.size
        judged = score(truth, found.labels)
        scores[row["modality"]].append(judged.f1)
        counts = f"{judged.matched} of {judged.true} found, {judged.found - judged.matched} extra"
        print(f"{judged.f1:.3f} {Path(row['file']).name}: {counts}")
    for modality, each in scores.items():
        pace = seconds[modality] / pixels[modality] * 1e6
        print(f"{modality}: {len(each)} images, mean F1 {mean(each):.3f}, {pace:.2f} s/MP")


if __name__ == "__main__":
    main()
