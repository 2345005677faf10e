import numpy as np
import pytest

from shared.domain.engines import Modality
from shared.domain.errors import RejectedFileError
from shared.reading.inspection import Request, accepting_line, inspection_of, refusing_line
from shared.reading.looking import inspect_file
from tests.images import disk, encoded, photographed, tiff


def request_for(path, content, *, max_bytes=1_000_000, max_pixels=1_000_000):
    path.write_bytes(content)
    return Request(str(path), "dish 3.png", max_bytes=max_bytes, max_pixels=max_pixels)


@pytest.fixture
def upload(tmp_path):
    return tmp_path / "upload"


def test_a_good_file_is_told_with_facts_thumbnail_and_kind(upload):
    request = request_for(upload, tiff(photographed(disk(20, side=120))[:, :, 0]))

    found = inspect_file(request)

    assert (found.facts.width, found.facts.height, found.facts.bit_depth) == (120, 120, 16)
    assert found.thumbnail.startswith(b"RIFF")
    assert found.modality is Modality.NUCLEI_FLUO


def test_what_was_found_survives_the_way_between_processes(upload):
    found = inspect_file(request_for(upload, encoded(np.zeros((4, 6), np.uint8))))

    assert inspection_of(accepting_line(found)) == found


def test_a_refusal_survives_it_too():
    refusal = RejectedFileError("dish 3.png is empty.", code="empty")

    with pytest.raises(RejectedFileError, match=r"dish 3\.png is empty\.") as refused:
        inspection_of(refusing_line(refusal))

    assert refused.value.code == "empty"


@pytest.mark.parametrize(
    ("content", "limits", "code"),
    [
        (b"", {}, "empty"),
        (encoded(np.zeros((90, 90), np.uint8)), {"max_bytes": 20}, "too_large"),
        (encoded(np.zeros((90, 90), np.uint8)), {"max_pixels": 8099}, "too_many_pixels"),
        (b"text", {}, "unsupported_format"),
        (encoded(np.zeros((90, 90), np.uint8))[:-20], {}, "unreadable_image"),
    ],
    ids=["empty", "large", "pixels", "text", "cut off"],
)
def test_each_fault_has_its_code_and_names_the_file(upload, content, limits, code):
    with pytest.raises(RejectedFileError) as refused:
        inspect_file(request_for(upload, content, **limits))

    assert refused.value.code == code
    assert "dish 3.png" in refused.value.detail
