import numpy as np

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
