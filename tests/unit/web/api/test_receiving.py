"""Files of a multipart body."""

from hashlib import sha256
from io import BytesIO

import pytest
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from shared.domain.errors import InvalidInputError
from web.api.receiving import CHUNK, NotMultipartError, TooManyFilesError, received_files

KIND = "multipart/form-data; boundary=frontier"


def part(content=b"content", *, disposition='form-data; name="files"; filename="a.png"'):
    head = f"--frontier\r\nContent-Disposition: {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"


def body(*parts):
    return BytesIO(b"".join(parts) + b"--frontier--\r\n")


def receive(stream, folder, *, max_bytes=10**9, kind=KIND):
    with received_files(stream, kind, folder=folder, max_bytes=max_bytes) as received:
        return [(file, file.path.read_bytes() if file.path.exists() else None) for file in received]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_file_of_any_size_is_whole_and_hashed(tmp_path, size):
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]

    [(file, stored)] = receive(body(part(content)), tmp_path)

    assert stored == content
    assert file.size == size
    assert file.sha256 == sha256(content).hexdigest()
    assert not file.too_large


def test_line_ends_and_dashes_within_a_file_are_its_own(tmp_path):
    content = b"\r\n--fronti\r\n--\r\n\n-" * 5000

    [(_, stored)] = receive(body(part(content)), tmp_path)

    assert stored == content


def test_files_come_in_their_order_and_other_fields_are_passed_over(tmp_path):
    files = body(
        part(b"1", disposition='form-data; name="files"; filename="1.png"'),
        part(b"no file", disposition='form-data; name="comment"'),
        part(b"elsewhere", disposition='form-data; name="avatar"; filename="x.png"'),
        part(b"2", disposition='form-data; name="files"; filename="2.png"'),
    )

    received = receive(files, tmp_path)

    assert [file.filename for file, _ in received] == ["1.png", "2.png"]


def test_a_file_that_grows_too_large_is_read_to_its_end_and_not_kept(tmp_path):
    small = part(b"ok", disposition='form-data; name="files"; filename="b.png"')

    [(large, nothing), (file, stored)] = receive(
        body(part(bytes(3 * CHUNK)), small), tmp_path, max_bytes=CHUNK
    )

    assert large.too_large
    assert large.size == 3 * CHUNK
    assert nothing is None
    assert (file.filename, stored) == ("b.png", b"ok")


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ('filename="plain.png"', "plain.png"),
        ('filename="..\\evil.png"', "..\\evil.png"),  # As browsers write it.
        ('filename="..\\\\evil.png"', "..\\evil.png"),  # As other clients do.
        ('filename="say \\"hi\\".png"', 'say "hi".png'),
        ("filename=a.png; filename*=UTF-8''%C5%BE.png", "ž.png"),
        ('filename="ž.png"', "ž.png"),
        ('filename=""', ""),
    ],
)
def test_a_name_is_what_was_meant(tmp_path, sent, meant):
    disposition = f'form-data; name="files"; {sent}'

    [(file, _)] = receive(body(part(disposition=disposition)), tmp_path)

    assert file.filename == meant


def test_nothing_stays_in_the_folder(tmp_path):
    receive(body(part()), tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no multipart",
        b"--frontier\r\n\r\n\r\nx",
        part(b"cut off"),
        b"--frontier\r\n\xff: \xff\r\n\r\n",
    ],
)
def test_a_broken_body_is_refused_and_leaves_nothing(tmp_path, content):
    with pytest.raises(BadRequest):
        receive(BytesIO(content), tmp_path)

    assert list(tmp_path.iterdir()) == []


class LostConnection(BytesIO):
    """A body whose sender goes away without a word."""

    def read(self, size=-1):
        if data := super().read(size):
            return data
        raise OSError("connection reset")


def test_a_sender_that_goes_away_leaves_nothing(tmp_path):
    with pytest.raises(BadRequest):
        receive(LostConnection(part(bytes(2 * CHUNK))), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_endless_headers_are_refused_before_they_fill_the_memory(tmp_path):
    with pytest.raises(RequestEntityTooLarge):
        receive(BytesIO(b"--frontier\r\nX: " + b"x" * 8 * CHUNK), tmp_path)


def test_too_many_files_are_refused(tmp_path):
    with pytest.raises(TooManyFilesError):
        receive(body(*[part(b"")] * 1001), tmp_path)


def test_a_form_without_files_is_refused(tmp_path):
    with pytest.raises(InvalidInputError):
        receive(body(part(disposition='form-data; name="files"')), tmp_path)


@pytest.mark.parametrize(
    "kind", ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=x"]
)
def test_another_kind_of_body_is_refused(tmp_path, kind):
    with pytest.raises(NotMultipartError):
        receive(body(part()), tmp_path, kind=kind)
