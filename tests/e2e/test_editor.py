"""Editing outlines in the browser: tools, undo, saving by itself, conflicts, lost connections."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.e2e.conftest import PATIENCE, Person, System
from tests.e2e.test_every_page import violations
from tests.e2e.test_live_pages import OUTLINED
from tests.e2e.test_recovering import first_of

pytestmark = pytest.mark.xdist_group("e2e")

NewContext = Callable[..., BrowserContext]
DrawnFiles = Callable[..., list[Path]]

Json = dict[str, Any]

#: Keeps every state of saving that was ever shown: some pass sooner than one looks.
WITNESS = """
window.states = [];
new MutationObserver(() => {
  const { saving } = document.querySelector("[data-saving]").dataset;
  if (saving !== states.at(-1)) states.push(saving);
}).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-saving"] });
"""

WIDTH, HEIGHT = 144, 72  #: Of the picture: disks of radius 12 around (36, 36), (72, 36), (108, 36).


def ask(person: Person, method: str, path: str, **request: Any) -> Json:
    return person.rest._ask(method, path, **request)


@dataclass(frozen=True)
class Image:
    """A picture of three disks that was segmented."""

    owner: Person
    project_id: str
    id: str

    @property
    def address(self) -> str:
        return f"{self.owner.address}/projects/{self.project_id}/images/{self.id}"

    def saved(self) -> Json:
        """Return the result as the server has it."""
        return ask(self.owner, "GET", f"images/{self.id}/segmentation")

    def objects(self) -> list[Json]:
        return self.saved()["objects"]


@pytest.fixture
def image(ana: Person, drawn_files: DrawnFiles) -> Image:
    project = ana.rest.create_project("Edited")
    [uploaded] = ana.rest.upload(project["id"], drawn_files(1))["images"]
    ana.rest.segment(project["id"], engine="classical")
    return Image(ana, project["id"], uploaded["id"])


@pytest.fixture
def eva(system: System) -> Iterator[Person]:
    """Somebody else who just registered."""
    with system.person("Eva Novak") as eva:
        yield eva


def shared_with(image: Image, person: Person, role: str) -> None:
    offer = {"email": person.email, "role": role}
    share = ask(image.owner, "POST", f"projects/{image.project_id}/shares", json=offer)
    ask(person, "POST", "shares/accept", json={"token": share["token"]})


def opened(page: Page, image: Image) -> Page:
    """Return the page with its outlines drawn and its tools there."""
    page.goto(image.address)
    page.wait_for_function(OUTLINED)
    page.get_by_role("toolbar", name="Editing").wait_for()
    return page


def place(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the image is on the screen while all of it is shown."""
    stage = page.locator(".stage").bounding_box()
    assert stage is not None
    k = min(stage["width"] / WIDTH, stage["height"] / HEIGHT)
    left = stage["x"] + (stage["width"] - WIDTH * k) / 2
    top = stage["y"] + (stage["height"] - HEIGHT * k) / 2
    return left + x * k, top + y * k


def click(page: Page, x: float, y: float) -> None:
    page.mouse.click(*place(page, x, y))


def drag(page: Page, *points: tuple[float, float]) -> None:
    page.mouse.move(*place(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*place(page, *point), steps=6)
    page.mouse.up()


def take(page: Page, tool: str) -> None:
    page.get_by_role("button", name=tool).click()


def see_saved(page: Page) -> None:
    expect(page.locator("[data-saving]")).to_have_attribute(
        "data-saving", "saved", timeout=PATIENCE
    )


def see_objects(page: Page, count: int) -> None:
    expect(page.locator("[data-object-count]")).to_have_text(str(count))


def test_what_is_drawn_is_saved_by_itself_and_measured(
    image: Image, new_context: NewContext
) -> None:
    page = opened(image.owner.sign_in(new_context()), image)
    page.evaluate(WITNESS)

    take(page, "Draw an object")
    for corner in ((10, 4), (30, 4), (30, 14), (10, 14)):
        click(page, *corner)
    page.keyboard.press("Enter")
    see_objects(page, 4)
    page.wait_for_function("() => states.at(-1) === 'saved'")

    assert page.evaluate("states") == ["unsaved", "saving", "saved"]
    expect(page.locator("[data-selection]")).to_contain_text("200 px²")
    drawn = max(image.objects(), key=lambda each: each["label"])
    assert drawn["measurements"]["area"] == pytest.approx(200, abs=25)
    drag(page, (100, 4), (130, 4), (130, 16), (100, 16), (100, 5))
    see_objects(page, 5)
    see_saved(page)
    assert len(image.objects()) == 5
    page.get_by_role("tab", name="About").click()
    expect(page.locator(".facts")).to_contain_text("Ana Ruiz")


def test_undoing_all_gives_what_there_was_to_the_last_corner(
    image: Image, new_context: NewContext
) -> None:
    page = opened(image.owner.sign_in(new_context()), image)
    before = image.objects()

    click(page, 36, 36)
    take(page, "Delete the chosen")
    see_objects(page, 2)
    take(page, "Split by a line")
    drag(page, (72, 20), (72, 52))
    see_objects(page, 3)
    page.keyboard.press("v")
    click(page, 108, 36)
    page.keyboard.press("e")
    drag(page, (120, 36), (134, 36))
    see_saved(page)
    changed = image.objects()
    page.get_by_role("button", name=re.compile("Undo: (Add|Move) corner")).wait_for()
    for _ in range(6):
        page.keyboard.press("Control+z")
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    see_objects(page, 3)
    see_saved(page)

    assert len(changed) == 3
    assert {each["label"]: each["polygon"] for each in image.objects()} == {
        each["label"]: each["polygon"] for each in before
    }
    page.keyboard.press("Control+Shift+z")
    see_objects(page, 2)


def test_objects_are_split_merged_and_given_a_class(image: Image, new_context: NewContext) -> None:
    page = opened(image.owner.sign_in(new_context()), image)

    take(page, "Split by a line")
    drag(page, (36, 20), (36, 52))
    see_objects(page, 4)
    expect(page.locator("[data-object][aria-selected='true']")).to_have_count(2)
    page.get_by_label("Class", exact=True).fill("dividing")
    page.get_by_label("Class", exact=True).press("Enter")
    expect(page.locator(".legend")).to_contain_text("dividing")
    see_saved(page)
    split = [each for each in image.objects() if each.get("class") == "dividing"]
    assert len(split) == 2

    take(page, "Merge the chosen")
    see_objects(page, 3)
    see_saved(page)
    [merged] = [each for each in image.objects() if each.get("class") == "dividing"]
    assert merged["measurements"]["area"] == sum(each["measurements"]["area"] for each in split)


def test_what_cannot_be_done_is_told_and_changes_nothing(
    image: Image, new_context: NewContext
) -> None:
    page = opened(image.owner.sign_in(new_context()), image)

    take(page, "Split by a line")
    drag(page, (2, 2), (10, 4))
    expect(page.locator("#toasts")).to_contain_text("from side to side")
    page.keyboard.press("v")
    click(page, 36, 36)
    page.keyboard.down("Shift")
    click(page, 108, 36)
    page.keyboard.up("Shift")
    take(page, "Merge the chosen")
    expect(page.locator("#toasts")).to_contain_text("Only objects that touch")
    see_objects(page, 3)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_of_two_who_edit_the_slower_is_asked_and_both_edits_can_stay(
    image: Image, eva: Person, new_context: NewContext
) -> None:
    """E7: no silent overwriting."""
    shared_with(image, eva, "editor")
    ana, other = (opened(each.sign_in(new_context()), image) for each in (image.owner, eva))
    other.context.set_offline(True)  # She hears of nothing until she saves.
    click(ana, 36, 36)
    ana.keyboard.press("Delete")
    see_saved(ana)
    click(other, 108, 36)
    other.keyboard.press("Delete")
    expect(other.locator("[data-saving]")).to_have_attribute(
        "data-saving", "offline", timeout=PATIENCE
    )

    other.context.set_offline(False)

    conflict = other.get_by_role("alert").filter(has_text="version 2")
    expect(conflict).to_contain_text("Ana Ruiz saved", timeout=PATIENCE)
    assert violations(other) == []
    assert len(image.objects()) == 2
    other.get_by_role("button", name="Keep mine").click()
    see_saved(other)
    expect(conflict).to_have_count(0)
    see_objects(other, 1)
    see_objects(ana, 1)  # Live, for she has nothing unsaved.
    assert [each["label"] for each in image.objects()] == [2]


def test_who_loads_theirs_sees_theirs_and_loses_only_what_was_not_saved(
    image: Image, eva: Person, new_context: NewContext
) -> None:
    shared_with(image, eva, "editor")
    page = opened(image.owner.sign_in(new_context()), image)
    page.route("**/segmentation", lambda route: route.abort())
    page.context.set_offline(True)
    click(page, 36, 36)
    page.keyboard.press("Delete")
    see_objects(page, 2)
    saved = image.saved()
    ask(
        eva,
        "PUT",
        f"images/{image.id}/segmentation",
        json={"objects": [dict(each, measurements=None) for each in image.objects()[:1]]},
        headers={"If-Match": f'"{saved["version"]}"'},
    )
    page.unroute("**/segmentation")
    page.context.set_offline(False)

    page.get_by_role("button", name="Load theirs").click(timeout=PATIENCE)

    see_objects(page, 1)
    see_saved(page)
    assert len(image.objects()) == 1


def test_unsaved_edits_outlive_a_lost_connection_and_a_reload(
    image: Image, new_context: NewContext
) -> None:
    page = opened(image.owner.sign_in(new_context()), image)
    page.route(
        "**/segmentation",
        lambda route: route.abort() if route.request.method == "PUT" else route.fallback(),
    )
    click(page, 36, 36)
    page.keyboard.press("Delete")
    expect(page.locator("[data-saving]")).to_contain_text("kept in this browser", timeout=PATIENCE)
    assert len(image.objects()) == 3

    page.unroute("**/segmentation")
    page.reload()

    see_objects(page, 2)
    see_saved(page)
    assert len(image.objects()) == 2
    page.reload()
    see_objects(page, 2)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_save_whose_answer_was_lost_is_no_conflict_with_oneself(
    image: Image, new_context: NewContext
) -> None:
    page = opened(image.owner.sign_in(new_context()), image)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if route.request.method != "PUT" or held:
            route.fallback()
        else:
            held.append(route)

    page.route("**/segmentation", hold_the_first)
    click(page, 36, 36)
    page.keyboard.press("Delete")
    expect(page.locator("[data-saving]")).to_have_attribute("data-saving", "saving")
    lost = first_of(held, page)
    lost.fetch()  # The server saves; the page never hears of it.
    lost.abort()
    see_saved(page)
    take(page, "Draw an object")
    drag(page, (10, 4), (30, 4), (30, 14), (10, 14), (10, 5))
    see_saved(page)

    assert len(image.objects()) == 3
    expect(page.get_by_role("button", name="Keep mine")).to_have_count(0)


def test_who_may_only_look_has_no_tools(image: Image, eva: Person, new_context: NewContext) -> None:
    shared_with(image, eva, "viewer")
    page = eva.sign_in(new_context())
    page.goto(image.address)
    page.wait_for_function(OUTLINED)
    click(page, 36, 36)
    page.keyboard.press("Delete")

    expect(page.get_by_role("toolbar", name="Editing")).to_have_count(0)
    expect(page.get_by_label("Class", exact=True)).to_have_count(0)
    see_objects(page, 3)


def test_an_outline_is_corrected_and_another_drawn_by_keys_alone(
    image: Image, new_context: NewContext
) -> None:
    page = opened(image.owner.sign_in(new_context()), image)
    page.get_by_role("listbox").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("application").focus()

    page.keyboard.press("e")
    for key in (".", "Shift+ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Undo: Move corner").wait_for()
    page.keyboard.press("n")
    for key in ("Shift+ArrowUp", "Shift+ArrowUp", "Shift+ArrowUp", " "):
        page.keyboard.press(key)
    for key in ("Shift+ArrowRight", " ", "Shift+ArrowUp", " ", "Enter"):
        page.keyboard.press(key)

    see_objects(page, 4)
    see_saved(page)
    assert len(image.objects()) == 4


def test_letters_are_no_tools_elsewhere_or_when_they_are_turned_off(
    image: Image, new_context: NewContext
) -> None:
    """WCAG 2.1.4."""
    page = opened(image.owner.sign_in(new_context()), image)
    drawing = page.get_by_role("button", name="Draw an object")

    page.get_by_role("listbox").focus()
    page.keyboard.press("n")
    expect(drawing).to_have_attribute("aria-pressed", "false")
    page.evaluate("localStorage.shortcuts = 'off'")
    page.get_by_role("application").focus()
    page.keyboard.press("n")
    expect(drawing).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 1440), ("dark", 390)])
def test_the_editor_is_accessible_and_fits(
    image: Image, new_context: NewContext, theme: str, width: int
) -> None:
    context = new_context(color_scheme=theme, viewport={"width": width, "height": 844})
    page = opened(image.owner.sign_in(context), image)
    click(page, 36, 36)
    for tool in ("Edit corners", "Draw an object"):
        take(page, tool)
        assert violations(page) == [], tool
    assert page.evaluate("document.documentElement.scrollWidth") <= width
