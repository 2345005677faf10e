import pytest

from shared.domain.errors import RejectedFileError
from shared.reading.formats import ImageFormat, recognise


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n", ImageFormat.PNG),
        (b"\xff\xd8\xff\xe0", ImageFormat.JPEG),
        (b"II*\0", ImageFormat.TIFF),
        (b"MM\0+", ImageFormat.TIFF),
        (b"BM" + bytes(12) + (40).to_bytes(4, "little"), ImageFormat.BMP),
        (b"\xda\xce\xbe\x0a", ImageFormat.ND2),
        (b"ZISRAWFILE\0\0", ImageFormat.CZI),
        (b"\x70\0\0\0\x2a", ImageFormat.LIF),
    ],
)
def test_a_format_is_told_by_content(head, expected):
    assert recognise(head, "whatever.dat") is expected


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (b"GIF89a", "GIF"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04", "ZIP"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (bytes(128) + b"DICM", "DICOM"),
    ],
)
def test_a_known_format_that_is_not_read_is_refused_by_name(head, title):
    with pytest.raises(RejectedFileError, match=f"{title} files are not supported") as refused:
        recognise(head, "picture.png")

    assert refused.value.code == "unsupported_format"
    assert "picture.png" in refused.value.detail


@pytest.mark.parametrize("head", [b"just some text", b"BMW is a car maker of Munich", b"\0"])
def test_what_is_no_image_is_refused_whatever_its_name_says(head):
    with pytest.raises(RejectedFileError, match=r"cells\.png is not an image") as refused:
        recognise(head, "cells.png")

    assert refused.value.code == "unsupported_format"
