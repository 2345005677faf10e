import pytest

from shared.domain.errors import ConfigurationError
from shared.storage import MissingFileError, StorageError, open_storage


@pytest.fixture(params=["file", "memory"])
def storage(request, tmp_path):
    if request.param == "memory":
        return open_storage("memory:///")
    return open_storage((tmp_path / "a folder of files").as_uri())


def test_what_was_put_is_read(storage):
    storage.put("images/1/original.png", b"pixels")

    assert storage.read("images/1/original.png") == b"pixels"
    assert storage.size("images/1/original.png") == 6
    assert storage.exists("images/1/original.png")


def test_a_second_put_replaces(storage):
    storage.put("a", b"first")
    storage.put("a", b"second, and longer")

    assert storage.read("a") == b"second, and longer"


def test_a_file_is_put_and_may_be_removed_afterwards(storage, tmp_path):
    upload = tmp_path / "upload"
    upload.write_bytes(b"pixels" * 1000)

    storage.put_file("images/1", upload)
    upload.unlink()

    assert storage.read("images/1") == b"pixels" * 1000


def test_any_stretch_of_bytes_is_streamed(storage):
    content = bytes(range(256)) * 20_000
    storage.put("large", content)

    assert b"".join(storage.stream("large")) == content
    assert b"".join(storage.stream("large", 1000, 3000)) == content[1000:3000]
    assert b"".join(storage.stream("large", 5_000_000)) == content[5_000_000:]
    assert b"".join(storage.stream("large", 7, 7)) == b""


def test_an_empty_file_streams_nothing(storage):
    storage.put("empty", b"")

    assert b"".join(storage.stream("empty")) == b""


@pytest.mark.parametrize("parts", [[b"one"], [b"one", b"", b"two" * 1000, b"3"]])
def test_parts_are_fetched_as_one_file(storage, tmp_path, parts):
    keys = [f"uploads/1/{number}" for number in range(len(parts))]
    for key, part in zip(keys, parts, strict=True):
        storage.put(key, part)

    storage.fetch(keys, tmp_path / "whole")

    assert (tmp_path / "whole").read_bytes() == b"".join(parts)
    assert [storage.read(key) for key in keys] == parts


@pytest.mark.parametrize("keys", [["gone"], ["here", "gone"]])
def test_what_is_fetched_and_not_there_is_missing(storage, tmp_path, keys):
    storage.put("here", b"part")

    with pytest.raises(MissingFileError):
        storage.fetch(keys, tmp_path / "whole")


def test_a_folder_is_listed_and_its_namesakes_are_not(storage):
    for key in ("results/1/a", "results/1/b/c", "results/12/a", "other"):
        storage.put(key, b"")

    assert sorted(storage.list("results/1/")) == ["results/1/a", "results/1/b/c"]
    assert sorted(storage.list("results/1")) == ["results/1/a", "results/1/b/c"]
    assert len(list(storage.list())) == 4
    assert list(storage.list("nothing")) == []


def test_what_is_listed_can_be_deleted_at_once(storage):
    for number in range(30):
        storage.put(f"results/{number}/labels.tif", b"")

    storage.delete(storage.list("results"))

    assert list(storage.list()) == []


def test_deleting_what_is_not_there_is_fine(storage):
    storage.put("here", b"")

    storage.delete(["gone", "here", "never/was"])

    assert not storage.exists("here")


@pytest.mark.parametrize("ask", ["read", "size", "stream"])
def test_a_missing_file_is_named(storage, ask):
    with pytest.raises(MissingFileError, match=r"file 7 is missing") as failed:
        getattr(storage, ask)("images/7")

    assert failed.value.code == "storage_error"
    assert failed.value.__notes__ == ["key: images/7"]  # For the log, not for people.
    assert not storage.exists("images/7")


@pytest.mark.parametrize(
    "key", ["", "/etc/passwd", "../up", "a/../b", "a//b", "a/./b", "a\\b", "a b"]
)
def test_a_key_that_could_leave_the_storage_is_refused(storage, key):
    with pytest.raises(StorageError, match="is not a key"):
        storage.put(key, b"")
    with pytest.raises(StorageError, match="is not a key"):
        storage.read(key)
    with pytest.raises(StorageError, match="is not a key"):
        storage.delete([key])


@pytest.mark.parametrize("url", ["", "files", "ftp://host/x", "file://host/x", "s3:///prefix"])
def test_a_url_of_no_storage_is_a_wrong_setting(url):
    with pytest.raises(ConfigurationError, match="CELLTALLY_STORAGE_URL"):
        open_storage(url)


def test_a_copy_and_its_source_go_their_own_ways(storage):
    storage.put("results/1/labels.tif", b"labels")

    storage.copy("results/1/labels.tif", "results/2/labels.tif")
    storage.put("results/1/labels.tif", b"others")
    assert storage.read("results/2/labels.tif") == b"labels"

    storage.delete(["results/1/labels.tif"])
    assert storage.read("results/2/labels.tif") == b"labels"


def test_what_is_not_there_cannot_be_copied(storage):
    with pytest.raises(MissingFileError):
        storage.copy("results/1/labels.tif", "results/2/labels.tif")

    assert not storage.exists("results/2/labels.tif")
