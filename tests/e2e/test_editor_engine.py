"""The editor's parts by themselves: outlines and pixels, splitting, merging, undoing, saving."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from shared.measuring import outlines
from shared.measuring.painting import Drawing, paint
from tests.e2e.test_browser_modules import page, run
from tests.images import annulus

__all__ = ["page"]

pytestmark = pytest.mark.xdist_group("e2e")

MODULES = """
const { maskOf, outlineOf, piecesOf } = await import(JS + "editor/masks.js");
const { cleaned, mergeOf, simplified, splitBy } = await import(JS + "editor/reshaping.js");
const { Sheet, changesOf } = await import(JS + "editor/sheet.js");
const { areaOf } = await import(JS + "viewer/shapes.js");
const square = (x, y, side) => ({ holes: [],
  polygon: [[x, y], [x + side, y], [x + side, y + side], [x, y + side]] });
"""

SHEET = """
const object = (label) => ({ label, ...square(10 * label, 0, 8) });
const first = [1, 2, 3, 4, 5].map(object);
const sheet = new Sheet(first);
"""


def edit(page: Page, script: str) -> Any:
    return run(page, MODULES + script)


def area(outline: dict[str, Any]) -> int:
    """Return how many pixels the server gives an outline."""
    rings = [np.array(outline["polygon"], float), *(np.array(h, float) for h in outline["holes"])]
    labels, _ = paint([Drawing(1, rings[0], rings[1:])], 300, 300)
    return int((labels == 1).sum())


def test_an_outline_of_the_server_becomes_the_same_outline_again(page: Page) -> None:
    """Pixels of an outline are those that the server gives it, holes too."""
    [ring] = outlines(annulus(20, 8, side=60))
    outline = {"polygon": ring.polygon, "holes": ring.holes}

    again = edit(page, f"return outlineOf(maskOf([{outline}]))")

    assert area(again) == area(outline)
    assert len(again["polygon"]) == len(ring.polygon)
    assert len(again["holes"]) == 1


def test_slanted_sides_cover_the_pixels_that_the_server_gives_them(page: Page) -> None:
    polygon = [[10.3, 4.8], [61.5, 22.1], [44.9, 70.2], [12.0, 33.3], [3.5, 31.5]]

    count = edit(page, f"return maskOf([{{ polygon: {polygon} }}]).count")

    assert count == area({"polygon": polygon, "holes": []})


def test_pixels_that_touch_by_a_corner_are_two_pieces(page: Page) -> None:
    counts = edit(
        page,
        "return piecesOf(maskOf([square(0, 0, 3), square(3, 3, 2)])).map(({ count }) => count)",
    )

    assert counts == [9, 4]


def test_a_ring_that_meets_itself_in_a_corner_is_one_outline(page: Page) -> None:
    """Two squares that touch by a corner, joined by an arm around: nothing is lost or doubled."""
    traced = edit(
        page,
        """
        const arm = [[0, 0], [3, 0], [3, 3], [6, 3], [6, 6], [3, 6], [3, 3], [2, 3], [2, 7],
                     [7, 7], [7, 8], [0, 8]];
        const mask = maskOf([{ polygon: arm }]);
        return { count: mask.count, outline: outlineOf(mask), pieces: piecesOf(mask).length };
        """,
    )

    assert traced["pieces"] >= 1
    assert area(traced["outline"]) <= traced["count"]


def test_a_line_from_side_to_side_splits_and_no_pixel_is_lost(page: Page) -> None:
    pieces = edit(page, "return splitBy(square(10, 10, 40), [[5, 22], [60, 35]])")

    assert len(pieces) == 2
    assert sum(map(area, pieces)) == 1600
    assert min(map(area, pieces)) > 400


def test_a_line_that_does_not_cross_splits_nothing(page: Page) -> None:
    script = "return splitBy(square(10, 10, 40), [[5, 22], [30, 30]]).length"

    assert edit(page, script) == 1


def test_a_free_line_splits_where_it_goes_and_not_beyond_its_ends(page: Page) -> None:
    pieces = edit(
        page,
        """
        const comb = { holes: [], polygon: [[0, 0], [50, 0], [50, 40], [40, 40], [40, 10],
                                            [10, 10], [10, 40], [0, 40]] };
        return splitBy(comb, [[-2, 20], [4, 26], [12, 20]]);
        """,
    )

    assert len(pieces) == 2  # Only the left arm; an endless line would cut the right one too.
    assert sum(map(area, pieces)) == 50 * 10 + 2 * 10 * 30


def test_objects_that_touch_become_one_and_a_small_gap_is_closed(page: Page) -> None:
    merged = edit(
        page,
        """
        const near = mergeOf([square(10, 10, 20), square(30, 15, 20)]);
        const gap = mergeOf([square(10, 10, 20), square(33, 10, 20)]);
        return { near, gap, far: mergeOf([square(10, 10, 20), square(60, 10, 20)]) };
        """,
    )

    assert area(merged["near"]) == 800
    assert 800 + 3 * 10 <= area(merged["gap"]) <= 800 + 3 * 20
    assert merged["far"] is None


def test_what_is_drawn_by_hand_is_cleaned_and_stays_in_the_image(page: Page) -> None:
    drawn = edit(
        page,
        """
        const size = { width: 100, height: 80 };
        return {
          outside: cleaned([[-20, -20], [30, -20], [30, 30], [-20, 30]], size),
          crossed: cleaned([[10, 10], [50, 50], [50, 10], [10, 50], [5, 48]], size),
          nothing: cleaned([[10.1, 10.1], [10.2, 10.1], [10.2, 10.2]], size),
          line: cleaned([[10, 10], [20, 20]], size),
        };
        """,
    )

    assert area(drawn["outside"]) == 900
    assert area(drawn["crossed"]) > 300
    assert drawn["nothing"] is None
    assert drawn["line"] is None


def test_fewer_corners_show_nearly_the_same_form(page: Page) -> None:
    [ring] = outlines(annulus(40, 0, side=100) + np.uint32(0))
    fewer = edit(page, f"return simplified({ring.polygon})")

    assert len(fewer) < len(ring.polygon) / 2
    assert abs(area({"polygon": fewer, "holes": []}) / (np.pi * 1600) - 1) < 0.02


def test_undoing_everything_gives_the_very_first_objects_and_redoing_the_last(page: Page) -> None:
    told = edit(
        page,
        SHEET
        + """
        let seed = 11;
        const random = (most) => (seed = (seed * 16807) % 2147483647) % most;
        const some = () => sheet.objects[random(sheet.objects.length)]?.label;
        for (let round = 0; round < 300; round += 1) {
          const [label, kind] = [some(), random(4)];
          if (kind === 0) sheet.apply("draw", [], [object(sheet.newLabel())]);
          else if (label === undefined) continue;
          else if (kind === 1) sheet.apply("delete", [label], []);
          else if (kind === 2) sheet.apply("move", [label], [{ ...sheet.find(label), holes: [] }]);
          else sheet.apply("split", [label], [object(label), object(sheet.newLabel())]);
        }
        const last = [...sheet.objects];
        let steps = 0;
        for (; sheet.undoes; steps += 1) sheet.undo();
        const are = (wanted) => sheet.objects.length === wanted.length
          && sheet.objects.every((each, at) => each === wanted[at]);
        const isFirst = are(first);
        while (sheet.redoes) sheet.redo();
        const isLast = are(last);
        return { steps, isFirst, isLast };
        """,
    )

    assert told["steps"] > 200
    assert told["isFirst"]
    assert told["isLast"]


def test_what_is_learned_of_objects_is_no_step_and_undo_still_gives_the_first(page: Page) -> None:
    told = edit(
        page,
        SHEET
        + """
        sheet.apply("move", [2], [{ ...object(2), holes: [] }]);
        sheet.learn(new Map([[2, { ...sheet.find(2), measurements: { area: 64 } }]]));
        const learned = sheet.find(2).measurements;
        sheet.undo();
        return { learned, isFirst: sheet.objects.every((each, at) => each === first[at]) };
        """,
    )

    assert told == {"learned": {"area": 64}, "isFirst": True}


def test_changes_are_told_apart_from_what_stayed(page: Page) -> None:
    changes = edit(
        page,
        SHEET
        + """
        sheet.apply("delete", [1], []);
        sheet.apply("class", [2], [{ ...object(2), class: "dead" }]);
        sheet.apply("draw", [], [object(9)]);
        const { removed, changed, added } = changesOf(first, sheet.objects);
        return [removed, changed.map(({ label }) => label), added.map(({ label }) => label)];
        """,
    )

    assert changes == [[1], [2], [9]]


SAVER = """
const { Saver, Saving } = await import(JS + "editor/saving.js");
const sent = [], saved = [];
let answer = async () => ({ version: 2, runId: "r2" });
const saver = new Saver({
  take: () => ["objects"],
  send: (objects, version) => { sent.push(version); return answer(); },
  onSaved: (told, isAll) => saved.push(isAll),
});
saver.begin({ version: 1, runId: "r1" });
const refuse = (status, message = "no") =>
  (answer = async () => { throw Object.assign(new Error(message), { status }); });
"""


def test_what_is_saved_is_saved_from_the_version_that_was_seen_last(page: Page) -> None:
    told = run(
        page,
        SAVER
        + """
        saver.changed();
        const before = saver.state.value;
        saver.saveNow();
        await saver.settled;
        saver.changed();
        saver.saveNow();
        await saver.settled;
        saver.saveNow(); // There is nothing more.
        return { before, after: saver.state.value, sent };
        """,
    )

    assert told == {"before": "unsaved", "after": "saved", "sent": [1, 2]}


def test_a_change_during_a_save_is_not_taken_for_saved(page: Page) -> None:
    told = run(
        page,
        SAVER
        + """
        let answered;
        answer = () => new Promise((done) => (answered = () => done({ version: 2, runId: "r2" })));
        saver.changed();
        saver.saveNow();
        saver.changed();
        answered();
        await saver.settled;
        return { state: saver.state.value, saved, isUnsaved: saver.isUnsaved };
        """,
    )

    assert told == {"state": "unsaved", "saved": [False], "isUnsaved": True}


@pytest.mark.parametrize(
    ("status", "state"),
    [(0, "offline"), (503, "offline"), (429, "offline"), (412, "conflict"), (403, "refused")],
)
def test_a_refusal_is_told_for_what_it_is(page: Page, status: int, state: str) -> None:
    told = run(
        page,
        SAVER
        + f"""
        refuse({status}, "Why.");
        saver.changed();
        saver.saveNow();
        await saver.settled;
        return [saver.state.value, saver.detail.value, saver.isUnsaved];
        """,
    )

    assert told == [state, "Why.", True]


def test_nothing_is_sent_while_the_user_has_to_decide(page: Page) -> None:
    sent = run(
        page,
        SAVER
        + """
        saver.changed();
        saver.conflict("Ana saved version 2 while you edited 1.");
        saver.changed();
        saver.saveNow();
        await saver.settled;
        return sent;
        """,
    )

    assert sent == []
