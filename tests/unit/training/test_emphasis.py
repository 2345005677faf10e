from dataclasses import replace

import numpy as np
import pytest

from shared.domain.engines import Modality
from tests.unit.training.test_crops import example
from training.crops import Crops
from training.emphasis import SHARES, Emphasis


def cells(**arguments):
    return replace(example(**arguments), modality=Modality.CELLS_PHASE)


def test_nothing_is_preferred_unless_asked_for():
    assert Emphasis().shares() == pytest.approx(SHARES)
    assert Emphasis().chances([cells(radius=10), cells(radius=20)]) == pytest.approx([0.5, 0.5])


def test_more_phase_contrast_is_taken_from_all_other_kinds_alike():
    shares = Emphasis(phase=0.5).shares()

    assert shares[Modality.CELLS_PHASE] == 0.5
    assert sum(shares.values()) == pytest.approx(1)
    fluo, stained = Modality.NUCLEI_FLUO, Modality.NUCLEI_STAINED
    assert shares[fluo] / shares[stained] == pytest.approx(SHARES[fluo] / SHARES[stained])


def test_cells_of_half_the_size_are_seen_four_times_as_often():
    small, large = Emphasis(small=2).chances([cells(radius=10), cells(radius=20)])

    assert small / large == pytest.approx(4, rel=0.15)


def test_small_nuclei_are_not_preferred():
    chances = Emphasis(small=2).chances([example(radius=10), example(radius=20)])

    assert chances == pytest.approx([0.5, 0.5])


def test_a_field_without_cells_is_not_taken_for_one_of_small_cells():
    empty = replace(cells(), labels=np.zeros((128, 128), np.int32), diameter=0.0)

    nothing, small = Emphasis(small=2).chances([empty, cells(radius=15)])

    assert nothing < small


def test_a_run_of_phase_contrast_alone_is_shown_nothing_else():
    empty = replace(example(), labels=np.zeros((128, 128), np.int32))
    crops = iter(Crops([empty, cells(radius=40)], side=64, seed=1, emphasis=Emphasis(phase=1)))

    assert all(next(crops).targets.inside.any() for _ in range(20))
