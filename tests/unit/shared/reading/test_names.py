import pytest

from shared.domain.errors import RejectedFileError
from shared.reading import safe_filename


@pytest.mark.parametrize(
    "name", ["cells.png", "Zellkörper 3 (µm).tif", "a" * 251 + ".tif", ".hidden.png", "a..b.png"]
)
def test_an_ordinary_name_is_taken(name):
    assert safe_filename(name) == name


def test_a_name_is_kept_in_composed_unicode():
    assert safe_filename("Zellko\u0308rper.png") == "Zellkörper.png"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("../cells.png", "contains a path"),
        ("/etc/passwd", "contains a path"),
        ("C:\\cells.png", "contains a path"),
        ("..", "is a folder"),
        ("a\0b.png", "control characters"),
        ("a\nb.png", "control characters"),
        ("\ud800.png", "control characters"),
        ("\u202egnp.exe", "control characters"),
        ("ä" * 128, "longer than 255 bytes"),
    ],
)
def test_an_unsafe_name_is_refused_with_its_reason(name, reason):
    with pytest.raises(RejectedFileError, match=reason) as refused:
        safe_filename(name)

    assert refused.value.code == "unsafe_name"
    assert refused.value.detail.isprintable()
