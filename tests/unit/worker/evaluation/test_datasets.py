"""Folders of annotated images."""

import numpy as np
import pytest
from PIL import Image

from shared.domain.engines import Modality
from shared.domain.errors import InvalidInputError, RejectedFileError
from worker.evaluation.datasets import annotated_images


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path):
    mask = np.zeros((8, 10), np.uint16)
    mask[2:5, 2:5] = 300
    for name in ("b", "a"):
        save(tmp_path / f"images/{name}.jpg", np.zeros((8, 10), np.uint8))
        save(tmp_path / f"masks/{name}.png", mask)
    return tmp_path


def test_images_and_masks_of_the_same_name_belong_together(folder):
    found = annotated_images(folder)

    assert [(each.image.name, each.mask.name) for each in found] == [
        ("a.jpg", "a.png"),
        ("b.jpg", "b.png"),
    ]
    image, mask = found[0].read()
    assert (image.shape, mask.shape, mask.max()) == ((8, 10, 1), (8, 10), 300)


def test_a_manifest_names_files_masks_and_modalities(folder):
    (folder / "manifest.csv").write_text(
        "file,mask,modality\nimages/b.jpg,masks/a.png,cells_phase\nimages/a.jpg,masks/a.png,\n"
    )

    found = annotated_images(folder)

    assert [(each.image.name, each.mask.name, each.modality) for each in found] == [
        ("b.jpg", "a.png", Modality.CELLS_PHASE),
        ("a.jpg", "a.png", None),
    ]


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("file,modality\n", "no column mask"),
        ("file,mask,modality\nimages/c.jpg,masks/a.png,\n", r"images/c\.jpg.*does not exist"),
        ("file,mask,modality\nimages/a.jpg,masks/a.png,cats\n", "'cats' is no modality: nuclei_f"),
        ("file,mask,modality\n", r"no image with a mask: put images/"),
    ],
)
def test_a_wrong_manifest_is_refused_with_what_is_wrong(folder, manifest, words):
    (folder / "manifest.csv").write_text(manifest)

    with pytest.raises(InvalidInputError, match=words):
        annotated_images(folder)


def test_an_image_without_a_mask_is_named(folder):
    (folder / "masks/a.png").unlink()

    with pytest.raises(InvalidInputError, match=r"a\.jpg has no mask"):
        annotated_images(folder)


def test_an_empty_folder_says_what_belongs_into_it(tmp_path):
    with pytest.raises(InvalidInputError, match="masks/ with files of the same names"):
        annotated_images(tmp_path)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.zeros((8, 10, 3), np.uint8), "is no mask"),
        (np.zeros((8, 10), np.float32), "is no mask"),
        (np.zeros((8, 9), np.uint8), r"has 9 by 8 pixels.*10 by 8"),
    ],
)
def test_what_is_no_mask_of_the_image_is_refused(folder, mask, words):
    (folder / "masks/a.png").unlink()
    save(folder / "masks/a.tif", mask)

    with pytest.raises(InvalidInputError, match=words):
        annotated_images(folder)[0].read()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xff\xfef\x00i\x00", "is no text in UTF-8"),
        (b"file,mask,modality\nimages/a.jpg\n", "line 2, names no file or no mask"),
        (b"file,mask,modality\n,masks/a.png,any\n", "line 2, names no file or no mask"),
    ],
)
def test_a_manifest_that_is_none_is_refused_in_words(folder, content, sentence):
    (folder / "manifest.csv").write_bytes(content)

    with pytest.raises(InvalidInputError, match=sentence):
        annotated_images(folder)


def test_a_file_that_is_no_image_is_named(folder):
    (folder / "images/a.jpg").write_bytes(b"words")

    with pytest.raises(RejectedFileError, match=r"a\.jpg is not an image"):
        annotated_images(folder)[0].read()
