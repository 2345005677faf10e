"""What differs when two people edit one image: counted, drawn, and gone through before deciding."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE
from tests.e2e.test_browser_modules import page, run
from tests.e2e.test_editor import (
    Image,
    ask,
    click,
    drag,
    eva,
    image,
    opened,
    see_objects,
    see_saved,
    shared_with,
    take,
)
from tests.e2e.test_every_page import violations

__all__ = ["eva", "image", "page"]

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]

MINUS = "\u2212"  #: The sign of what was deleted.

OBJECTS = """
const { differencesOf } = await import(JS + "editor/differences.js");
const square = (label, side, more = {}) => ({ label, holes: [], ...more,
  polygon: [[0, 0], [side, 0], [side, side], [0, side]] });
const words = (found) => found.map(({ label, kind, by }) => `${label} ${kind} ${by}`);
"""

#: How many pixels over the outlines have the colour of lines of theirs.
BLUE = """
() => {
  const canvas = document.querySelectorAll(".stage canvas")[1];
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 255 && Math.abs(data[at] - 138) < 6 && data[at + 2] > 249) count += 1;
  }
  return count;
}
"""


#: Rows whose words are not all in view.
CUT_WORDS = """
() => [...document.querySelectorAll(".review-row span:last-child")]
  .filter((each) => each.scrollWidth > each.clientWidth
    || each.scrollHeight > each.clientHeight + 1)
  .map((each) => each.innerText)
"""


def differences(page: Page, script: str) -> Any:
    return run(page, OBJECTS + script)


def test_it_is_told_what_differs_and_who_changed_it(page: Page) -> None:
    told = differences(
        page,
        """
        const base = [1, 2, 3, 4, 5].map((label) => square(label, 8));
        const mine = [square(2, 8), square(3, 9), square(4, 9), square(5, 8, { class: "dead" }), square(6, 4)];
        const theirs = [square(1, 8), square(3, 8), square(4, 7), square(5, 8), square(7, 5)];
        return words(differencesOf(base, mine, theirs));
        """,  # noqa: E501 - one list a line is what can be compared.
    )

    assert told == [
        "1 removed mine",
        "2 removed theirs",
        "3 outline mine",
        "4 outline both",
        "5 class mine",
        "6 added mine",
        "7 added theirs",
    ]


def test_new_objects_of_both_under_one_label_are_two_differences(page: Page) -> None:
    told = differences(page, "return words(differencesOf([], [square(4, 5)], [square(4, 9)]))")

    assert told == ["4 added mine", "4 added theirs"]


def test_an_outline_that_the_server_drew_along_the_same_pixels_is_no_difference(page: Page) -> None:
    told = differences(
        page,
        """
        const drawn = { label: 1, polygon: [[0.2, 0.1], [5.9, 0.2], [5.8, 6.1], [0.1, 5.9]] };
        return words(differencesOf([drawn], [drawn], [square(1, 6)]));
        """,
    )

    assert told == []


def test_outlines_that_lie_far_apart_are_told_apart_without_a_mask_of_all_between(
    page: Page,
) -> None:
    told = differences(
        page,
        """
        const there = square(1, 6).polygon.map(([x, y]) => [x + 1e6, y + 1e6]);
        const moved = { label: 1, holes: [], polygon: there };
        return words(differencesOf([square(1, 6)], [square(1, 6)], [moved]));
        """,
    )

    assert told == ["1 outline theirs"]


def in_conflict(image: Image, other: Any, new_context: NewContext, **look: Any) -> tuple[Page, Any]:
    """Return the page of the slower of two, who drew an object and deleted one; and theirs."""
    shared_with(image, other, "editor")
    ana = opened(image.owner.sign_in(new_context()), image)
    eva = opened(other.sign_in(new_context(**look)), image)
    eva.context.set_offline(True)  # She hears of nothing until she saves.
    click(ana, 36, 36)
    ana.keyboard.press("Delete")
    see_objects(ana, 2)
    click(ana, 72, 36)
    ana.get_by_label("Class", exact=True).fill("dividing")
    ana.get_by_label("Class", exact=True).press("Enter")
    see_saved(ana)
    theirs = image.saved()
    take(eva, "Draw an object")
    drag(eva, (10, 4), (30, 4), (30, 14), (10, 14), (10, 5))
    take(eva, "Select")
    click(eva, 108, 36)
    eva.keyboard.press("Delete")
    see_objects(eva, 3)
    eva.context.set_offline(False)
    eva.get_by_role("button", name="Review differences").wait_for(timeout=PATIENCE)
    return eva, theirs


def test_who_was_slower_sees_all_that_differs_before_deciding(
    image: Image, eva: Any, new_context: NewContext
) -> None:
    page, _ = in_conflict(image, eva, new_context)

    page.get_by_role("button", name="Review differences").click()

    rows = page.get_by_role("listbox", name="What differs").get_by_role("option")
    expect(rows).to_have_text(
        [
            f"{MINUS}Object 1Deleted by them",
            "◆Object 2Class changed by them: yours No class, theirs dividing",
            f"{MINUS}Object 3Deleted by you",
            "+Object 4Added by you",
        ]
    )


def test_differences_are_gone_through_by_keys_and_drawn(
    image: Image, eva: Any, new_context: NewContext
) -> None:
    page, _ = in_conflict(image, eva, new_context)
    assert page.evaluate(BLUE) == 0

    page.get_by_role("button", name="Review differences").click()
    review = page.get_by_role("region", name="What differs")
    expect(review).to_contain_text("1 added")
    expect(review).to_contain_text("2 deleted")
    expect(review).to_contain_text("1 / 4")
    page.wait_for_function(f"() => ({BLUE})() > 20")
    review.get_by_role("button", name="Next difference").click()
    expect(review).to_contain_text("2 / 4")
    review.get_by_role("listbox").press("End")
    expect(review).to_contain_text("4 / 4")
    expect(review.get_by_role("option", selected=True)).to_contain_text("Added by you")
    assert violations(page) == []

    page.get_by_role("button", name="Keep mine").click()
    see_saved(page)
    expect(review).to_have_count(0)
    page.wait_for_function(f"() => ({BLUE})() === 0")
    saved = {each["label"]: each.get("class") for each in image.objects()}
    assert list(saved.values()) == ["dividing", None]
    see_objects(page, 2)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_the_review_is_accessible_and_fits(
    image: Image, eva: Any, new_context: NewContext, theme: str, width: int
) -> None:
    size = {"width": width, "height": 844}
    page, theirs = in_conflict(image, eva, new_context, color_scheme=theme, viewport=size)

    page.get_by_role("button", name="Review differences").click()

    page.get_by_role("listbox", name="What differs").wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT_WORDS) == []
    stage = page.locator(".stage").bounding_box()
    assert stage is not None
    assert stage["height"] > 200
    page.get_by_role("button", name="Load theirs").click()
    see_saved(page)
    see_objects(page, 2)
    assert ask(eva, "GET", f"images/{image.id}/segmentation")["version"] == theirs["version"]
