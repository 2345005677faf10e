// One row an object; sortable, and only the rows in view are in the page when they are many.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n.js";
import { Icon, html } from "../ui.js";
import { valueOf } from "../viewer/colours.js";
import { columnsOf, shownValue } from "../viewer/columns.js";
import { choose, chosen, colouring, hovered, listed, objects, order } from "../viewer/state.js";

const ROW = 32; // Height of a row, as in the style sheet.
const ALL_UP_TO = 400; // Fewer objects are simply all there.
const SPARE = 12;

export function MeasurementTable({ known }) {
  const columns = useMemo(() => columnsOf(objects.value, known), [objects.value]);
  const rows = listed.value;
  const scroller = useRef(null);
  const [from, to, onScroll] = useRowsInView(rows.length, scroller);
  const last = chosen.value.at(-1);
  useEffect(() => showChosen(scroller.current, rows, last), [last]);

  const sorted = { key: order.value.replace("-", ""), down: order.value.startsWith("-") };
  const sort = (key) => {
    const down = sorted.key === key ? !sorted.down : key !== "label";
    order.value = down ? `-${key}` : key;
  };
  return html`<div class="table-scroll" ref=${scroller} onScroll=${onScroll} tabindex="0" role="region" aria-label=${t("measurementTable.measurements")}>
    <table class="measures" aria-rowcount=${rows.length + 1}>
      <thead><tr>${columns.map((column) => html`<${Heading} key=${column.key} column=${column} order=${sorted} onSort=${sort} />`)}</tr></thead>
      <tbody>
        <${Gap} rows=${from} />
        ${rows.slice(from, to).map((object, at) => html`<${Row} key=${object.label} object=${object} index=${from + at + 2} columns=${columns} />`)}
        <${Gap} rows=${rows.length - to} />
      </tbody>
    </table>
  </div>`;
}

const Gap = ({ rows }) =>
  rows > 0 && html`<tr class="gap" aria-hidden="true"><td style=${{ height: `${rows * ROW}px` }}></td></tr>`;

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
    <button type="button" title=${column.description} onClick=${() => onSort(column.key)}>
      ${column.title}${column.unit && html` <span class="muted">${column.unit}</span>`}
      ${active && html`<${Icon} name=${order.down ? "arrow-down" : "arrow-up"} />`}
    </button>
  </th>`;
}

function Row({ object, index, columns }) {
  const { label } = object;
  const isChosen = chosen.value.includes(label);
  const state = isChosen ? "chosen" : hovered.value === label ? "hover" : "";
  const toggle = (event) => choose(label, event.shiftKey || event.ctrlKey || event.metaKey);
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
        ? html`<td><button type="button" class="pick" aria-pressed=${isChosen}><i style=${{ background: colouring.value.colourOf(object) }}></i>${label}</button></td>`
        : html`<td>${shownValue(valueOf(object, key), whole)}</td>`,
    )}
  </tr>`;
}
