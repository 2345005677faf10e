"""ZIP archives: honest ones give their members, others are refused, and say why (U4)."""

import stat
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.errors import RejectedFileError
from shared.reading.archives import Archive, is_archive
from shared.reading.inspector import Inspector

NOISE = bytes((i * i * 31 + i) % 251 for i in range(5000))
MOST = 1 << 30


@pytest.fixture
def packed(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that packs (name or ZipInfo, content) pairs."""

    def pack(*members: tuple[str | ZipInfo, bytes], method: int = ZIP_DEFLATED) -> Path:
        path = tmp_path / "plate.zip"
        with ZipFile(path, "w", method) as archive:
            for name, content in members:
                archive.writestr(name, content)
        return path

    return pack


def opened(path: Path, *, max_unpacked: int = MOST) -> Archive:
    return Archive(path, "plate.zip", max_unpacked=max_unpacked)


def refusal_of(path: Path, **limits: int) -> str:
    with pytest.raises(RejectedFileError) as refused:
        opened(path, **limits)
    assert refused.value.code == "archive_refused"
    assert refused.value.detail.startswith("plate.zip")
    return refused.value.detail


def test_members_come_out_as_they_went_in(packed: Callable[..., Path], tmp_path: Path) -> None:
    archive = opened(packed(("a.png", NOISE), ("day 1/well A1.tif", b"second")))

    found = archive.extract(0, tmp_path / "0", max_bytes=MOST)

    assert [member.name for member in archive.members] == ["a.png", "well A1.tif"]
    assert found.path.read_bytes() == NOISE
    assert (found.sha256, found.size) == (sha256(NOISE).hexdigest(), len(NOISE))
    assert not found.too_large


def test_folders_and_what_file_managers_leave_are_no_members(packed: Callable[..., Path]) -> None:
    path = packed(
        ("day 1/", b""),
        ("day 1/a.png", NOISE),
        ("__MACOSX/day 1/._a.png", b"x"),
        (".DS_Store", b"x"),
        ("day 1/Thumbs.db", b"x"),
        (".hidden/b.png", b"x"),
    )

    assert [member.path for member in opened(path).members] == ["day 1/a.png"]


@pytest.mark.parametrize(
    "name",
    ["../a.png", "x/../../a.png", "/etc/a.png", "C:/a.png", "..\\a.png", "x\\a.png", "a\n.png"],
)
def test_a_member_that_would_write_elsewhere_refuses_the_whole(
    packed: Callable[..., Path], name: str
) -> None:
    info = ZipInfo("harmless.png")
    info.filename = name

    assert "nothing of it was taken" in refusal_of(packed(("good.png", NOISE), (info, NOISE)))


def test_a_link_refuses_the_whole(packed: Callable[..., Path]) -> None:
    link = ZipInfo("a.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    assert "a link" in refusal_of(packed((link, b"/etc/passwd")))


def test_a_bomb_is_refused_before_it_is_unpacked(packed: Callable[..., Path]) -> None:
    assert "200 times its size" in refusal_of(packed(("zeros.tif", bytes(20_000_000))))


def test_an_archive_that_unpacks_to_too_much_is_refused(packed: Callable[..., Path]) -> None:
    path = packed(*((f"{i}.png", NOISE) for i in range(10)), method=ZIP_STORED)

    assert "unpacks to 50,000 bytes" in refusal_of(path, max_unpacked=49_999)


def test_members_over_one_another_are_refused(packed: Callable[..., Path]) -> None:
    """A bomb without a bad ratio: all its members are the same bytes."""
    path = packed(("a.png", NOISE), ("b.png", NOISE), method=ZIP_STORED)
    content = bytearray(path.read_bytes())
    second = content.index(b"PK\x01\x02", content.index(b"PK\x01\x02") + 1)
    content[second + 42 : second + 46] = bytes(4)  # Where its bytes begin.
    path.write_bytes(content)

    assert "over one another" in refusal_of(path)


def test_more_members_than_are_taken_are_refused(
    packed: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.reading.archives.MOST_MEMBERS", 2)

    assert "holds 3 files" in refusal_of(packed(*((f"{i}.png", b"x") for i in range(3))))


@pytest.mark.parametrize("share", [0.2, 0.9, 0.999])
def test_an_archive_that_is_cut_off_is_refused(packed: Callable[..., Path], share: float) -> None:
    path = packed(("a.png", NOISE))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])

    assert "damaged or cut off" in refusal_of(path)


def test_an_archive_of_nothing_is_refused(packed: Callable[..., Path]) -> None:
    assert "holds no files" in refusal_of(packed(("day 1/", b"")))


def encrypt(path: Path, place: int) -> None:
    """Say of a member that it is encrypted, in its own head and in the directory."""
    content = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        for _ in range(place + 1):
            at = content.index(magic, at + 1)
        content[at + offset] |= 1
    path.write_bytes(content)


def test_an_encrypted_member_is_refused_alone(packed: Callable[..., Path], tmp_path: Path) -> None:
    path = packed(("a.png", NOISE), ("b.png", NOISE[1:]))
    encrypt(path, 1)
    archive = opened(path)

    archive.extract(0, tmp_path / "0", max_bytes=MOST)
    with pytest.raises(RejectedFileError, match=r"b\.png is encrypted") as refused:
        archive.extract(1, tmp_path / "1", max_bytes=MOST)

    assert refused.value.code == "archive_refused"


def test_an_archive_that_is_all_encrypted_is_refused_at_once(packed: Callable[..., Path]) -> None:
    path = packed(("a.png", NOISE))
    encrypt(path, 0)

    assert "a.png is encrypted" in refusal_of(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_members_of_one_name_the_first_is_taken(
    packed: Callable[..., Path], tmp_path: Path
) -> None:
    archive = opened(packed(("a.png", NOISE), ("a.png", b"other"), ("x/a.png", b"third")))

    with pytest.raises(RejectedFileError, match=r"holds a\.png twice; the first was taken"):
        archive.extract(1, tmp_path / "1", max_bytes=MOST)

    assert archive.extract(0, tmp_path / "0", max_bytes=MOST).size == len(NOISE)
    assert archive.extract(2, tmp_path / "2", max_bytes=MOST).size == 5


@pytest.mark.parametrize(("method", "word"), [(ZIP_BZIP2, "bzip2"), (ZIP_LZMA, "LZMA")])
def test_a_member_packed_otherwise_is_refused_by_the_name_of_the_way(
    packed: Callable[..., Path], method: int, word: str
) -> None:
    assert f"packed with {word}" in refusal_of(packed(("a.png", NOISE), method=method))


def test_a_damaged_member_is_refused_alone(packed: Callable[..., Path], tmp_path: Path) -> None:
    path = packed(("a.png", NOISE), ("b.png", NOISE), method=ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(NOISE) + 100] ^= 0xFF
    path.write_bytes(content)
    archive = opened(path)

    with pytest.raises(RejectedFileError, match=r"a\.png cannot be read"):
        archive.extract(0, tmp_path / "0", max_bytes=MOST)

    assert archive.extract(1, tmp_path / "1", max_bytes=MOST).size == len(NOISE)


def test_of_a_member_that_is_too_large_no_more_is_written_than_shows_it(
    packed: Callable[..., Path], tmp_path: Path
) -> None:
    archive = opened(packed(("a.png", NOISE * 1000), method=ZIP_STORED))

    found = archive.extract(0, tmp_path / "0", max_bytes=1000)

    assert found.too_large
    assert found.path.stat().st_size <= 1000 + (1 << 20)


@pytest.mark.parametrize(
    ("filename", "content", "expected"),
    [
        ("a.zip", b"PK\x03\x04", True),
        ("A.ZIP", b"PK\x05\x06", True),
        ("a.docx", b"PK\x03\x04", False),
        ("a.png", b"PK\x03\x04", False),
        ("a.zip", b"\x89PNG", False),
    ],
)
def test_an_archive_is_one_by_content_and_by_name(
    tmp_path: Path, filename: str, content: bytes, *, expected: bool
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)

    assert is_archive(path, filename) is expected


def test_a_child_counts_the_members(packed: Callable[..., Path]) -> None:
    """Rule 29: a hostile directory of members can hurt no other process."""
    whole = packed(("a", b"1"), ("b", b"2"))
    bad = whole.with_name("bad.zip")
    bad.write_bytes(b"PK\x03\x04 and no more")

    with Inspector(children=1) as inspector:
        assert inspector.count_members(whole, "p.zip", max_unpacked=9) == 2
        with pytest.raises(RejectedFileError, match=r"p\.zip is damaged"):
            inspector.count_members(bad, "p.zip", max_unpacked=9)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6))
def test_of_an_archive_that_was_tampered_with_everything_is_read_or_refused(
    packed: Callable[..., Path], tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    """A5: nothing but a refusal comes out of it."""
    path = packed(("a.png", NOISE[:300]), ("day 1/b.png", NOISE[300:700]))
    content = bytearray(path.read_bytes())
    for place, value in changes:
        content[place % len(content)] = value
    path.write_bytes(content)

    with suppress(RejectedFileError):
        archive = opened(path)
        for position in range(len(archive.members)):
            with suppress(RejectedFileError):
                archive.extract(position, tmp_path / "member", max_bytes=10_000)


def test_the_limits_are_those_that_the_documentation_tells() -> None:
    text = (Path(__file__).parents[4] / "docs/reading.md").read_text()

    assert "10,000 files" in text
    assert "200 times" in text
