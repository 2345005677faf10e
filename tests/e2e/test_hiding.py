"""Classes that are hidden: not drawn, not hit, not listed; and the address keeps it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import PATIENCE
from tests.e2e.test_browser_modules import page, run
from tests.e2e.test_editor import Image, ask, click, image, opened, see_objects, see_saved
from tests.e2e.test_every_page import violations

__all__ = ["image", "page"]

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]


@pytest.fixture
def classed(image: Image, new_context: NewContext) -> Page:
    """The page of three disks, the middle one with a class."""
    page = opened(image.owner.sign_in(new_context()), image)
    saved = image.saved()
    drawn = [
        {key: each[key] for key in ("label", "polygon", "holes")}
        | ({"class": "dividing"} if each["label"] == 2 else {})
        for each in saved["objects"]
    ]
    ask(
        image.owner,
        "PUT",
        f"images/{image.id}/segmentation",
        json={"objects": drawn},
        headers={"If-Match": f'"{saved["version"]}"'},
    )
    return opened(page, image)


def shown(page: Page, name: str) -> None:
    page.get_by_role("group", name="Classes").get_by_label(name).check()


def hidden(page: Page, name: str) -> None:
    page.get_by_role("group", name="Classes").get_by_label(name).uncheck()


def test_a_hidden_class_is_not_drawn_hit_or_listed_until_it_is_shown_again(
    classed: Page,
) -> None:
    click(classed, 72, 36)
    expect(classed.locator("[data-selection]")).to_contain_text("Object 2")

    hidden(classed, "dividing")

    expect(classed.locator("[data-object]")).to_have_count(2)
    expect(classed.locator("[data-in-view]")).to_have_text("2 in view")
    expect(classed.locator("[data-selection]")).to_have_count(0)  # Nobody deletes what is not seen.
    click(classed, 72, 36)
    expect(classed.locator("[data-object][aria-selected='true']")).to_have_count(0)
    click(classed, 36, 36)
    expect(classed.locator("[data-object][aria-selected='true']")).to_have_count(1)
    assert violations(classed) == []
    shown(classed, "dividing")
    expect(classed.locator("[data-object]")).to_have_count(3)
    expect(classed.locator("[data-in-view]")).to_have_text("3 in view")


def test_a_link_hides_the_same_and_offers_it_whatever_colours_mean(
    classed: Page,
) -> None:
    hidden(classed, "No class")
    classed.get_by_role("tab", name="Display").click()
    classed.get_by_label("Colour by").select_option("area")
    classed.wait_for_url(lambda url: url.endswith("by=area&hide="))

    classed.reload()

    expect(classed.locator("[data-legend='area']")).to_be_visible(timeout=PATIENCE)
    expect(classed.locator("[data-object]")).to_have_count(1)
    shown(classed, "No class")
    expect(classed.locator("[data-object]")).to_have_count(3)
    classed.wait_for_url(lambda url: "hide" not in url)


def test_who_edits_sees_what_came_of_it(classed: Page) -> None:
    hidden(classed, "dividing")
    click(classed, 36, 36)

    classed.get_by_label("Class", exact=True).fill("dividing")
    classed.get_by_label("Class", exact=True).press("Enter")

    expect(classed.locator("[data-object]")).to_have_count(3)
    expect(classed.locator("[data-selection]")).to_be_visible()
    see_objects(classed, 3)
    see_saved(classed)


def test_names_of_hidden_classes_come_back_from_the_address_whatever_is_in_them(
    page: Page,
) -> None:
    names = ["", "a,b", "x&hide=y", "größer 5 %"]

    back = run(
        page,
        f"""
        const {{ readAddress, writeAddress }} = await import(JS + "viewer/address.js");
        const shown = readAddress("");
        return readAddress(writeAddress("?hide=old", {{ ...shown, hidden: {names} }})).hidden;
        """,
    )

    assert back == names
