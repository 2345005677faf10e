"""Components that need what a whole system rarely has, drawn with answers of our own."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_browser_modules import page, run  # noqa: F401 - `page` is a fixture

pytestmark = pytest.mark.xdist_group("e2e")

#: A server that knows two causes, and a place to draw in.
SERVER = """
const answer = { items: [
  { code: "too_large", detail: "The image is larger than this engine takes.", count: 1200 },
  { code: "timeout", detail: "It took longer than the engine allows.", count: 1 },
] };
window.asked = [];
window.fetch = async (path, { method, body } = {}) => {
  window.asked.push([method, path, body && JSON.parse(body)]);
  return new Response(JSON.stringify(answer), { status: 200 });
};
const { h, render } = await import("preact");
document.body.innerHTML = "<main></main>";
const draw = (component, props) => render(h(component, props), document.querySelector("main"));
"""


def draw_failures(page: Page, *, may_change: bool) -> None:  # noqa: F811
    run(
        page,
        SERVER
        + f"""
        const {{ Failures }} = await import(JS + "components/Failures.js");
        window.orders = [];
        const onRetry = (order) => window.orders.push(order);
        draw(Failures, {{ path: "/projects/p", failedCount: 1201,
                          mayChange: {str(may_change).lower()}, onRetry }});
        """,
    )


def test_failures_are_grouped_by_cause_and_retried_one_by_one_or_all(page: Page) -> None:  # noqa: F811
    """Q8."""
    draw_failures(page, may_change=True)

    expect(page.get_by_role("heading")).to_have_text("1,201 images failed")
    expect(page.locator("[data-cause='too_large'] p")).to_contain_text("1,200")
    page.get_by_role("button", name="Retry 1", exact=True).click()
    page.get_by_role("button", name="Retry all 1,201").click()

    assert page.evaluate("orders") == [
        {"select": "failed", "again": True, "failureCode": "timeout"},
        {"select": "failed", "again": True},
    ]
    assert page.evaluate("asked[0][1]") == "/api/v1/projects/p/failures"


def test_who_may_only_look_sees_the_causes_and_no_button(page: Page) -> None:  # noqa: F811
    draw_failures(page, may_change=False)

    expect(page.locator("[data-cause]")).to_have_count(2)
    expect(page.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        ({"reason": "No worker is online."}, "No worker is online."),
        ({"reason": "Soon.", "etaSeconds": [4, 40]}, "Soon. About 4 s to 40 s."),
        ({"reason": "Soon.", "etaSeconds": [61, 300]}, "Soon. About 61 s to 5 min."),
        ({"reason": "Soon.", "etaSeconds": [120, 121]}, "Soon. About 2 min."),
    ],
)
def test_why_an_image_waits_is_said_with_about_how_long(
    page: Page,  # noqa: F811
    waiting: dict[str, object],
    words: str,
) -> None:
    """Q9."""
    script = (
        f'const {{ waitingWords }} = await import(JS + "ui.js"); return waitingWords({waiting})'
    )

    assert run(page, script) == words


BAR = """
const { keepImage } = await import(JS + "stores.js");
const { BulkBar } = await import(JS + "components/BulkBar.js");
const image = (id, status) => ({ id, status, version: 1, filename: id });
[image("a", "failed"), image("b", "segmented"), image("c", "failed")].forEach(keepImage);
window.orders = [];
const tell = (what) => (...said) =>
  window.orders.push([what, ...said.filter((each) => !(each instanceof Event))]);
draw(BulkBar, { picked: new Set(["a", "b", "c"]), total: 1240,
  onAll: tell("all"), onClear: tell("clear"),
  onSegment: tell("segment"), onDelete: tell("delete") });
"""


def test_the_bar_retries_what_failed_of_the_selected_with_what_it_had_before(page: Page) -> None:  # noqa: F811
    """Q8."""
    run(page, SERVER + BAR)

    page.get_by_role("button", name="Retry 2 failed").click()
    page.get_by_role("button", name="Segment 3 selected").click()
    page.get_by_role("button", name="Delete 3 selected").click()
    page.get_by_role("button", name="Select all 1,240").click()
    page.get_by_role("button", name="Clear the selection").click()

    assert page.evaluate("orders") == [
        ["segment", ["a", "c"], {"again": True}],
        ["segment", ["a", "b", "c"]],
        ["delete", ["a", "b", "c"]],
        ["all"],
        ["clear"],
    ]


def test_what_a_deletion_takes_from_the_counts_sums_up(page: Page) -> None:  # noqa: F811
    """S1: an optimistic tally is a tally too."""
    delta = run(
        page,
        """
        const { leaving } = await import(JS + "deleting.js");
        return leaving([
          { status: "segmented", objectCount: 5 }, { status: "failed", objectCount: null },
          { status: "queued", objectCount: 2 }, { status: "processing" }, { status: "no_objects" },
        ]);
        """,
    )

    assert delta == {
        "imageCount": -5,
        "objectCount": -7,
        "pendingCount": -2,
        "segmentedCount": -1,
        "failedCount": -1,
        "queuedCount": -1,
        "processingCount": -1,
        "noObjectsCount": -1,
    }


def test_a_list_that_is_cut_says_so_once(page: Page) -> None:  # noqa: F811
    said = run(
        page,
        """
        const answer = { ids: ["a", "b"], statuses: ["uploaded", "failed"],
                         objectCounts: [null, null], truncated: true };
        window.fetch = async () => new Response(JSON.stringify(answer), { status: 200 });
        const { readIndex } = await import(JS + "gallery.js");
        const { statusOf, applyImageChange, briefOf } = await import(JS + "stores.js");
        const { Toasts } = await import(JS + "components/Toasts.js");
        const { h, render } = await import("preact");
        const ids = await readIndex("/projects/p", "sort=filename");
        await readIndex("/projects/p", "sort=filename");
        render(h(Toasts), document.body);
        const change = { imageId: "b", status: "segmented", version: 4, objectCount: 9 };
        const known = applyImageChange(change);
        return [ids, statusOf("a"), known, briefOf("b"), document.querySelectorAll(".toast").length,
                applyImageChange({ imageId: "c", status: "segmented", version: 1 })];
        """,
    )

    brief = {"status": "segmented", "objectCount": 9}
    assert said == [["a", "b"], "uploaded", True, brief, 1, False]
