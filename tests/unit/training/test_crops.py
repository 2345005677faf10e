import numpy as np
import pytest

from shared.domain.engines import Modality
from tests.images import disk
from training.crops import Crops
from training.drawings import drawn_crop
from training.examples import Example, median_diameter, middles_of, parted
from worker.engines.net.pixels import INPUTS, resized


def example(name="a", *, radius=12, side=128, group="g"):
    labels = np.zeros((side, side), np.int32)
    labels[:121, :121] = disk(radius, side=121)
    planes = (labels > 0).astype(np.float32)[np.newaxis]
    return Example(
        name=name,
        modality=Modality.NUCLEI_FLUO,
        group=group,
        planes=planes.astype(np.float16),
        half=resized(planes, 0.5).astype(np.float16),
        labels=labels,
        diameter=median_diameter(labels),
        middles=middles_of(labels),
    )


def first(count, **arguments):
    stream = iter(Crops([example()], side=64, **arguments))
    return [next(stream) for _ in range(count)]


def test_a_seed_makes_the_same_crops_again():
    for one, same in zip(first(6, seed=4), first(6, seed=4), strict=True):
        assert np.array_equal(one.image, same.image)
        assert np.array_equal(one.targets.distances, same.targets.distances)


def test_crops_differ_from_seed_to_seed():
    assert not np.array_equal(first(1, seed=4)[0].image, first(1, seed=5)[0].image)


def test_a_crop_is_what_the_network_is_shown():
    for crop in first(20, seed=1):
        assert crop.image.shape == (INPUTS, 64, 64)
        assert crop.image.dtype == np.float32
        assert np.isfinite(crop.image).all()
        assert crop.targets.peak.shape == (32, 32)
        assert crop.targets.distances.shape == (32, 32, 32)


def test_labels_turn_with_the_picture():
    bright, dark = [], []
    for crop in first(40, seed=2):
        inside, known = crop.targets.inside, crop.targets.known
        if 50 < inside.sum() < known.sum() - 50:
            bright.append(crop.image[0][inside].mean())
            dark.append(crop.image[0][known & ~inside].mean())

    assert len(bright) > 20
    # Inverted crops and faint objects exist, but they are few.
    assert np.mean(np.array(bright) > np.array(dark) + 0.2) > 0.8


def test_drawn_crops_have_objects_or_only_noise():
    random = np.random.default_rng(1)

    counts = [int(drawn_crop(random, 96)[1].max()) for _ in range(40)]

    assert 0 in counts
    assert max(counts) > 5


def test_held_out_pictures_come_from_every_group_and_are_not_trained_on():
    examples = [example(f"{group}{number}", group=group) for group in "ab" for number in range(6)]

    trained, held_out = parted(examples, 3)

    assert [one.name for one in held_out] == ["a2", "a5", "b2", "b5"]
    assert len(trained) == 8
    assert parted(examples, 0) == (examples, [])


def test_the_diameter_is_that_of_a_disk():
    assert median_diameter(disk(15, side=61).astype(np.int32)) == pytest.approx(30.5, abs=1)
