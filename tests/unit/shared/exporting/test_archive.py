"""The ZIP: in pieces, of any size, read by any program."""

import itertools
import zipfile
from datetime import UTC, datetime
from io import BytesIO

from shared.exporting.archive import zipped
from shared.exporting.entries import Entry

MOMENT = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)


def test_files_come_back_with_their_names_and_date():
    entries = [Entry("a/ž.txt", [b"one", b"two"]), Entry("b.zip", [b"packed"], is_packed=True)]

    with zipfile.ZipFile(BytesIO(b"".join(zipped(entries, MOMENT)))) as archive:
        assert archive.testzip() is None
        assert archive.read("a/ž.txt") == b"onetwo"
        assert archive.getinfo("a/ž.txt").compress_type == zipfile.ZIP_DEFLATED
        assert archive.getinfo("b.zip").compress_type == zipfile.ZIP_STORED
        assert archive.getinfo("b.zip").date_time == (2026, 11, 26, 6, 30, 0)


def test_it_is_given_away_while_it_is_made():
    """However large a file is, no more of it is held than a piece."""
    endless = (bytes([n % 251]) * 65_536 for n in itertools.count())

    some = list(itertools.islice(zipped([Entry("large", endless, is_packed=True)], MOMENT), 200))

    assert sum(map(len, some)) > 199 * 65_536
    assert max(map(len, some)) < 2 * 65_536


def test_an_entry_is_made_only_when_its_turn_comes():
    made = []

    def entries():
        for name in ("a", "b"):
            made.append(name)
            yield Entry(name, iter([b"x" * 100_000]))

    pieces = zipped(entries(), MOMENT)
    next(pieces)

    assert made == ["a"]


def test_it_may_be_larger_than_four_gigabytes():
    """Sizes have eight bytes in every header, for they are not known before."""
    content = b"".join(zipped([Entry("a", [b"x"])], MOMENT))

    assert int.from_bytes(content[4:6], "little") == 45  # The version that knows ZIP64.
    assert content[18:26] == b"\xff" * 8
