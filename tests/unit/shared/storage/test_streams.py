"""Files stored piece by piece: whole or not at all, on a disk and elsewhere."""

import resource
import signal

import pytest

from shared.storage import MissingFileError, StorageError, open_storage


@pytest.fixture(params=["file", "memory"])
def storage(request, tmp_path):
    return open_storage("memory:///" if request.param == "memory" else (tmp_path / "s").as_uri())


def test_the_pieces_are_one_file(storage):
    pieces = [b"a" * 3_000_000, b"", b"b" * 9_000_000]

    size = storage.put_stream("exports/1/a.zip", iter(pieces))

    assert size == storage.size("exports/1/a.zip") == 12_000_000
    assert storage.read("exports/1/a.zip") == b"".join(pieces)


def test_no_piece_is_an_empty_file(storage):
    assert storage.put_stream("exports/1/a.zip", iter([])) == 0
    assert storage.read("exports/1/a.zip") == b""


@pytest.mark.parametrize(
    "problem", [LookupError("broken off"), FileNotFoundError("a file of somebody else")]
)
def test_what_breaks_off_is_not_stored_and_says_why(storage, problem):
    def broken():
        yield b"x" * 6_000_000
        raise problem

    with pytest.raises(type(problem)) as raised:
        storage.put_stream("exports/1/a.zip", broken())

    assert raised.value is problem
    assert list(storage.list()) == []
    with pytest.raises(MissingFileError):
        storage.read("exports/1/a.zip")


def test_a_folder_goes_with_all_that_is_below_it(storage):
    storage.put("exports/1/a/b.zip", b"1")
    storage.put("exports/1/c.zip", b"2")
    storage.put("exports/12/d.zip", b"3")

    storage.delete_folder("exports/1/")
    storage.delete_folder("exports/none/")

    assert list(storage.list()) == ["exports/12/d.zip"]


def test_the_whole_storage_is_no_folder(storage):
    storage.put("a", b"1")

    with pytest.raises(StorageError):
        storage.delete_folder("")
    assert list(storage.list()) == ["a"]


def test_a_draft_of_a_process_that_died_goes_with_its_folder(tmp_path):
    storage = open_storage(tmp_path.as_uri())
    storage.put("exports/2/kept.zip", b"")
    died = tmp_path / "exports" / "1" / "token"
    died.mkdir(parents=True)
    (died / "export.zip#123").write_bytes(b"half")

    storage.delete_folder("exports/1/token/")

    assert sorted(path.name for path in tmp_path.rglob("*")) == ["2", "exports", "kept.zip"]


def test_a_disk_that_takes_no_more_is_said_so_and_left_clean(tmp_path):
    storage = open_storage(tmp_path.as_uri())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(StorageError, match="could not store"):
            storage.put_stream("exports/1/a.zip", (b"x" * 500_000 for _ in range(5)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
