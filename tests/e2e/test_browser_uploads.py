"""The modules of uploads by themselves: pace, pasted names, and what an archive became."""

import pytest
from playwright.sync_api import Page

from tests.e2e.test_browser_modules import page, run  # noqa: F401 - the fixture is used by name
from tests.e2e.test_recovering import all_of, held_back

pytestmark = pytest.mark.xdist_group("e2e")


def test_the_pace_is_of_the_last_seconds_and_none_before(page: Page) -> None:  # noqa: F811
    told = run(
        page,
        """
        const { Pace, secondsLeft } = await import(JS + "uploads/pace.js");
        let now = 0;
        const pace = new Pace(() => now);
        const rates = [];
        const steps = [[0, 0], [1000, 50], [2000, 200], [20_000, 1000], [22_000, 3000]];
        for (const [at, bytes] of steps) {
          now = at;
          pace.note(bytes);
          rates.push(pace.rate());
        }
        return [rates, secondsLeft(61_000, 1000)];
        """,
    )

    assert told == [[None, None, 100, None, 1000], 61]


def test_a_pasted_picture_is_called_by_its_moment_and_a_file_by_its_name(
    page: Page,  # noqa: F811
) -> None:
    names = run(
        page,
        """
        const { pastedFiles, isWanted } = await import(JS + "uploads/files.js");
        const files = ["image.png", "image.png", "well A1.tif", ".DS_Store"].map(
          (name) => new File(["x"], name, { type: "image/png" }));
        return pastedFiles({ files }).filter(isWanted).map(({ file }) => file.name);
        """,
    )

    assert len(names) == 3
    assert names[0].startswith("pasted 20")
    assert names[1].endswith(" 2.png")
    assert names[2] == "well A1.tif"


def test_a_row_is_known_again_by_place_name_size_and_moment(page: Page) -> None:  # noqa: F811
    found = run(
        page,
        """
        const { Engine } = await import(JS + "uploads/engine.js");
        const engine = new Engine({ user: "u", tell: () => {} });
        await engine.ready;
        const file = new File(["abc"], "a.png", { lastModified: 7 });
        const row = { name: "a.png", path: "x/a.png", size: 3, modified: 7, state: "missing" };
        engine.rows.set("r", { id: "r", projectId: "p", ...row });
        const given = [];
        engine.give = (id) => given.push(id);
        engine.enrol = () => given.push(null);
        const add = (file, path, how) => engine.add({ files: [{ file, path }], ...how });
        await add(file, "x/a.png", { projectId: "p" });
        await add(file, "x/a.png", { onlyKnown: true });
        await add(file, "x/a.png", { projectId: "q" });
        await add(file, "", { projectId: "p" });
        await add(new File(["abcd"], "a.png", { lastModified: 7 }), "x/a.png", { projectId: "p" });
        await add(new File(["abc"], "a.png", { lastModified: 8 }), "x/a.png", { projectId: "p" });
        await add(new File(["abc"], "b.png", { lastModified: 7 }), "x/a.png", { onlyKnown: true });
        return given;
        """,
    )

    assert found == ["r", "r", None, None, None, None]


def test_a_dead_line_is_given_up_and_asked_on_another(page: Page) -> None:  # noqa: F811
    """No error comes of it for a quarter of an hour: neither answers nor bytes move."""
    page.clock.install()
    asked = held_back(page, "**/api/v1/uploads")
    run(
        page,
        """
        const { send } = await import(JS + "uploads/sending.js");
        globalThis.told = [];
        const file = new File([new Uint8Array(5e6)], "a.tif");
        const row = { name: "a.tif", path: "", size: 5e6, modified: 7, projectId: "p", opId: "o" };
        const quiet = () => {};
        const on = { url: quiet, progress: quiet, retry: () => told.push("retry"),
          verdict: ({ state }) => told.push(state) };
        globalThis.upload = await send(row, file, { csrf: () => "t", on });
        """,
    )
    all_of(asked, page, 1)

    page.clock.run_for(59_000)
    assert page.evaluate("told") == []
    page.clock.run_for(2_000)
    all_of(asked, page, 2)
    assert page.evaluate("told") == ["retry"]

    page.evaluate("upload.abort()")
    page.clock.run_for(400_000)
    assert (len(asked), page.evaluate("told")) == (2, ["retry"])
