// The objects as a list that goes with the canvas: sorted, filtered, chosen by keys; and the numbers of what is chosen.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n.js";
import { Icon, formatNumber, html } from "../ui.js";
import { columnsOf, shownValue } from "./columns.js";
import { NO_CLASS, classOf, classesOf, valueOf } from "./colours.js";
import { choose, chosen, colouring, filter, hovered, listKeys, listed, objects, order, stage } from "./state.js";

export const ROW = 30; // Height of a row, as in the style sheet.
const SPARE = 10;
const PAGE = 12;

/** *Field* is drawn beside what is chosen. */
export function ObjectList({ known, Field }) {
  const columns = useMemo(() => columnsOf(objects.value, known), [objects.value]);
  return html`<div class="object-list">
    <${ListHead} columns=${columns} />
    <${Rows} columns=${columns} />
    <${Selection} columns=${columns} Field=${Field} />
  </div>`;
}

function ListHead({ columns }) {
  const down = order.value.startsWith("-");
  const key = down ? order.value.slice(1) : order.value;
  const sortable = [...columns, { key: "class", title: t("display.class") }];
  const sort = (next) => (order.value = next);
  return html`<div class="list-head">
    <label class="meta">${t("list.sort")}
      <select class="input" value=${key} onChange=${({ target }) => sort(target.value === "label" ? "label" : `-${target.value}`)}>
        ${sortable.map(({ key: each, title }) => html`<option key=${each} value=${each} selected=${each === key}>${title}</option>`)}
      </select>
    </label>
    <button type="button" class="button square quiet" aria-label=${down ? t("objectList.descending") : t("objectList.ascending")} title=${down ? t("objectList.descending") : t("objectList.ascending")} onClick=${() => sort(down ? key : `-${key}`)}>
      <${Icon} name=${down ? "arrow-down" : "arrow-up"} />
    </button>
    <${Filter} columns=${columns} />
  </div>`;
}

function Filter({ columns }) {
  const asked = filter.value;
  const classes = classesOf(objects.value);
  const key = asked?.key ?? "";
  const choice = ({ target }) => {
    filter.value = target.value === "" ? null : target.value === "class" ? { key: "class", name: classes[0].name } : { key: target.value, low: null, high: null };
  };
  const end = (name, label) => html`<input class="input number" key="${asked.key}-${name}" type="number" step="any" aria-label=${label} placeholder=${label} defaultValue=${asked[name] ?? ""}
    onChange=${({ target }) => (filter.value = { ...asked, [name]: target.value === "" ? null : Number(target.value) })} />`;
  return html`<label class="meta">${t("objectList.only")}
      <select class="input" onChange=${choice}>
        <option value="" selected=${!key}>${t("objectList.all")}</option>
        ${classes.length > 1 && html`<option value="class" selected=${key === "class"}>${t("display.class")}</option>`}
        ${columns.map((column) => html`<option key=${column.key} value=${column.key} selected=${column.key === key}>${column.title}</option>`)}
      </select>
    </label>
    ${asked && html`<div class="filter">
      ${key === "class"
        ? html`<select class="input" aria-label=${t("display.class")} onChange=${({ target }) => (filter.value = { key, name: target.value })}>
            ${classes.map(({ name }) => html`<option key=${name} value=${name} selected=${name === asked.name}>${name === NO_CLASS ? t("objectList.noClass") : name}</option>`)}
          </select>`
        : html`${end("low", t("objectList.from"))}${end("high", t("objectList.to"))}`}
      <button type="button" class="button square quiet" aria-label=${t("objectList.showAllAgain")} title=${t("objectList.showAllAgain")} onClick=${() => (filter.value = null)}><${Icon} name="x" /></button>
    </div>`}`;
}

function Rows({ columns }) {
  const rows = listed.value;
  const scroller = useRef(null);
  const [top, setTop] = useState(0);
  const [active, setActive] = useState(null); // The label that keys are at.
  const [from, to] = rowsInView(rows.length, top, scroller.current?.clientHeight ?? 400);
  const last = chosen.value.at(-1);
  useEffect(() => {
    if (last === undefined) return;
    setActive(last);
    showRow(scroller.current, rows.findIndex(({ label }) => label === last));
  }, [last, rows]);
  const place = rows.findIndex(({ label }) => label === active);
  const key = (event) => listKey(event, { rows, place, go: (to) => { setActive(rows[to].label); showRow(scroller.current, to); } }) && event.preventDefault();
  const area = columns.find(({ key: name }) => name.startsWith("area"));
  const score = columns.find(({ key: name }) => name === "score");
  const sortedBy = columns.find(({ key: name }) => name === order.value.replace("-", "") && name !== "label");
  const cells = [...new Set([sortedBy, area, score])].filter(Boolean);
  if (!rows.length) return html`<p class="meta none">${objects.value.length ? t("objectList.noObjectIsLikeThat") : t("objectList.noObjects")}</p>`;
  return html`<div class="object-row head meta">
    <span>${t("columns.object")}</span><span class="class"></span>
    ${cells.map(({ title, unit }) => html`<span title=${title}>${title}${unit && ` (${unit})`}</span>`)}
  </div><div
    class="object-rows"
    role="listbox"
    tabindex="0"
    aria-label=${t("objectList.rows", { count: rows.length })}
    aria-multiselectable="true"
    aria-activedescendant=${place >= from && place < to ? `object-${active}` : undefined}
    ref=${scroller}
    onScroll=${({ target }) => setTop(target.scrollTop)}
    onKeyDown=${key}
    onMouseLeave=${() => (hovered.value = null)}
  >
    <div role="presentation" style=${{ height: `${from * ROW}px` }}></div>
    ${rows.slice(from, to).map((object, at) => html`<${Row} key=${object.label} object=${object} at=${from + at} count=${rows.length} cells=${cells} active=${object.label === active} />`)}
    <div role="presentation" style=${{ height: `${(rows.length - to) * ROW}px` }}></div>
  </div>`;
}

function Row({ object, at, count, cells, active }) {
  const { label } = object;
  const isChosen = chosen.value.includes(label);
  const state = `${isChosen ? "chosen" : hovered.value === label ? "hover" : ""} ${active ? "active" : ""}`;
  return html`<div
    role="option"
    id="object-${label}"
    class="object-row ${state}"
    aria-selected=${isChosen}
    aria-posinset=${at + 1}
    aria-setsize=${count}
    data-object=${label}
    onClick=${(event) => choose(label, event.shiftKey || event.ctrlKey || event.metaKey)}
    onDblClick=${() => centreOn(label)}
    onMouseEnter=${() => (hovered.value = label)}
  >
    <i style=${{ background: colouring.value.colourOf(object) }}></i>
    <span class="number">${label}</span>
    <span class="class">${classOf(object)}</span>
    ${cells.map(({ key, whole }) => html`<span class="number">${shownValue(valueOf(object, key), whole)}</span>`)}
  </div>`;
}

/** Return the first and last of rows that are worth drawing. */
export function rowsInView(count, top, height) {
  return [Math.max(0, Math.floor(top / ROW) - SPARE), Math.min(count, Math.ceil((top + height) / ROW) + SPARE)];
}

/** Scroll a row into view, unless it is there. */
export function showRow(scroller, at) {
  if (!scroller || at < 0) return;
  const top = at * ROW;
  if (top < scroller.scrollTop || top + ROW > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top - scroller.clientHeight / 2;
}

/** Show an object large, in the middle. */
function centreOn(label) {
  const shape = stage.peek()?.grid.shapes.get(label);
  if (!shape) return;
  const { width, height } = stage.peek().box;
  stage.peek().centre(shape.middle, Math.min(8, Math.min(width, height) / (2.5 * shape.extent)));
}

/** Do what a key means in the list; tell whether it meant anything. */
function listKey(event, { rows, place, go }) {
  if (listKeys.peek()?.(event)) return true;
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -rows.length, End: rows.length };
  if (event.key in moves) {
    const next = Math.min(rows.length - 1, Math.max(0, place + moves[event.key]));
    go(next);
    if (event.shiftKey) choose(rows[next].label, true);
    else if (!event.ctrlKey) chosen.value = [rows[next].label];
    return true;
  }
  if (event.key === " " && place >= 0) return choose(rows[place].label, true), true;
  if (event.key === "Enter" && place >= 0) return centreOn(rows[place].label), true;
  if (event.key === "Escape") return choose(null), true;
  return false;
}

function Selection({ columns, Field }) {
  const labels = chosen.value;
  const found = objects.value.filter(({ label }) => labels.includes(label));
  if (!found.length) return html`<p class="selection meta">${t("objectList.chooseAnObjectOnThe")}</p>`;
  const [only] = found;
  return html`<section class="selection" tabindex="0" aria-label=${t("objectList.measurementsOfTheSelection")} data-selection>
    <h3>${found.length === 1 ? t("objectList.objectLabel", { label: only.label }) : t("objects.count", { count: found.length })}</h3>
    ${Field && html`<${Field} />`}
    ${!found.some(({ measurements }) => measurements) && html`<p class="meta">${t("objectList.measuredWhenSaved")}</p>`}
    <dl class="facts number">
      ${found.some(({ measurements }) => measurements) && columns.filter(({ key }) => key !== "label").map((column) => html`<dt key=${column.key} title=${column.description}>${column.title}</dt>
        <dd>${valueWords(found, column)}</dd>`)}
    </dl>
  </section>`;
}

/** Return the value of one object, or the mean of several and their ends. */
function valueWords(found, { key, unit, whole }) {
  const values = found.map((object) => valueOf(object, key)).filter(Number.isFinite);
  if (!values.length) return "–"; // Not measured yet, or nothing to measure.
  const after = unit ? ` ${unit}` : "";
  if (values.length === 1) return shownValue(values[0], whole) + after;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return t("objectList.meanMeanafterWholeToWhole2", { mean: shownValue(mean), after, whole: shownValue(Math.min(...values), whole), whole2: shownValue(Math.max(...values), whole) });
}

/** How many objects there are, and how many of them the filter leaves. */
export function ObjectCount() {
  const [all, left] = [objects.value.length, listed.value.length];
  return html`<span class="meta number">${left < all && `${formatNumber(left)} / `}<span data-object-count>${formatNumber(all)}</span></span>`;
}
