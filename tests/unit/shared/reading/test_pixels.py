import zlib
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from shared.domain.errors import RejectedFileError
from shared.reading import ImageFormat, describe, read_pixels
from tests.images import tiff

GREY = np.random.default_rng(0).integers(0, 255, (40, 60), dtype=np.uint8)
DEEP = np.random.default_rng(1).integers(0, 65535, (40, 60), dtype=np.uint16)
COLOURS = np.random.default_rng(2).integers(0, 255, (40, 60, 3), dtype=np.uint8)
STACK = np.random.default_rng(3).integers(0, 65535, (3, 40, 60), dtype=np.uint16)


def saved(picture, kind, mode=None, **options):
    image = Image.fromarray(picture)
    buffer = BytesIO()
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


LOSSLESS = {
    "grey PNG": (saved(GREY, "PNG"), GREY),
    "16-bit PNG": (saved(DEEP, "PNG"), DEEP),
    "RGB PNG": (saved(COLOURS, "PNG"), COLOURS),
    "RGBA PNG": (saved(COLOURS, "PNG", "RGBA"), COLOURS),
    "48-bit PNG": (
        imagecodecs.png_encode(np.moveaxis(STACK, 0, 2).copy()),
        np.moveaxis(STACK, 0, 2),
    ),
    "RGB BMP": (saved(COLOURS, "BMP"), COLOURS),
    "grey BMP": (saved(GREY, "BMP"), GREY),
    "8-bit TIFF": (tiff(GREY), GREY),
    "16-bit TIFF": (tiff(DEEP), DEEP),
    "big-endian TIFF": (tiff(DEEP, byteorder=">"), DEEP),
    "BigTIFF": (tiff(DEEP, bigtiff=True), DEEP),
    "float TIFF": (tiff(DEEP.astype("f4")), DEEP.astype("f4")),
    "signed TIFF": (tiff(DEEP.astype("i2")), DEEP.astype("i2")),
    "RGB TIFF": (tiff(COLOURS, photometric="rgb"), COLOURS),
    "planar RGB TIFF": (
        tiff(np.moveaxis(COLOURS, 2, 0), photometric="rgb", planarconfig="separate"),
        COLOURS,
    ),
    "tiled deflated TIFF": (tiff(DEEP, tile=(16, 16), compression="zlib"), DEEP),
    "LZW TIFF": (tiff(DEEP, compression="lzw"), DEEP),
    "white-is-zero TIFF": (tiff(GREY, photometric="miniswhite"), 255 - GREY),
    "OME-TIFF with channels": (
        tiff(STACK, ome=True, metadata={"axes": "CYX"}),
        np.moveaxis(STACK, 0, 2),
    ),
    "ImageJ TIFF with channels": (
        tiff(STACK, imagej=True, metadata={"axes": "CYX"}),
        np.moveaxis(STACK, 0, 2),
    ),
    "focal planes": (tiff(STACK, ome=True, metadata={"axes": "ZYX"}), STACK.max(axis=0)),
    "five samples": (
        tiff(np.dstack([DEEP] * 5), photometric="minisblack", planarconfig="contig"),
        np.dstack([DEEP] * 5),
    ),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_the_pixels_that_were_saved_are_read(name):
    content, expected = LOSSLESS[name]

    pixels = read_pixels(content)

    assert pixels.dtype == expected.dtype
    assert np.array_equal(pixels, np.atleast_3d(expected))


@pytest.mark.parametrize("name", LOSSLESS)
def test_the_facts_are_those_of_the_pixels(name):
    content, _ = LOSSLESS[name]
    pixels = read_pixels(content)

    facts = describe(content)

    assert (facts.height, facts.width, facts.channels) == pixels.shape
    assert facts.bit_depth == pixels.dtype.itemsize * 8
    assert facts.pages == 1


@pytest.mark.parametrize("name", LOSSLESS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_file_that_is_cut_off_is_unreadable(name, share):
    content, _ = LOSSLESS[name]

    with pytest.raises(RejectedFileError) as refused:
        read_pixels(content[: int(len(content) * share)], name="dish.tif")

    assert refused.value.code == "unreadable_image"
    assert refused.value.detail.startswith("dish.tif")


def test_a_jpeg_is_read_and_one_cut_off_is_not():
    whole = saved(COLOURS, "JPEG", quality=95)

    assert read_pixels(whole).shape == (40, 60, 3)
    with pytest.raises(RejectedFileError, match="cannot be read"):
        read_pixels(whole[: len(whole) // 2])


def test_a_jpeg_is_turned_as_browsers_turn_it():
    content = saved(COLOURS, "JPEG", exif=turned())

    facts = describe(content)

    assert (facts.width, facts.height) == (40, 60)
    assert read_pixels(content).shape == (60, 40, 3)


@pytest.mark.parametrize(
    ("unit", "size", "expected"),
    [("µm", 0.325, 0.325), ("nm", 325.0, 0.325), ("mm", 0.001, 1.0), ("pixel", 1.0, None)],
)
def test_an_ome_tiff_tells_its_pixel_size(unit, size, expected):
    metadata = {"axes": "YX"}
    for axis in "XY":
        metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": unit}

    facts = describe(tiff(DEEP, ome=True, metadata=metadata))

    assert facts.pixel_size_um == (expected and pytest.approx(expected))


@pytest.mark.parametrize("size", [1e-300, 6.5e-7, 3e4])
def test_a_size_in_the_wrong_unit_is_no_pixel_size(size):
    """Metres that are told as micrometres would fail whatever measures in them."""
    metadata = {"PhysicalSizeX": size, "PhysicalSizeY": size}

    assert describe(tiff(DEEP, ome=True, metadata=metadata)).pixel_size_um is None


def test_an_imagej_tiff_tells_its_pixel_size():
    content = tiff(DEEP, imagej=True, resolution=(2.0, 2.0), metadata={"unit": "um"})

    assert describe(content).pixel_size_um == pytest.approx(0.5)


def test_a_resolution_for_printing_is_no_pixel_size():
    assert describe(tiff(DEEP, resolution=(300, 300), resolutionunit="INCH")).pixel_size_um is None


def test_pixels_that_are_not_square_have_no_one_size():
    content = tiff(DEEP, resolution=(20_000, 10_000), resolutionunit="CENTIMETER")

    assert describe(content).pixel_size_um is None


FILMS = {
    "plain pages": (tiff(STACK, photometric="minisblack"), STACK),
    "time": (tiff(STACK, ome=True, metadata={"axes": "TYX"}), STACK),
    "Pillow": (
        saved(GREY, "TIFF", save_all=True, append_images=[Image.fromarray(GREY + 1)]),
        np.stack([GREY, GREY + 1]),
    ),
    "compressed pages": (tiff(STACK, photometric="minisblack", compression="zlib"), STACK),
    "pages of ImageJ": (tiff(STACK, imagej=True, metadata={"axes": "TYX"}), STACK),
    "colours": (
        tiff(np.stack([COLOURS, 255 - COLOURS]), photometric="rgb"),
        np.stack([COLOURS, 255 - COLOURS]),
    ),
}


@pytest.mark.parametrize("name", FILMS)
def test_each_page_is_an_image_of_its_own(name):
    """U5, rules.md 29."""
    content, expected = FILMS[name]

    for page, picture in enumerate(expected):
        facts = describe(content, page=page)
        pixels = read_pixels(content, page)
        assert np.array_equal(pixels, np.atleast_3d(picture)), page
        assert facts.pages == len(expected)
        assert (facts.height, facts.width, facts.channels) == pixels.shape


HYPERSTACK = np.random.default_rng(4).integers(0, 65535, (2, 4, 3, 20, 30), dtype=np.uint16)


@pytest.mark.parametrize(
    "content",
    [
        tiff(HYPERSTACK, imagej=True, metadata={"axes": "TZCYX"}),
        tiff(HYPERSTACK, ome=True, metadata={"axes": "TZCYX"}),
        tiff(HYPERSTACK, ome=True, metadata={"axes": "TZCYX"}, compression="zlib"),
        tiff(HYPERSTACK.transpose(2, 0, 1, 3, 4), ome=True, metadata={"axes": "CTZYX"}),
    ],
    ids=["ImageJ", "OME", "OME, compressed", "OME, channels first"],
)
def test_of_a_hyperstack_moments_are_images_planes_are_projected_and_channels_stay(content):
    """U5, rules.md 29."""
    for moment, volume in enumerate(HYPERSTACK):
        expected = np.moveaxis(volume.max(axis=0), 0, 2)

        assert np.array_equal(read_pixels(content, moment), expected)
        assert describe(content, page=moment).pages == 2


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_stack_that_imagej_wrote_as_one_page_is_read_image_by_image(order):
    """ImageJ writes stacks of more than 4 GB so: the other pages lie right behind the first."""
    whole = tiff(STACK, imagej=True, byteorder=order, metadata={"axes": "TYX"})
    with tifffile.TiffFile(BytesIO(whole)) as written:
        start, pointer = written.pages[0].dataoffsets[0], written.pages[0].offset
        count = len(written.pages[0].tags)
    assert whole[start : start + STACK.nbytes] == STACK.astype(f"{order}u2").tobytes()
    behind_first_page = pointer + 2 + 12 * count
    one_page = whole[:behind_first_page] + bytes(4) + whole[behind_first_page + 4 :]
    with tifffile.TiffFile(BytesIO(one_page)) as written:
        assert len(written.pages) == 1

    for page, picture in enumerate(STACK):
        assert np.array_equal(read_pixels(one_page, page)[:, :, 0], picture)


def test_pictures_of_several_sizes_are_pages_one_after_the_other():
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(DEEP, photometric="minisblack")
        writer.write(COLOURS[:10, :20], photometric="rgb")
    content = buffer.getvalue()

    assert np.array_equal(read_pixels(content, 0)[:, :, 0], DEEP)
    assert np.array_equal(read_pixels(content, 1), COLOURS[:10, :20])
    assert (describe(content, page=1).width, describe(content, page=1).bit_depth) == (20, 8)


def test_the_reduced_copies_of_a_pyramid_are_no_images():
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(GREY, subifds=1, photometric="minisblack")
        writer.write(GREY[::2, ::2], subfiletype=1, photometric="minisblack")

    assert describe(buffer.getvalue()).pages == 1


def test_each_image_of_an_ome_tiff_has_its_own_pixel_size():
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer, ome=True) as writer:
        for size in (0.5, 0.25):
            metadata = {"axes": "YX"}
            for axis in "XY":
                metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": "µm"}
            writer.write(DEEP, photometric="minisblack", metadata=metadata)

    sizes = [describe(buffer.getvalue(), page=page).pixel_size_um for page in (0, 1)]

    assert sizes == [pytest.approx(0.5), pytest.approx(0.25)]


def test_more_pages_than_anybody_looks_at_are_refused(monkeypatch):
    monkeypatch.setattr("shared.reading.refusals.MOST_PAGES", 2)

    with pytest.raises(RejectedFileError, match=r"film\.tif holds 3 pages.*at most 2") as refused:
        read_pixels(FILMS["time"][0], name="film.tif")

    assert refused.value.code == "too_many_pixels"


def test_a_page_that_is_not_there_is_told_with_the_number_of_those_that_are():
    with pytest.raises(RejectedFileError, match="it has 3 pages, and page 4 was asked for"):
        read_pixels(FILMS["time"][0], page=3)


PALETTE = np.random.default_rng(5).integers(0, 65535, (3, 256), dtype=np.uint16)


def test_numbers_that_stand_for_colours_become_the_colours():
    content = tiff(GREY, photometric="palette", colormap=PALETTE)

    pixels = read_pixels(content)

    assert np.array_equal(pixels, np.moveaxis(PALETTE[:, GREY], 0, 2))
    assert (describe(content).channels, describe(content).bit_depth) == (3, 16)


def test_a_palette_over_several_pages_colours_each():
    content = tiff(np.stack([GREY, 255 - GREY]), photometric="palette", colormap=PALETTE)

    assert np.array_equal(read_pixels(content, 1), np.moveaxis(PALETTE[:, 255 - GREY], 0, 2))


def test_the_colours_in_which_imagej_shows_grey_are_no_colours():
    """A lookup table is how ImageJ shows an image; its numbers still are what the camera saw."""
    content = tiff(
        GREY,
        photometric="palette",
        colormap=PALETTE,
        description="ImageJ=1.54f\nimages=1\n",
        metadata=None,
    )

    assert np.array_equal(read_pixels(content)[:, :, 0], GREY)
    assert describe(content).channels == 1


def test_gaps_of_a_float_stack_stay_gaps():
    stack = STACK.astype("f4")
    stack[1, 5, 7] = np.nan

    pixels = read_pixels(tiff(stack, ome=True, metadata={"axes": "ZYX"}))

    assert np.isnan(pixels[5, 7, 0])
    assert np.isfinite(pixels).sum() == pixels.size - 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_camera_says(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(COLOURS, kind, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(BytesIO(content))))

    assert np.array_equal(read_pixels(content), expected)
    assert (describe(content).height, describe(content).width) == expected.shape[:2]


def test_printing_colours_and_complex_numbers_are_refused_by_name():
    for content, word in [
        (saved(COLOURS, "TIFF", "CMYK"), "CMYK"),
        (tiff(DEEP.astype("c8")), "complex64"),
    ]:
        with pytest.raises(RejectedFileError, match=word):
            read_pixels(content)


def test_too_many_pixels_are_refused_from_the_header_alone():
    whole = saved(GREY, "PNG")
    header = b"IHDR" + (100_000).to_bytes(4) * 2 + whole[24:29]
    bomb = whole[:12] + header + zlib.crc32(header).to_bytes(4) + whole[33:]

    with pytest.raises(RejectedFileError) as refused:
        describe(bomb, name="bomb.png", max_pixels=1_000_000)

    assert refused.value.code == "too_many_pixels"
    assert "10,000,000,000 pixels" in refused.value.detail


POINTING_ELSEWHERE = (
    '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
    'UUID="urn:uuid:1"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" '
    'Type="uint16" SizeX="60" SizeY="40" SizeC="2" SizeZ="1" SizeT="1">'
    '<TiffData FirstC="0" IFD="0" PlaneCount="1"><UUID FileName="a.tif">urn:uuid:1</UUID>'
    '</TiffData><TiffData FirstC="1" IFD="0" PlaneCount="1"><UUID FileName="secret.tif">'
    "urn:uuid:2</UUID></TiffData></Pixels></Image></OME>"
)


def test_an_upload_that_names_another_file_reads_none_but_its_own(tmp_path):
    (tmp_path / "secret.tif").write_bytes(tiff(DEEP + 1))
    upload = tmp_path / "a.tif"
    upload.write_bytes(tiff(DEEP, description=POINTING_ELSEWHERE, metadata=None))

    pixels = read_pixels(upload)

    assert np.array_equal(pixels[:, :, 0], DEEP)
    assert pixels.shape[2] == 1


def test_the_second_page_of_one_is_refused():
    with pytest.raises(RejectedFileError, match="page 2 was asked for"):
        read_pixels(saved(GREY, "PNG"), page=1)


def test_a_format_knows_its_content_type():
    assert ImageFormat.JPEG.content_type == "image/jpeg"
