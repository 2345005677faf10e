"""The viewer's engine by itself: views, shapes, colours and tiles, in a page without a server."""

import gzip
from io import BytesIO

import numpy as np
import pytest
from playwright.sync_api import Page

from shared.reading.tiles import SPAN, write_tiles
from tests.e2e.test_browser_modules import page, run

__all__ = ["page"]

pytestmark = pytest.mark.xdist_group("e2e")


def test_what_is_under_the_pointer_stays_there_when_one_zooms(page: Page) -> None:
    before, after, k = run(
        page,
        """
        const { fitted, zoomed, toImage } = await import(JS + "viewer/view.js");
        const view = fitted({ width: 1000, height: 500 }, { width: 800, height: 600 });
        const at = [123, 345];
        const nearer = zoomed(view, 3, at, 0.01);
        return [toImage(view, at), toImage(nearer, at), nearer.k];
        """,
    )

    assert after == pytest.approx(before)
    assert k == pytest.approx(2.4)


def test_zoom_has_ends_and_an_image_cannot_be_lost(page: Page) -> None:
    least, most, lost = run(
        page,
        """
        const { zoomed, held } = await import(JS + "viewer/view.js");
        const view = { k: 1, x: 0, y: 0 };
        const [size, box] = [{ width: 100, height: 100 }, { width: 500, height: 400 }];
        return [zoomed(view, 1e-9, [0, 0], 0.2).k, zoomed(view, 1e9, [0, 0], 0.2).k,
                held({ k: 1, x: 9999, y: -9999 }, size, box)];
        """,
    )

    assert (least, most) == (0.2, 64)
    assert lost["x"] < 500
    assert lost["y"] > -100


def test_what_was_drawn_is_moved_to_where_the_new_view_has_it(page: Page) -> None:
    """One transform for all canvases: a point drawn before lies where it is seen now."""
    moved, seen = run(
        page,
        """
        const { between, toScreen } = await import(JS + "viewer/view.js");
        const [drawn, view] = [{ k: 2, x: 10, y: -5 }, { k: 3, x: -40, y: 8 }];
        const margin = { x: 100, y: 60 };
        const { scale, x, y } = between(drawn, view, margin);
        const [left, top] = toScreen(drawn, [33, 44]);
        const moved = [scale * (left + margin.x) + x, scale * (top + margin.y) + y];
        return [[moved[0] - margin.x, moved[1] - margin.y], toScreen(view, [33, 44])];
        """,
    )

    assert moved == pytest.approx(seen)


SHAPES = """
const { Grid } = await import(JS + "viewer/grid.js");
const { Shape, areaOf, contains } = await import(JS + "viewer/shapes.js");
const square = (label, x, y, side, holes = []) => ({ label, holes,
  polygon: [[x, y], [x + side, y], [x + side, y + side], [x, y + side]] });
const hole = (x, y, side) => square(0, x, y, side).polygon;
"""


def test_the_smallest_object_under_the_pointer_is_hit_and_a_hole_is_not(page: Page) -> None:
    hits = run(
        page,
        SHAPES
        + """
        const objects = [square(1, 0, 0, 200, [hole(100, 100, 50)]), square(2, 10, 10, 20),
                         square(3, 110, 110, 10)];
        const grid = new Grid(objects.map((each) => new Shape(each)));
        const at = (x, y) => grid.hit(x, y)?.label ?? null;
        return [at(15, 15), at(60, 60), at(105, 105), at(115, 115), at(300, 15), at(-1, 5)];
        """,
    )

    assert hits == [2, 1, None, 3, None, None]


def test_a_shape_that_is_taken_out_or_put_in_is_hit_no_more_or_from_now(page: Page) -> None:
    hits = run(
        page,
        SHAPES
        + """
        const grid = new Grid([new Shape(square(1, 0, 0, 100))]);
        grid.remove(1);
        const gone = grid.hit(80, 80);
        grid.add(new Shape(square(2, 60, 60, 100)));
        return [gone, grid.hit(80, 80).label, grid.shapes.size];
        """,
    )

    assert hits == [None, 2, 1]


def test_hitting_agrees_with_trying_every_object(page: Page) -> None:
    differences = run(
        page,
        SHAPES
        + """
        let seed = 7;
        const random = (most) => (seed = (seed * 16807) % 2147483647) % most;
        const objects = Array.from({ length: 300 }, (_, at) =>
          square(at + 1, random(900), random(900), 5 + random(90)));
        const grid = new Grid(objects.map((each) => new Shape(each)));
        let differences = 0;
        for (let round = 0; round < 2000; round += 1) {
          const [x, y] = [random(1000) + 0.5, random(1000) + 0.5];
          const under = objects.filter((each) => contains(each, x, y));
          const least = Math.min(...under.map((each) => new Shape(each).extent));
          if ((grid.hit(x, y)?.extent ?? Infinity) !== least) differences += 1;
        }
        return differences;
        """,
    )

    assert differences == 0


def test_the_area_of_an_outline_leaves_its_holes_out(page: Page) -> None:
    area = run(page, SHAPES + "return areaOf(square(1, 5, 5, 20, [hole(8, 8, 4)]))")

    assert area == 400 - 16


def test_colours_tell_classes_apart_and_a_measurement_on_a_scale(page: Page) -> None:
    told = run(
        page,
        """
        const { colouringOf, scaleColour } = await import(JS + "viewer/colours.js");
        const objects = [1, 2, 3, 100].map((area, at) => ({ label: at, measurements: { area } }));
        const classed = [{ class: "dead" }, {}, { class: "alive" }, { class: "dead" }];
        const { classes, colourOf } = colouringOf(classed, "class");
        const scaled = colouringOf(objects, "area");
        return {
          classes: classes.map(({ name, count }) => [name, count]),
          apart: new Set(classed.map(colourOf)).size,
          ends: [scaled.colourOf(objects[0]) === scaleColour(0),
                 scaled.colourOf(objects[3]) === scaleColour(1)],
          none: scaled.colourOf({ measurements: {} }),
        };
        """,
    )

    assert told["classes"] == [["", 1], ["alive", 1], ["dead", 2]]
    assert told["apart"] == 3
    assert told["ends"] == [True, True]
    assert told["none"].startswith("#")


@pytest.mark.parametrize(
    ("k", "pixel_size", "words"),
    [(1, None, "100 px"), (1, 0.5, "50 µm"), (0.01, 0.5, "5 mm"), (60, 0.1, "200 nm")],
)
def test_a_scale_bar_is_one_two_or_five_of_a_unit(
    page: Page, k: float, pixel_size: float | None, words: str
) -> None:
    bar = run(
        page,
        f"""
        const {{ scaleBar }} = await import(JS + "viewer/overview.js");
        return scaleBar({k}, {pixel_size or "null"});
        """,
    )

    assert bar["words"] == words
    assert 40 <= bar["length"] <= 120


def test_an_address_says_what_is_shown_and_is_read_back(page: Page) -> None:
    search, shown = run(
        page,
        """
        const { readAddress, writeAddress } = await import(JS + "viewer/address.js");
        const filter = { key: "area", low: 20, high: null };
        const list = { by: "area", sort: "-area", filter, hidden: ["dead"] };
        const shown = { chosen: [4, 7], zoom: 3.4, centre: [10.04, 20.5], ...list };
        const search = writeAddress("?other=1", shown);
        return [search, readAddress(search)];
        """,
    )

    assert search == "?other=1&obj=4,7&z=3.4&c=10,20.5&by=area&sort=-area&only=area:20..&hide=dead"
    assert shown == {
        "chosen": [4, 7],
        "zoom": 3.4,
        "centre": [10, 20.5],
        "by": "area",
        "sort": "-area",
        "filter": {"key": "area", "low": 20, "high": None},
        "hidden": ["dead"],
    }


@pytest.mark.parametrize("search", ["?obj=a,b&z=-1&c=1&only=x", "?obj=&z=&c=&only=area:a..b", ""])
def test_an_address_that_makes_no_sense_shows_what_is_usual(page: Page, search: str) -> None:
    shown = run(
        page,
        f"""
        const {{ readAddress }} = await import(JS + "viewer/address.js");
        return readAddress("{search}");
        """,
    )

    assert (shown["chosen"], shown["zoom"], shown["centre"]) == ([], None, None)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_tile_of_the_server_is_read_as_it_was_written(page: Page, kind: type) -> None:
    pixels = np.random.default_rng(3).integers(0, np.iinfo(kind).max, (7, 11, 1), kind)
    file = BytesIO()
    manifest = write_tiles(pixels, file)
    begin, size = SPAN.unpack_from(file.getvalue(), 0)
    packed = gzip.decompress(file.getvalue()[begin : begin + size])

    numbers = run(
        page,
        f"""
        const {{ unpacked }} = await import(JS + "viewer/sources.js");
        return [...unpacked(new Uint8Array({list(packed)}), {manifest.bits}, 11)];
        """,
    )

    assert numbers == pixels.ravel().tolist()


def test_window_gamma_and_colours_make_light_of_numbers(page: Page) -> None:
    lit = run(
        page,
        """
        const { compose, curveOf, shownChannels, COLOURS } = await import(JS + "viewer/luts.js");
        const channel = { low: 100, high: 300, offset: 0, scale: 1 };
        const manifest = { packing: "planes", bits: 16, channels: [channel, channel] };
        const settings = [{ on: true, colour: "Green", mode: "auto", gamma: 1 },
          { on: true, colour: "Magenta", mode: "own", low: 0, high: 400, gamma: 2 }];
        const curves = settings.map((each, at) => curveOf(each, manifest, at));
        const numbers = [Uint16Array.of(100, 200, 500), Uint16Array.of(0, 200, 400)];
        const rgba = new Uint8ClampedArray(12);
        compose(rgba, shownChannels(manifest, settings, curves, (at) => numbers[at]));
        const [green, magenta] = curves;
        return { rgba: [...rgba], curve: [green[100], green[200], green[9999], magenta[200]] };
        """,
    )

    assert lit["curve"] == [0, 128, 255, 64]
    black, _, bright = lit["rgba"][:4], lit["rgba"][4:8], lit["rgba"][8:]
    assert black == [0, 0, 0, 255]
    assert bright == [255, 255, 255, 255]  # Green and magenta, clamped.


def test_what_is_stored_is_shown_as_it_is_unless_it_would_be_dark(page: Page) -> None:
    modes = run(
        page,
        """
        const { firstSettings } = await import(JS + "viewer/luts.js");
        const first = (bits, high, packing = "planes") =>
          firstSettings({ bits, packing, channels: [{ high }] })[0].mode;
        return [first(8, 250), first(8, 40), first(16, 60000), first(8, 200, "colour")];
        """,
    )

    assert modes == ["stored", "auto", "auto", "stored"]


def test_small_shapes_are_dots_and_what_is_outside_is_not_drawn(page: Page) -> None:
    drawn = run(
        page,
        SHAPES
        + """
        const { drawOutlines } = await import(JS + "viewer/outlines.js");
        const calls = [];
        const keep = { get: (_, name) => () => calls.push(name), set: () => true };
        const context = new Proxy({}, keep);
        const shapes = [square(1, 10, 10, 100), square(2, 10, 10, 2), square(3, 5000, 0, 50)]
          .map((each) => new Shape(each));
        const plain = { colourOf: () => "red", isFaint: () => false, opacity: 1 };
        const region = { left: 0, top: 0, right: 500, bottom: 500 };
        drawOutlines(context, shapes, region, 1, { ...plain, outlines: true });
        return calls;
        """,
    )

    assert drawn == ["stroke", "fillRect"]
