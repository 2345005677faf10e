"""`viewer.*`: how long the viewer's engine takes in Chromium, with 2,000 and 5,000 outlines.

A gesture is a second of wheel and drag; a frame is the time from one animation frame to the next,
the median and the 95th of 100. The peer is the same gesture over the picture alone. Hitting is
beside trying every object. Without a graphics card Chromium draws on the processor.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, sync_playwright

from bench.measurement import Measurement
from bench.rounds import Scale
from web.pages.assets import MEDIA_TYPES, PREFIX, shipped

OUTLINES = (2_000, 5_000, 10_000)
NAMES = (
    *(f"viewer.frame_{what}.{count}" for count in OUTLINES for what in ("p50", "p95")),
    "viewer.settle.2000",
    "viewer.hit.5000",
)

_CHROMIUM = Path("/usr/bin/chromium")
_ADDRESS = "http://viewer.bench/"
_STAGE = """<!doctype html><style>
#stage { position: relative; width: 1200px; height: 800px; overflow: hidden }
canvas { position: absolute; left: 0; top: 0; transform-origin: 0 0 }
</style><div id=stage><canvas></canvas><canvas></canvas><canvas></canvas></div>"""

#: Rings of 24 corners on a grid, as large as the grid leaves room for.
_BEGIN = """
const { Stage } = await import(JS + "viewer/stage.js");
const { contains } = await import(JS + "viewer/shapes.js");
const [width, height] = [2400, 1600];
const ring = (label, x, y, r) => ({ label, holes: [], polygon: Array.from({ length: 24 }, (_, at) =>
  [x + r * Math.cos(at * Math.PI / 12), y + r * Math.sin(at * Math.PI / 12)]) });
const made = (count) => {
  const step = Math.sqrt((width * height) / count);
  return Array.from({ length: count }, (_, at) => {
    const columns = Math.floor(width / step);
    const [column, row] = [at % columns, Math.floor(at / columns)];
    return ring(at + 1, (column + 0.5) * step, (row + 0.5) * step, step * 0.42);
  });
};
const frame = () => new Promise((done) => requestAnimationFrame(done));
const stage = new Stage(document.getElementById("stage"), { width, height }, () => {});
const small = document.createElement("canvas");
[small.width, small.height] = [width, height];
stage.showPlaceholder(small);
"""

_FRAMES = """
stage.showObjects(made(count));
stage.fit();
for (let each = 0; each < 20; each += 1) await frame();
const times = [];
let before = performance.now();
for (let each = 0; each < frames; each += 1) {
  if (each % 2) stage.zoom(each % 40 < 20 ? 1.04 : 1 / 1.04, [600, 400]);
  else stage.pan(each % 24 < 12 ? 6 : -6, 3);
  const now = await frame();
  times.push(now - before);
  before = now;
}
times.sort((a, b) => a - b);
return [times[Math.floor(times.length / 2)], times[Math.floor(times.length * 0.95)]];
"""

_SETTLE = """
stage.showObjects(made(count));
stage.fit();
await frame();
await new Promise((done) => setTimeout(done, 400));
const began = performance.now();
stage.redraw("picture", "outlines", "marks");
await frame();
// Reading a pixel waits until all is drawn.
document.querySelectorAll("canvas")[1].getContext("2d").getImageData(0, 0, 1, 1);
return performance.now() - began;
"""

_HITS = """
const objects = made(count);
stage.showObjects(objects);
const points = Array.from({ length: 400 }, (_, at) => [(at * 977) % width, (at * 613) % height]);
const timed = (hit, rounds) => {
  const began = performance.now();
  for (let round = 0; round < rounds; round += 1) points.forEach(hit);
  return (1000 * (performance.now() - began)) / (rounds * points.length);
};
return [timed((point) => stage.hit(point), 50),
        timed(([x, y]) => objects.find((each) => contains(each, x, y)), 1)];
"""


def run(scale: Scale) -> Iterator[Measurement]:
    """Play the gestures in one browser."""
    if not _CHROMIUM.exists():
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        page.route("**/*", _answer)
        yield from _figures(page, scale)
        browser.close()


def _figures(page: Page, scale: Scale) -> Iterator[Measurement]:
    frames = scale.of(240)
    alone = _median(page, _FRAMES, scale, count=0, frames=frames)
    for count in OUTLINES:
        with_outlines = _median(page, _FRAMES, scale, count=count, frames=frames)
        for at, what in enumerate(("p50", "p95")):
            name = f"viewer.frame_{what}.{count}"
            yield Measurement(name, with_outlines[at], "ms", "picture alone", alone[at])
    [settled] = _median(page, f"return [await (async () => {{ {_SETTLE} }})()]", scale, count=2000)
    [empty] = _median(page, f"return [await (async () => {{ {_SETTLE} }})()]", scale, count=0)
    yield Measurement("viewer.settle.2000", settled, "ms", "picture alone", max(empty, 0.1))
    ours, theirs = _median(page, _HITS, scale, count=5000)
    yield Measurement("viewer.hit.5000", ours, "us", "every object", theirs)


def _median(page: Page, script: str, scale: Scale, **amounts: int) -> list[float]:
    """Return the medians of what the script answers in each round; the first is not counted."""
    constants = "".join(f"const {name} = {amount};" for name, amount in amounts.items())
    folder = f"{PREFIX}/{shipped().version}/js/"
    rounds: list[list[float]] = []
    for _ in range(scale.rounds + 1):
        page.goto(_ADDRESS)
        code = f"(async () => {{ const JS = '{folder}'; {constants} {_BEGIN} {script} }})()"
        rounds.append(page.evaluate(code))
    return [sorted(each)[len(each) // 2] for each in zip(*rounds[1:], strict=True)]


def _answer(route: Route) -> None:
    path: Any = route.request.url.removeprefix(_ADDRESS.rstrip("/"))
    asset = shipped().get(path.removeprefix(f"{PREFIX}/{shipped().version}/"))
    if asset is not None:
        route.fulfill(body=asset.body, content_type=MEDIA_TYPES[asset.suffix])
    else:
        imports = json.dumps({"imports": shipped().packages()})
        body = f"{_STAGE}<script type=importmap>{imports}</script>"
        route.fulfill(body=body, content_type="text/html")
