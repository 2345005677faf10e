"""The histogram over the sliders of a channel: true numbers, and the window over them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE, Person
from tests.e2e.test_browser_modules import page, run
from tests.e2e.test_every_page import violations
from tests.e2e.test_viewer import image_of
from tests.images import encoded, tiff

__all__ = ["image_of", "page"]

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]

#: Which of 12 stretches of the first histogram, from left to right, have a high bar.
FILLED = """
() => {
  const canvas = document.querySelector(".curve");
  const context = canvas.getContext("2d");
  const [top, high] = [canvas.height / 2, canvas.height / 4];
  const isBar = (x) => {
    const { data } = context.getImageData(x, top, 1, high);
    const half = data.filter((alpha, byte) => byte % 4 === 3 && alpha > 60 && alpha < 250);
    return half.length === high; // Lines over the bars are whole, and the ground is nothing.
  };
  const stretch = canvas.width / 12;
  const columns = Array.from({ length: stretch }, (_, x) => x);
  return Array.from({ length: 12 }, (_, at) => columns.some((x) => isBar(at * stretch + x)));
}
"""

#: Whether anything is drawn in the first histogram.
DRAWN = """
() => {
  const canvas = document.querySelector(".curve");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some(Boolean);
}
"""


def displayed(page: Page, address: str) -> Page:
    page.goto(address)
    page.get_by_role("tab", name="Display").click()
    page.locator(".curve").first.wait_for(timeout=PATIENCE)
    page.wait_for_function(DRAWN)  # Which happens after the frame that brings the canvas.
    return page


def two_tones(low: int, high: int) -> np.ndarray[Any, Any]:
    """Return a picture of dark and bright pixels at random: a mean of neighbours is neither."""
    bright = np.random.default_rng(7).integers(0, 2, (1100, 1100))
    return np.where(bright, high, low).astype(np.uint16)


def test_the_histogram_tells_the_numbers_of_the_file_though_only_tiles_are_loaded(
    ana: Person, new_context: NewContext, tmp_path: Path, image_of: Callable[..., str]
) -> None:
    file = tmp_path / "tones.tif"
    file.write_bytes(tiff(two_tones(1000, 61_000)))

    page = displayed(ana.sign_in(new_context()), image_of(file, segmented=False))

    histogram = page.get_by_role("img", name="how often each number from 1,000 to 61,000 occurs")
    expect(histogram).to_be_visible()
    page.get_by_role("button", name="Full range").click()
    expect(page.get_by_label("Brightness, white")).to_have_value("1000")
    page.wait_for_function(f"() => ({FILLED})().some(Boolean)")
    assert page.evaluate(FILLED) == [True, *[False] * 10, True]


def test_the_window_over_the_histogram_follows_keys_and_the_automatic_one(
    ana: Person, new_context: NewContext, tmp_path: Path, image_of: Callable[..., str]
) -> None:
    picture = np.random.default_rng(2).normal(30_000, 4_000, (200, 300)).clip(0, 65_535)
    file = tmp_path / "noise.tif"
    file.write_bytes(tiff(picture.astype(np.uint16)))
    page = displayed(ana.sign_in(new_context()), image_of(file, segmented=False))
    curve = page.locator(".curve")
    white = page.get_by_label("Brightness, white")
    drawn = "canvas => canvas.toDataURL()"
    automatic = curve.evaluate(drawn)

    white.focus()
    for _ in range(5):
        page.keyboard.press("PageDown")

    page.wait_for_function(
        "before => document.querySelector('.curve').toDataURL() !== before", arg=automatic
    )
    assert violations(page) == []
    page.get_by_role("button", name="Auto").click()
    page.wait_for_function(
        "before => document.querySelector('.curve').toDataURL() === before", arg=automatic
    )


def test_of_a_picture_that_comes_whole_pixels_are_counted_and_not_their_means(page: Page) -> None:
    checked = encoded(two_tones(20, 220).astype(np.uint8))

    counted = run(
        page,
        f"""
        const {{ WholePicture }} = await import(JS + "viewer/sources.js");
        const file = new Blob([new Uint8Array({list(checked)})], {{ type: "image/png" }});
        const size = {{ width: 1100, height: 1100, channels: 1 }};
        const picture = new WholePicture(URL.createObjectURL(file), size);
        const {{ channels: [{{ histogram }}] }} = await picture.open();
        return histogram.counts.flatMap((count, number) => (count ? [number] : []));
        """,
    )

    assert counted == [20, 220]
