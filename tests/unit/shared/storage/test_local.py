import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.storage import StorageError, open_storage
from shared.storage.local import LocalStorage


def test_the_folder_is_made_when_it_is_not_there(tmp_path):
    open_storage((tmp_path / "a" / "b").as_uri()).put("c", b"")

    assert (tmp_path / "a" / "b" / "c").exists()


def test_file_and_folders_are_on_disk_before_a_put_returns(tmp_path, monkeypatch):
    flushed = []
    real = os.fsync
    monkeypatch.setattr(
        os,
        "fsync",
        lambda fd: flushed.append(str(Path(f"/proc/self/fd/{fd}").readlink())) or real(fd),
    )
    storage = LocalStorage(tmp_path)

    storage.put("results/1/labels.tif", b"labels")

    folder = tmp_path / "results" / "1"
    assert flushed[0].startswith(str(folder.parent)) or flushed[0] == str(tmp_path)
    assert {str(tmp_path), str(folder.parent), str(folder)} <= set(flushed)
    assert any(name.startswith(f"{folder}/labels.tif#") for name in flushed)


def test_a_put_that_fails_leaves_nothing(tmp_path):
    storage = LocalStorage(tmp_path)

    with pytest.raises(StorageError):
        storage.put_file("results/1", tmp_path / "never written")

    assert list(storage.list()) == []
    assert list((tmp_path / "results").iterdir()) == []


def test_a_file_half_written_is_not_listed(tmp_path):
    storage = LocalStorage(tmp_path)
    storage.put("results/1", b"")
    (tmp_path / "results" / "1#12345").write_bytes(b"half")

    assert list(storage.list()) == ["results/1"]


def test_folders_that_become_empty_go(tmp_path):
    storage = LocalStorage(tmp_path)
    storage.put("results/1/2/labels.tif", b"")
    storage.put("results/3", b"")

    storage.delete(["results/1/2/labels.tif"])

    assert [path.name for path in (tmp_path / "results").iterdir()] == ["3"]


def test_a_put_into_a_folder_that_is_just_removed_succeeds(tmp_path):
    storage = LocalStorage(tmp_path)

    def put_and_delete(name):
        for _ in range(30):
            storage.put(f"a/b/{name}", b"x")
            storage.delete([f"a/b/{name}"])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(put_and_delete, "abcd"))

    assert list(storage.list()) == []


@pytest.mark.parametrize("put", [LocalStorage.put, LocalStorage.put_stream])
def test_folders_that_go_while_they_are_made_are_made_again(tmp_path, monkeypatch, put):
    """Of uploads that come and go, each in its folder, the last one takes the parent along."""
    storage, folder, gone = LocalStorage(tmp_path), tmp_path / "uploads" / "7", []
    real = Path.mkdir

    def mkdir(self, *arguments, **keywords):
        real(self, *arguments, **keywords)
        if self == folder and not gone:
            gone.append(shutil.rmtree(tmp_path / "uploads"))

    monkeypatch.setattr(Path, "mkdir", mkdir)

    put(storage, "uploads/7/0.part", [b"x"] if put is LocalStorage.put_stream else b"x")

    assert gone
    assert storage.read("uploads/7/0.part") == b"x"


def test_a_stored_file_in_the_place_of_a_folder_is_an_error_and_no_crash(tmp_path):
    storage = LocalStorage(tmp_path)
    storage.put("a", b"")

    with pytest.raises(StorageError, match=r"could not store b"):
        storage.put("a/b", b"")


def test_a_single_part_is_fetched_without_being_copied(tmp_path):
    storage = LocalStorage(tmp_path / "files")
    storage.put("uploads/1/0", b"part")

    storage.fetch(["uploads/1/0"], tmp_path / "whole")

    assert (tmp_path / "whole").samefile(tmp_path / "files/uploads/1/0")


def test_parts_are_joined_where_the_kernel_does_not_copy(tmp_path, monkeypatch):
    storage = LocalStorage(tmp_path / "files")
    storage.put("a", b"one")
    storage.put("b", b"two")
    copied = []

    def half(source, target, count):
        if copied:
            raise OSError(18, "between two file systems")
        copied.append(os.write(target, os.read(source, count - 1)))
        return copied[0]

    monkeypatch.setattr(os, "copy_file_range", half)

    storage.fetch(["a", "b"], tmp_path / "whole")

    assert (tmp_path / "whole").read_bytes() == b"onetwo"
