"""Weights that an operator put on a machine."""

import pytest

from shared.domain.engines import EngineQueue
from shared.domain.errors import InvalidInputError
from worker.engines.weights import (
    availability,
    chosen_queue,
    folder_of,
    installed_weights,
    is_installed,
    major_version,
    model_param,
    sha256_of,
    weights_named,
)


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("CELLTALLY_MODELS", str(tmp_path))
    (tmp_path / "some").mkdir()
    return tmp_path / "some"


def test_a_model_is_named_with_the_beginning_of_its_hash(models):
    (models / "nuclei.pt").write_bytes(b"abc")

    [found] = installed_weights("some", ["*.pt"])

    assert found.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert found.name == "nuclei@ba7816bf8f01"
    assert weights_named("nuclei@ba7816bf8f01", [found]) is found


def test_other_content_is_another_model_and_the_earlier_one_is_refused(models):
    (models / "nuclei.pt").write_bytes(b"abc")
    [before] = installed_weights("some", ["*.pt"])
    (models / "nuclei.pt").write_bytes(b"abcd")
    [after] = installed_weights("some", ["*.pt"])

    assert before.name != after.name
    with pytest.raises(InvalidInputError, match=f"no weights '{before.name}'.*{after.name}"):
        weights_named(before.name, [after])


def test_the_hash_of_a_folder_follows_from_all_of_its_files(models):
    folder = models / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    first = sha256_of(folder)
    (folder / "sub/weights.h5").write_text("w")
    second = sha256_of(folder)
    (folder / "sub/weights.h5").rename(folder / "weights.h5")

    assert len({first, second, sha256_of(folder)}) == 3


def test_a_model_that_needs_a_file_beside_it_is_none_without_it(models):
    (models / "net.onnx").write_bytes(b"n")
    assert installed_weights("some", ["*.onnx"], beside=".json") == []

    (models / "net.json").write_text("{}")
    [first] = installed_weights("some", ["*.onnx"], beside=".json")
    (models / "net.json").write_text("{ }")
    [second] = installed_weights("some", ["*.onnx"], beside=".json")

    assert first.path == second.path == models / "net.onnx"
    assert first.name != second.name


def test_the_parameter_lists_what_is_there_and_the_first_is_the_default(models):
    (models / "b.pt").write_bytes(b"b")
    (models / "a.pt").write_bytes(b"a")

    schema = model_param(installed_weights("some", ["*.pt"]))

    assert [name.split("@")[0] for name in schema["enum"]] == ["a", "b"]
    assert schema["default"] == schema["enum"][0]
    assert "enum" not in model_param([])


def test_without_a_package_or_weights_the_reason_says_what_to_do(models):
    missing = {"no_such_module": "install it with `pip install it`"}

    assert availability("some", packages=missing, found=[], wanted="a file") == (
        False,
        "the package no_such_module is not installed here; install it with `pip install it`",
    )
    assert availability("some", packages={"json": ""}, found=[], wanted="a file") == (
        False,
        f"there are no weights in {models}; put a file there",
    )
    (models / "a.pt").write_bytes(b"a")
    found = installed_weights("some", ["*"])
    assert availability("some", packages={"json": ""}, found=found, wanted="") == (True, None)


def test_a_module_of_a_missing_parent_is_not_installed():
    assert not is_installed("no_such_parent.child")
    assert is_installed("json")


def test_versions_are_those_of_installed_distributions():
    assert major_version("numpy") == 2
    assert major_version("no-such-distribution") is None


def test_weights_lie_in_the_home_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.delenv("CELLTALLY_MODELS")
    monkeypatch.setenv("CELLTALLY_HOME", str(tmp_path / "home"))

    assert folder_of("some") == tmp_path / "home/models/some"


def test_the_device_chooses_the_queue(monkeypatch):
    assert chosen_queue() is EngineQueue.CPU
    monkeypatch.setenv("CELLTALLY_DEVICE", "cuda")
    assert chosen_queue() is EngineQueue.GPU
