"""The line of failed images on the dashboard, drawn with answers of our own."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_browser_modules import page, run  # noqa: F401 - `page` is a fixture

pytestmark = pytest.mark.xdist_group("e2e")

#: Two projects with failed images, the second somebody else's to look at; and a server.
FAILED = """
const answers = { "/failures": { items: [
  { code: "timeout", detail: "It took longer than the engine allows.", count: 5, projects: 2 },
  { code: "new_code", detail: "Something new happened.", count: 2, projects: 1 },
] } };
window.asked = [];
window.fetch = async (path, { method, body } = {}) => {
  const place = path.replace("/api/v1", "");
  window.asked.push([method, place, body && JSON.parse(body)]);
  if (window.refuse && method === "POST") {
    return new Response(JSON.stringify({ detail: "Not now.", code: "x" }), { status: 409 });
  }
  const stats = { ...statsOf("p").peek(), version: 9, failedCount: 0, queuedCount: 5 };
  const answer = method === "POST" ? { queued: 5, skipped: 0, stats } : answers[place];
  return new Response(JSON.stringify(answer), { status: 200 });
};
const { h, render } = await import("preact");
const { keepProject, statsOf, shownStatsOf } = await import(JS + "stores.js");
window.failed = (id) => shownStatsOf(id).peek().failedCount;
for (const [id, role, failedCount] of [["p", "owner", 5], ["q", "viewer", 2]]) {
  const counts = { imageCount: 9, failedCount, queuedCount: 0, pendingCount: 0 };
  const stats = { projectId: id, version: 1, ...counts };
  keepProject({ id, title: `Plate ${id}`, role, stats });
}
document.body.innerHTML = "<main></main>";
const { Attention } = await import(JS + "components/Attention.js");
render(h(Attention, { ids: ["p", "q"] }), document.querySelector("main"));
"""


def test_failures_of_all_projects_are_one_line_with_the_cause(page: Page) -> None:  # noqa: F811
    run(page, FAILED)

    expect(page.get_by_role("heading")).to_have_text("7 images failed in 2 projects")
    expect(page.locator(".attention-cause")).to_contain_text("longer than the engine allows")
    expect(page.locator(".attention-cause")).to_contain_text("And 1 other cause.")
    page.get_by_role("button", name="Review").click()
    assert [link.get_attribute("href") for link in page.get_by_role("link").all()] == [
        "/projects/p?status=failed",
        "/projects/q?status=failed",
    ]
    expect(page.locator("[data-cause='new_code']")).to_contain_text("Something new happened.")


def test_retry_all_moves_the_numbers_at_once_and_only_where_one_may(page: Page) -> None:  # noqa: F811
    """D4."""
    run(page, FAILED)

    page.get_by_role("button", name="Retry all").click()

    assert page.evaluate("failed('p')") == 0
    assert page.evaluate("failed('q')") == 2
    posts = [each for each in page.evaluate("asked") if each[1].endswith("/segment")]
    assert posts == [["POST", "/projects/p/segment", {"select": "failed", "again": True}]]


def test_a_refused_retry_puts_the_numbers_back_and_says_why(page: Page) -> None:  # noqa: F811
    """D4."""
    run(page, f"window.refuse = true; {FAILED}")

    page.get_by_role("button", name="Retry all").click()

    page.wait_for_function("failed('p') === 5")
