import configparser
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import pytest

from shared.reading import describe, read_pixels
from shared.samples.catalogue import SAMPLES
from shared.samples.drawing import NUCLEI_UM, draw_all

FOLDER = Path(__file__).parents[4] / "shared" / "samples"


def test_every_sample_lies_where_the_catalogue_says():
    pictures = {path.name for path in FOLDER.iterdir() if path.suffix in {".png", ".tif"}}

    assert pictures == {sample.filename for sample in SAMPLES}
    assert all(sample.path.is_file() for sample in SAMPLES)


def test_all_of_it_is_small_and_packed_with_the_package():
    settings = configparser.ConfigParser()
    settings.read(FOLDER.parents[1] / "setup.cfg")
    patterns = settings["options.package_data"]["shared.samples"].split(", ")
    files = [path for path in FOLDER.iterdir() if path.suffix not in {".py", ""}]

    assert sum(path.stat().st_size for path in files) < 3_000_000
    assert all(any(fnmatch(path.name, pattern) for pattern in patterns) for path in files)


def test_drawn_samples_are_drawn_again_pixel_by_pixel(tmp_path):
    draw_all(tmp_path)

    for sample in SAMPLES:
        if sample.drawn:
            again = read_pixels(tmp_path / sample.filename)
            assert np.array_equal(again, read_pixels(sample.path)), sample.filename


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.filename)
def test_the_read_me_tells_real_from_drawn(sample):
    readme = (FOLDER / "README.md").read_text()
    kind = "**drawn**" if sample.drawn else "**real**"
    stem = sample.filename.rsplit("_", 1)[0] if sample.drawn else sample.filename

    assert any(kind in line for line in readme.splitlines() if f"`{stem}" in line)


def test_drawn_nuclei_are_16_bit_with_a_pixel_size():
    facts = describe(SAMPLES[0].path)

    assert facts.bit_depth == 16
    assert facts.pixel_size_um == pytest.approx(NUCLEI_UM)
