import numpy as np
import pytest
from skimage.measure import label

from shared.measuring import connect


def test_connected_consecutive_labels_stay_as_they_are():
    labels = np.array([[2, 2, 0], [0, 0, 0], [1, 1, 3]], np.uint32)

    connected, origin = connect(labels)

    assert connected.tolist() == labels.tolist()
    assert connected.dtype == np.uint32
    assert origin.tolist() == [1, 2, 3]


def test_parts_of_a_label_become_objects_that_remember_it():
    labels = np.array([[7, 0, 7], [0, 0, 0], [4, 4, 0]])

    connected, origin = connect(labels)

    assert connected.tolist() == [[2, 0, 3], [0, 0, 0], [1, 1, 0]]
    assert origin.tolist() == [4, 7, 7]


def test_a_corner_connects_nothing():
    connected, _ = connect(np.array([[1, 0], [0, 1]]))

    assert connected.tolist() == [[1, 0], [0, 2]]


def test_an_empty_image_has_no_objects():
    connected, origin = connect(np.zeros((2, 2), int))

    assert connected.max() == 0
    assert len(origin) == 0


@pytest.mark.parametrize("seed", range(40))
def test_any_labels_become_what_the_definition_says(seed):
    random = np.random.default_rng(seed)
    shape = random.integers(1, 14, size=2)
    labels = random.integers(0, random.integers(2, 6), size=shape).astype(
        random.choice([np.uint8, np.uint16, np.int64])
    )

    connected, origin = connect(labels)

    parts = [label(labels == value, connectivity=1) for value in range(1, labels.max() + 1)]
    due, came_from = np.zeros(shape, int), []
    for value, part in enumerate(parts, 1):
        due[part > 0] = part[part > 0] + len(came_from)
        came_from += [value] * int(part.max())
    assert connected.tolist() == due.tolist()
    assert origin.tolist() == came_from


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (1, 1)])
def test_an_image_of_any_size_is_taken(shape):
    connected, _ = connect(np.ones(shape, np.uint8))

    assert connected.shape == shape
    assert connected.sum() == connected.size
