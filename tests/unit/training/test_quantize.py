"""Trained weights, and the integers that are shipped in their place."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest

from shared.domain.engines import Modality
from shared.reading import read_pixels
from shared.samples.catalogue import SAMPLES
from tests.images import disks, encoded
from training import quantize
from worker.engines.net import layout
from worker.engines.net.engine import WEIGHTS
from worker.engines.net.network import Network
from worker.engines.net.pixels import INPUTS, network_input, shown

TRAINED = Path(quantize.__file__).with_name("celltally_net.onnx")


@pytest.fixture(scope="module")
def picture():
    [sample] = [sample for sample in SAMPLES if sample.filename == "drawn_nuclei_2.tif"]
    planes = shown(read_pixels(sample.path), Modality.NUCLEI_FLUO)
    return network_input(planes[:, :256, :256])


def test_the_shipped_weights_were_made_from_the_trained_ones_in_the_repository():
    facts = {entry.key: entry.value for entry in onnx.load(WEIGHTS).metadata_props}

    digest = hashlib.sha256(TRAINED.read_bytes()).hexdigest()

    assert facts["quantized from"] == f"SHA-256 {digest}"


def test_the_shipped_weights_answer_as_the_trained_ones_do(picture):
    trained, shipped = (Network(path).answer(picture) for path in (TRAINED, WEIGHTS))

    differing = (trained[layout.INSIDE] > 0) != (shipped[layout.INSIDE] > 0)

    assert differing.mean() < 0.005
    assert np.corrcoef(trained.ravel(), shipped.ravel())[0, 1] > 0.998


def test_pictures_alone_decide_on_the_integers(picture, tmp_path):
    ranges = [picture[:, :128, :128]]
    first, again = tmp_path / "first.onnx", tmp_path / "again.onnx"

    for path in (first, again):
        quantize.quantized(TRAINED, ranges, path)

    assert first.read_bytes() == again.read_bytes()
    assert first.stat().st_size < 0.6 * TRAINED.stat().st_size
    by_trained, by_first = (Network(path).answer(ranges[0]) for path in (TRAINED, first))
    assert np.corrcoef(by_trained.ravel(), by_first.ravel())[0, 1] > 0.998


def test_ranges_are_seen_on_what_the_engine_looks_at(tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    names = [f"images/{number}.png" for number in range(4)]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(encoded(disks(6, seed=number)))
    lines = [f"{name},none.png,nuclei_fluo,64,64" for name in names]
    (tmp_path / "manifest.csv").write_text("\n".join(["file,mask,modality,width,height", *lines]))
    monkeypatch.setattr(quantize, "_PICTURES", {Modality.NUCLEI_FLUO: 2})

    seen = quantize.what_the_engine_shows(TRAINED, tmp_path)

    assert len(seen) >= 2
    for part in seen:
        assert part.shape[0] == INPUTS
        assert all(0 < side <= 256 and side % layout.STRIDE == 0 for side in part.shape[1:])


def test_answers_of_the_shipped_weights_are_no_steps(picture):
    """Objects are sorted by their scores."""
    answer = Network(WEIGHTS).answer(picture)[layout.PEAK]

    assert len(np.unique(answer)) > 0.9 * answer.size
