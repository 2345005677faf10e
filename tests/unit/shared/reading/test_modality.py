import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from shared.domain.engines import Modality
from shared.reading import read_pixels
from shared.reading.modality import guess_modality
from shared.samples.catalogue import SAMPLES
from tests.images import disk, photographed


@pytest.mark.parametrize(
    "sample",
    [sample for sample in SAMPLES if sample.modality is not Modality.ANY],
    ids=lambda sample: sample.filename,
)
def test_the_samples_are_told(sample):
    assert guess_modality(read_pixels(sample.path)) is sample.modality


def test_small_dark_spots_on_white_look_like_stained_tissue():
    spots = np.zeros((300, 300))
    spots[10::30, 10::30] = 1
    grey = 240 - 800 * gaussian_filter(spots, 2)

    assert guess_modality(grey[:, :, np.newaxis]) is Modality.NUCLEI_STAINED


def test_grain_on_grey_looks_like_phase_contrast():
    grain = np.random.default_rng(0).normal(128, 20, (300, 300, 1))

    assert guess_modality(grain) is Modality.CELLS_PHASE


def test_several_channels_of_fluorescence_are_fluorescence():
    channel = photographed(disk(20, side=120))

    assert guess_modality(np.concatenate([channel] * 4, axis=2)) is Modality.NUCLEI_FLUO


def test_a_picture_without_contrast_may_be_anything():
    assert guess_modality(np.full((8, 8, 1), 5)) is Modality.ANY
