// One row an object; sortable, and only the rows in view are in the page when they are many.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon, formatNumber, html } from "../ui.js";

const ROW = 32; // Height of a row, as in the style sheet.
const ALL_UP_TO = 400; // Fewer objects are simply all there.
const SPARE = 12;

// What a biologist looks at first; with a pixel size the physical value stands in its place.
const COLUMNS = [
  ["area", "Area", 2],
  ["perimeter", "Perimeter", 1],
  ["circularity", "Circularity"],
  ["equivalentDiameterArea", "Diameter", 1],
  ["feretDiameterMax", "Feret max", 1],
  ["feretDiameterMin", "Feret min", 1],
  ["axisMajorLength", "Major axis", 1],
  ["axisMinorLength", "Minor axis", 1],
  ["eccentricity", "Eccentricity"],
  ["solidity", "Solidity"],
  ["convexity", "Convexity"],
  ["holeCount", "Holes"],
];
const UNITS = { 1: ["px", "µm", "Um"], 2: ["px²", "µm²", "Um2"] };

/** Return the columns that *objects* have: `{key, title, unit}`. */
export function columnsOf(objects) {
  const measured = objects[0]?.measurements ?? {};
  const shaped = COLUMNS.map(([key, title, power]) => {
    const [pixels, physical, suffix] = UNITS[power] ?? [];
    const scaled = power && measured[key + suffix] != null;
    return { key: scaled ? key + suffix : key, title, unit: scaled ? physical : pixels };
  });
  const intensities = Object.keys(measured)
    .filter((key) => key.startsWith("intensityMean"))
    .map((key) => ({ key, title: key.includes(":") ? `Mean, ${key.split(":")[1]}` : "Mean intensity" }));
  const score = objects.some((object) => object.score != null) ? [{ key: "score", title: "Score" }] : [];
  return [{ key: "label", title: "Object" }, ...shaped, ...intensities, ...score]
    .filter(({ key }) => key === "label" || key === "score" || measured[key] != null)
    .map((column) => ({ ...column, whole: objects.every((object) => isWhole(valueOf(object, column.key))) }));
}

const isWhole = (value) => value == null || Number.isInteger(value);

const valueOf = (object, key) => (key === "label" || key === "score" ? object[key] : object.measurements[key]);

function shown(value, whole) {
  if (value == null) return "–";
  if (whole) return formatNumber(value);
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

export function MeasurementTable({ objects, hovered, chosen }) {
  const columns = useMemo(() => columnsOf(objects), [objects]);
  const [order, setOrder] = useState({ key: "label", down: false });
  const rows = useMemo(() => sorted(objects, order), [objects, order]);
  const scroller = useRef(null);
  const [from, to, onScroll] = useRowsInView(rows.length, scroller);
  useEffect(() => showChosen(scroller.current, rows, chosen.value), [chosen.value]);

  const sort = (key) => setOrder({ key, down: order.key === key ? !order.down : key !== "label" });
  return html`<div class="table-scroll" ref=${scroller} onScroll=${onScroll} tabindex="0" role="region" aria-label="Measurements">
    <table class="measures" aria-rowcount=${rows.length + 1}>
      <thead><tr>${columns.map((column) => html`<${Heading} key=${column.key} column=${column} order=${order} onSort=${sort} />`)}</tr></thead>
      <tbody>
        <${Gap} rows=${from} />
        ${rows.slice(from, to).map((object, at) => html`<${Row} key=${object.label} object=${object} index=${from + at + 2} columns=${columns} hovered=${hovered} chosen=${chosen} />`)}
        <${Gap} rows=${rows.length - to} />
      </tbody>
    </table>
  </div>`;
}

const Gap = ({ rows }) =>
  rows > 0 && html`<tr class="gap" aria-hidden="true"><td style=${{ height: `${rows * ROW}px` }}></td></tr>`;

function sorted(objects, { key, down }) {
  const sign = down ? -1 : 1;
  return [...objects].sort((a, b) => sign * ((valueOf(a, key) ?? -Infinity) - (valueOf(b, key) ?? -Infinity)));
}

/** Return the first and last row to draw, and what to do when the table is scrolled. */
function useRowsInView(count, scroller) {
  const [top, setTop] = useState(0);
  if (count <= ALL_UP_TO) return [0, count, undefined];
  const height = scroller.current?.clientHeight ?? 800;
  const from = Math.max(0, Math.floor(top / ROW) - SPARE);
  const to = Math.min(count, Math.ceil((top + height) / ROW) + SPARE);
  return [from, to, ({ target }) => setTop(target.scrollTop)];
}

/** Scroll the chosen row into view, unless it is there. */
function showChosen(scroller, rows, label) {
  const at = rows.findIndex((object) => object.label === label);
  if (at < 0) return;
  const top = at * ROW;
  const visible = scroller.clientHeight - 2 * ROW; // Without the heading that stays.
  if (top < scroller.scrollTop || top > scroller.scrollTop + visible) scroller.scrollTop = top - visible / 2;
}

function Heading({ column, order, onSort }) {
  const active = order.key === column.key;
  const direction = order.down ? "descending" : "ascending";
  return html`<th scope="col" aria-sort=${active ? direction : undefined}>
    <button type="button" onClick=${() => onSort(column.key)}>
      ${column.title}${column.unit && html` <span class="muted">${column.unit}</span>`}
      ${active && html`<${Icon} name=${order.down ? "arrow-down" : "arrow-up"} />`}
    </button>
  </th>`;
}

function Row({ object, index, columns, hovered, chosen }) {
  const { label } = object;
  const state = chosen.value === label ? "chosen" : hovered.value === label ? "hover" : "";
  const toggle = () => (chosen.value = chosen.peek() === label ? null : label);
  return html`<tr
    class=${state}
    aria-rowindex=${index}
    data-object=${label}
    onMouseEnter=${() => (hovered.value = label)}
    onMouseLeave=${() => (hovered.value = null)}
    onClick=${toggle}
  >
    ${columns.map(({ key, whole }) =>
      key === "label"
        ? html`<td><button type="button" class="pick" aria-pressed=${chosen.value === label}>${label}</button></td>`
        : html`<td>${shown(valueOf(object, key), whole)}</td>`,
    )}
  </tr>`;
}
