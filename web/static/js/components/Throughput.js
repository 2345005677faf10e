// The chart of what was segmented and uploaded lately; loaded when there is something to chart.

import { useEffect, useRef, useState } from "preact/hooks";
import { boot } from "../api.js";
import { locale, t } from "../i18n.js";
import { writeAddress } from "../listing.js";
import { colourOf, loadPlot } from "../plotting.js";
import { SPANS, throughputOf, totals, watchThroughput } from "../throughput.js";
import { ErrorNote, html } from "../ui.js";

const LEAST_AXIS = 5; // Images; one image alone is no peak.
const HEADROOM = 1.15;
const BAR = 0.72; // Of the room of a step.
const OFFERED = ["1h", "24h", "7d"];

const timeZone = boot.user.timeZone;
const clock = new Intl.DateTimeFormat(locale, { timeZone, hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { timeZone, weekday: "short", day: "numeric" });
const dayAndHour = new Intl.DateTimeFormat(locale, { timeZone, weekday: "short", hour: "2-digit", minute: "2-digit" });

const momentOf = (seconds) => new Date(seconds * 1000);
const axisFormat = { "1h": clock, "24h": clock, "7d": day };
const pointFormat = { "1h": clock, "24h": clock, "7d": dayAndHour };

const columns = ({ points }) => [
  points.map(({ at }) => new Date(at).getTime() / 1000),
  points.map(({ segmented }) => segmented),
  points.map(({ uploaded }) => uploaded),
];

/** Return what uPlot is made with; *onPoint* hears the index under the pointer, or null. */
function options(plot, { span, step, size, onPoint }) {
  const axis = { stroke: colourOf("--muted"), grid: { stroke: colourOf("--line"), width: 1 }, ticks: { show: false }, font: "12px Inter, sans-serif" };
  return {
    ...size,
    padding: [10, 22, 0, 4], // The last label of the time axis needs half of its width.
    tzDate: (seconds) => plot.tzDate(momentOf(seconds), timeZone),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    // The bar of the last step needs its room as all others do.
    scales: { x: { range: (_, from, to) => [from, to + step] }, y: { range: (_, __, most) => [0, Math.max(LEAST_AXIS, Math.ceil((most ?? 0) * HEADROOM))] } },
    axes: [
      { ...axis, grid: { show: false }, space: 64, values: (_, splits) => splits.map((at) => axisFormat[span].format(momentOf(at))) },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5], values: (_, splits) => splits.map((count) => t("throughput.axis", { count })) },
    ],
    series: [
      {},
      { stroke: colourOf("--accent"), fill: colourOf("--accent"), width: 0, points: { show: false }, paths: plot.paths.bars({ size: [BAR, 40, 1], align: 1, radius: 0.2 }) },
      { stroke: colourOf("--muted"), width: 1.5, dash: [4, 3], points: { show: false }, paths: plot.paths.stepped({ align: 1 }) },
    ],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
  };
}

const sizeOf = ({ clientWidth, clientHeight }) => ({ width: clientWidth, height: clientHeight });

/** Draw *read* into the element of *place*; again when its width or the colours change. */
function usePlot(place, read, onPoint, onFailure) {
  const chart = useRef(null);
  const newest = useRef(read);
  newest.current = read;
  useEffect(() => {
    let gone = false;
    const draw = async () => {
      try {
        const plot = await loadPlot();
        if (gone) return;
        chart.current?.destroy();
        const { span, stepSeconds: step } = newest.current;
        chart.current = new plot(options(plot, { span, step, size: sizeOf(place.current), onPoint }), columns(newest.current), place.current);
      } catch (failure) {
        onFailure(failure);
      }
    };
    draw();
    const resized = new ResizeObserver(() => chart.current?.setSize(sizeOf(place.current)));
    resized.observe(place.current);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => {
      gone = true;
      resized.disconnect();
      themed.disconnect();
      dark.removeEventListener("change", draw);
      chart.current?.destroy();
      chart.current = null;
    };
  }, [read.span]);
  useEffect(() => chart.current?.setData(columns(read)), [read]);
}

const said = (key, values, span) => t(`throughput.${key}.${span}`, values);

function Chart({ read }) {
  const place = useRef(null);
  const [point, setPoint] = useState(null);
  const [failure, setFailure] = useState(null);
  usePlot(place, read, setPoint, setFailure);
  const all = totals(read.points);
  const summary = said("summary", { segmented: all.segmented, uploaded: all.uploaded }, read.span);
  const at = point === null ? null : read.points[point];
  const pointed = at && t("throughput.point", { at: pointFormat[read.span].format(new Date(at.at)), segmented: at.segmented, uploaded: at.uploaded });
  if (failure) return html`<${ErrorNote} error=${{ message: t("throughput.notLoaded") }} onRetry=${() => setFailure(null)} />`;
  return html`<div class="chart" ref=${place} role="img" aria-label=${summary}></div>
    <p class="chart-words meta number">
      <span class="key segmented">${t("throughput.segmented")}</span><span class="key uploaded">${t("throughput.uploaded")}</span>
      <span class="push">${pointed ?? summary}</span>
    </p>`;
}

const given = new URLSearchParams(location.search).get("span");

export function Throughput() {
  const [span, setSpan] = useState(SPANS.includes(given) ? given : SPANS[0]);
  useEffect(() => watchThroughput(span), [span]);
  const read = throughputOf(span).value;
  const choose = (wanted) => {
    setSpan(wanted);
    writeAddress({ span: wanted === SPANS[0] ? null : wanted });
  };
  return html`<div class="section-head">
      <h2 id="throughput">${t("throughput.title")}</h2>
      <div class="chips push" role="group" aria-label=${t("throughput.span")}>
        ${OFFERED.map((each) => html`<button type="button" class="chip" key=${each} aria-pressed=${each === span} onClick=${() => choose(each)}>${t(`throughput.${each}`)}</button>`)}
      </div>
    </div>
    ${read ? html`<${Chart} key=${span} read=${read} />` : html`<div class="chart"></div>`}`;
}
