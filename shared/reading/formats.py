"""The image formats we read, told by content, and the ones we refuse by name."""

from enum import StrEnum

from shared.domain.errors import RejectedFileError
from shared.domain.images import RejectionCode

#: As many bytes of a file as `recognise` needs.
HEAD_BYTES = 512


class ImageFormat(StrEnum):
    """A kind of file that we read."""

    PNG = "png"
    JPEG = "jpeg"
    BMP = "bmp"
    TIFF = "tiff"
    ND2 = "nd2"
    CZI = "czi"
    LIF = "lif"

    @property
    def content_type(self) -> str:
        return "application/octet-stream" if self in TITLES else f"image/{self}"

    @property
    def is_drawn_by_browsers(self) -> bool:
        return self in {ImageFormat.PNG, ImageFormat.JPEG, ImageFormat.BMP}


#: Formats of a microscope's maker, read where its extra is installed.
TITLES = {
    ImageFormat.ND2: "Nikon (ND2)",
    ImageFormat.CZI: "Zeiss (CZI)",
    ImageFormat.LIF: "Leica (LIF)",
}


_READ = (
    (b"\x89PNG", ImageFormat.PNG),
    (b"\xff\xd8\xff", ImageFormat.JPEG),
    (b"II*\0", ImageFormat.TIFF),
    (b"MM\0*", ImageFormat.TIFF),
    (b"II+\0", ImageFormat.TIFF),
    (b"MM\0+", ImageFormat.TIFF),
    (b"\xda\xce\xbe\x0a", ImageFormat.ND2),
    (b"ZISRAWFILE", ImageFormat.CZI),
    (b"\x70\0\0\0", ImageFormat.LIF),
)

#: Where a magic number stands, the number, and what people call such a file.
_REFUSED = (
    (0, b"GIF8", "GIF"),
    (8, b"WEBP", "WebP"),
    (0, b"%PDF", "PDF"),
    (0, b"PK\x03\x04", "ZIP"),
    (0, b"PK\x05\x06", "ZIP"),
    (0, b"\xd0\xcf\x11\xe0", "Olympus OIB and other OLE"),
    (0, b"\x89HDF", "HDF5 (Imaris and others)"),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftyp", "video"),
    (8, b"AVI ", "AVI video"),
    (0, b"8BPS", "Photoshop"),
    (128, b"DICM", "DICOM"),
    (0, b"\x93NUMPY", "NumPy"),
    (0, b"SIMPLE  =", "FITS"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"7z\xbc\xaf", "7z"),
    (0, b"Rar!", "RAR"),
    (0, b"<svg", "SVG"),
)

#: Sizes of the header that may follow a BMP's first 14 bytes.
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_BMP_HEAD = 18


def recognise(head: bytes, name: str) -> ImageFormat:
    """Return the format of a file that begins with *head*; refuse any other by name."""
    for magic, found in _READ:
        if head.startswith(magic):
            return found
    if _begins_as_bmp(head):
        return ImageFormat.BMP
    for offset, magic, title in _REFUSED:
        if head[offset:].startswith(magic):
            raise RejectedFileError(
                f"{title} files are not supported ({name}). "
                "Save the picture as TIFF or PNG and upload that copy.",
                code=RejectionCode.UNSUPPORTED_FORMAT,
            )
    raise RejectedFileError(
        f"{name} is not an image that celltally reads, whatever its name says. "
        "Upload PNG, JPEG, BMP or TIFF, or a ZIP of them.",
        code=RejectionCode.UNSUPPORTED_FORMAT,
    )


def _begins_as_bmp(head: bytes) -> bool:
    # Two letters are no proof: many a text begins with BM.
    if not head.startswith(b"BM") or any(head[6:10]):
        return False
    if len(head) < _BMP_HEAD:
        return b"\0" in head
    return int.from_bytes(head[14:18], "little") in _BMP_HEADERS
