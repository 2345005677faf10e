import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from training.blend import blended


def network(**weights):
    stored = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    shape = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1])
    same = helper.make_node("Identity", ["image"], ["answer"])
    answer = helper.make_tensor_value_info("answer", TensorProto.FLOAT, [1])
    return helper.make_model(helper.make_graph([same], "net", [shape], [answer], stored))


def weights_of(model: onnx.ModelProto):
    return {stored.name: numpy_helper.to_array(stored) for stored in model.graph.initializer}


def test_a_blend_lies_between_both_as_near_as_its_share_says():
    first, second = network(a=np.float32([0, 10])), network(a=np.float32([1, 20]))

    mix = weights_of(blended(first, second, 0.8))

    assert mix["a"] == pytest.approx([0.2, 12])


def test_weights_are_found_by_name_whatever_their_order_and_keep_their_precision():
    first = network(a=np.float16([1]), b=np.float32([10]))
    second = network(b=np.float32([30]), a=np.float16([2]))

    mix = weights_of(blended(first, second, 0.5))

    assert mix == {"a": np.float16([1.5]), "b": np.float32([20])}
    assert mix["a"].dtype == np.float16


def test_numbers_that_are_no_weights_stay_as_they_are():
    first, second = network(shape=np.int64([1, -1])), network(shape=np.int64([1, -1]))

    assert weights_of(blended(first, second, 0.3))["shape"].tolist() == [1, -1]


@pytest.mark.parametrize("other", [network(b=np.float32([1, 1])), network(a=np.float32([1, 1, 1]))])
def test_weights_of_another_network_are_refused(other):
    with pytest.raises(ValueError, match=r"different networks|shapes"):
        blended(network(a=np.float32([1, 1])), other, 0.5)
