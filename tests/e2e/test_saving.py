"""A connection that goes while a change is being saved: it is told, and nothing is lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.e2e.conftest import PATIENCE
from tests.e2e.test_editor import Image, click, drag, image, opened, see_objects, see_saved, take

__all__ = ["image"]

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]


def test_what_is_changed_before_and_while_a_save_breaks_off_is_saved_later(
    image: Image, new_context: NewContext
) -> None:
    page = opened(image.owner.sign_in(new_context()), image)
    state = page.locator("[data-saving]")
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "PUT":
            held.append(route)
        else:
            route.fallback()

    page.route("**/segmentation", hold)
    with page.expect_request(lambda request: request.method == "PUT"):
        click(page, 36, 36)
        page.keyboard.press("Delete")
    expect(state).to_have_text("Saving…")
    take(page, "Draw an object")
    drag(page, (10, 4), (30, 4), (30, 14), (10, 14), (10, 5))
    see_objects(page, 3)
    held.pop().abort("connectionreset")

    expect(state).to_have_text("Not saved: kept in this browser, trying again", timeout=PATIENCE)
    assert len(image.objects()) == 3
    page.unroute("**/segmentation")
    page.reload()  # Even then.
    see_objects(page, 3)
    see_saved(page)

    assert sorted(each["label"] for each in image.objects()) == [2, 3, 4]
