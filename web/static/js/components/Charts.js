// A histogram and a scatter of measurements; uPlot is fetched when the first one is drawn.

import { useEffect, useRef, useState } from "preact/hooks";
import { colourOf, loadPlot } from "../plotting.js";
import { t } from "../i18n.js";
import { Note, html } from "../ui.js";

const HEIGHT = 260;
const NEAR = 14; // Pixels from a point that still mean it.

/** *options(uPlot)* returns `{options, data}`; *label* says what it shows to who does not see it. */
function Chart({ options, label, onReady }) {
  const place = useRef(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let chart = null;
    let gone = false;
    const drawn = (uPlot) => {
      if (gone) return;
      const { data, ...rest } = options(uPlot);
      chart = new uPlot({ width: place.current.clientWidth, height: HEIGHT, legend: { show: false }, ...rest }, data, place.current);
      onReady?.(chart);
      resized.observe(place.current);
    };
    const resized = new ResizeObserver(() => chart?.setSize({ width: place.current.clientWidth, height: HEIGHT }));
    const themed = new MutationObserver(() => chart?.redraw());
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    loadPlot().then(drawn).catch(() => setFailed(true));
    return () => {
      gone = true;
      resized.disconnect();
      themed.disconnect();
      chart?.destroy();
    };
  }, [options]);
  if (failed) return html`<${Note} tone="bad" icon="circle-alert"><p>${t("results.chartFailed")}</p></${Note}>`;
  return html`<div class="chart" ref=${place} role="img" aria-label=${label} style=${{ minHeight: `${HEIGHT}px` }}></div>`;
}

const axis = (title, more) => ({
  label: title,
  size: 30,
  labelSize: 20,
  labelGap: 0,
  labelFont: "500 12px Inter, sans-serif",
  font: "12px Inter, sans-serif",
  stroke: () => colourOf("--muted"),
  grid: { stroke: () => colourOf("--line"), width: 1 },
  ticks: { show: false },
  ...more,
});

export const titled = ({ title, unit }) => (unit ? `${title} (${unit})` : title);

/** How many objects are in each bin of a distribution. */
export function Histogram({ distribution, label }) {
  const { measurement, edges, counts } = distribution;
  const options = useStable(distribution, () => (uPlot) => ({
    scales: { x: { time: false, range: () => [edges[0], edges.at(-1)] }, y: { range: (chart, low, high) => [0, high * 1.05 || 1] } },
    axes: [axis(titled(measurement)), axis(t("results.table.objects"), { size: 46 })],
    cursor: { drag: { x: false, y: false }, points: { show: false } },
    series: [
      {},
      {
        paths: uPlot.paths.bars({ size: [1, Infinity], gap: 1 }),
        points: { show: false },
        width: 0,
        fill: () => colourOf("--accent"),
      },
    ],
    data: [counts.map((_, at) => (edges[at] + edges[at + 1]) / 2), counts],
  }));
  return html`<${Chart} options=${options} label=${label} />`;
}

/** A point an object; *onPick* is called with the place of the point that is clicked. */
export function Scatter({ x, y, points, label, onPick }) {
  const options = useStable(points, () => () => {
    const order = points.x.map((_, at) => at).sort((a, b) => points.x[a] - points.x[b]);
    return {
      scales: { x: { time: false, range: padded }, y: { range: padded } },
      axes: [axis(titled(x)), axis(titled(y), { size: 56 })],
      cursor: { drag: { x: false, y: false }, points: { show: false } },
      series: [
        {},
        { paths: () => null, points: { show: true, size: 4, width: 0, fill: () => faded(colourOf("--accent")) } },
      ],
      data: [order.map((at) => points.x[at]), order.map((at) => points.y[at])],
    };
  });
  const ready = (chart) => {
    chart.over.style.cursor = "pointer";
    chart.over.addEventListener("click", ({ offsetX, offsetY }) => {
      const at = nearest(chart, points, offsetX, offsetY);
      if (at >= 0) onPick(at);
    });
  };
  return html`<${Chart} options=${options} label=${label} onReady=${ready} />`;
}

const faded = (colour) => colour.replace("rgb(", "rgba(").replace(")", ", 0.5)");

function padded(chart, low, high) {
  const room = (high - low) * 0.04 || 1;
  return [low - room, high + room];
}

function nearest(chart, points, left, top) {
  let found = -1;
  let least = NEAR;
  for (let at = 0; at < points.x.length; at += 1) {
    const away = Math.hypot(chart.valToPos(points.x[at], "x") - left, chart.valToPos(points.y[at], "y") - top);
    if (away < least) [found, least] = [at, away];
  }
  return found;
}

/** The same function as long as *value* is the same: else the chart is made anew for nothing. */
function useStable(value, make) {
  const kept = useRef({});
  if (kept.current.value !== value) kept.current = { value, made: make() };
  return kept.current.made;
}
