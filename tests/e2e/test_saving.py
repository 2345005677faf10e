"""A connection that goes while a change is being saved: it is told, and nothing is lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import PATIENCE
from tests.e2e.test_editor import Image, click, drag, image, opened, see_objects, see_saved, take

__all__ = ["image"]

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]


def only_saves(route: Route, act: Callable[[Route], None]) -> None:
    if route.request.method == "PUT":
        act(route)
    else:
        route.fallback()


def draw(page: Page, *lefts: int) -> None:
    """Draw small objects at the upper edge, which have no pixel in common."""
    take(page, "Draw an object")
    for left in lefts:
        drag(page, (left, 2), (left + 8, 2), (left + 8, 10), (left, 10), (left, 3))


def labels_of(image: Image) -> list[int]:
    return sorted(each["label"] for each in image.objects())


def test_what_is_changed_before_and_while_a_save_breaks_off_is_saved_later(
    image: Image, new_context: NewContext
) -> None:
    page = opened(image.owner.sign_in(new_context()), image)
    state = page.locator("[data-saving]")
    held: list[Route] = []
    page.route("**/segmentation", lambda route: only_saves(route, held.append))
    with page.expect_request(lambda request: request.method == "PUT"):
        click(page, 36, 36)
        page.keyboard.press("Delete")
    expect(state).to_have_text("Saving…")
    draw(page, 4, 16)
    see_objects(page, 4)
    held.pop().abort("connectionreset")

    expect(state).to_have_text("Not saved: kept in this browser, trying again", timeout=PATIENCE)
    assert labels_of(image) == [1, 2, 3]
    page.unroute("**/segmentation")
    page.reload()  # Even then.
    see_objects(page, 4)
    see_saved(page)

    assert labels_of(image) == [2, 3, 4, 5]


def test_what_was_changed_just_before_the_page_is_left_is_there_again(
    image: Image, new_context: NewContext
) -> None:
    page = opened(image.owner.sign_in(new_context()), image)
    page.route("**/segmentation", lambda route: only_saves(route, Route.abort))

    for rounds, left in enumerate((4, 28, 52), start=1):
        draw(page, left, left + 12)
        page.reload()
        see_objects(page, 3 + 2 * rounds)

    page.unroute("**/segmentation")
    see_saved(page)
    assert labels_of(image) == list(range(1, 10))
