// The images or the objects of a project, a page at a time, sorted by the server.

import { useEffect, useState } from "preact/hooks";
import { request } from "../api.js";
import { t } from "../i18n.js";
import { ErrorNote, Icon, Loading, STATUS, formatNumber, html } from "../ui.js";
import { titled } from "./Charts.js";

const PAGE = 25;

/** A number as people read it: four digits that say something. */
export const figure = (value) => (value == null ? "–" : formatNumber(Number(value.toPrecision(4))));

/**
 * *kind*: `images` or `objects`; *measured*: the measurements of its columns; *filter*: the words
 * of the address that choose images; *sort* and *onSort* as the address has it.
 */
export function ResultTable({ path, kind, measured, filter, sort, onSort, edition, projectId }) {
  const [cursor, setCursor] = useState(null);
  const [before, setBefore] = useState([]);
  const names = measured.map(({ name }) => name).join(",");
  const question = `${kind}?${filter}&sort=${encodeURIComponent(sort)}&columns=${encodeURIComponent(names)}&limit=${PAGE}`;
  const [{ page, error, of }, setAnswer] = useState({});
  const ask = () => {
    const stop = new AbortController();
    const at = cursor ? `&cursor=${cursor}` : "";
    request(`${path}/${question}${at}`, { signal: stop.signal })
      .then((found) => setAnswer({ page: found, of: question }))
      .catch((refusal) => refusal.name !== "AbortError" && setAnswer({ error: refusal }));
    return () => stop.abort();
  };
  const restart = () => {
    setCursor(null);
    setBefore([]);
  };
  useEffect(restart, [question]);
  useEffect(ask, [question, cursor, edition]);
  if (error) return html`<${ErrorNote} error=${error} onRetry=${ask} />`;
  if (!page) return html`<${Loading}>${t("results.reading")}</${Loading}>`;
  const turn = (back) => {
    setBefore(back ? before.slice(0, -1) : [...before, cursor]);
    setCursor(back ? before.at(-1) : page.nextCursor);
  };
  const first = Number(cursor || 0);
  const columns = [...FIRST[kind], ...measured.map((each) => ({ name: each.name, title: titled(each), median: kind === "images" }))];
  return html`<div class="table-scroll" tabindex="0" role="region" aria-label=${t(`results.table.${kind}`)}>
      <table class="measures results-table" aria-busy=${of !== question}>
        <thead><tr>${columns.map((column) => html`<${Heading} key=${column.name} ...${column} sort=${sort} onSort=${onSort} />`)}</tr></thead>
        <tbody>${page.items.map((row) => html`<${Row} key=${`${row.imageId}-${row.label}`} kind=${kind} row=${row} measured=${measured} projectId=${projectId} />`)}</tbody>
      </table>
    </div>
    <nav class="pager" aria-label=${t("results.pages")}>
      <span class="muted number" role="status">${page.items.length ? t("results.fromTo", { first: first + 1, last: first + page.items.length }) : t("results.empty")}</span>
      <button type="button" class="button small" disabled=${before.length === 0} onClick=${() => turn(true)}>${t("results.previous")}</button>
      <button type="button" class="button small" disabled=${!page.nextCursor} onClick=${() => turn(false)}>${t("results.next")}</button>
    </nav>`;
}

const FIRST = {
  images: [{ name: "name", title: t("results.image") }, { name: "objectCount", title: t("results.table.objects") }],
  objects: [{ name: "name", title: t("results.image") }, { name: "label", title: t("results.object") }],
};

const DIRECTIONS = { ascending: "arrow-up", descending: "arrow-down" };

/** A second click turns the order; what is measured begins with the greatest. */
function Heading({ name, title, median, sort, onSort }) {
  const [by, falling] = [sort.replace(/^-/, ""), sort.startsWith("-")];
  const direction = by !== name ? null : falling ? "descending" : "ascending";
  const next = direction ? (falling ? name : `-${name}`) : name === "name" || name === "label" ? name : `-${name}`;
  return html`<th scope="col" aria-sort=${direction ?? undefined}>
    <button type="button" onClick=${() => onSort(next)}>${median ? t("results.median", { title }) : title}${direction && html`<${Icon} name=${DIRECTIONS[direction]} />`}</button>
  </th>`;
}

function Row({ kind, row, measured, projectId }) {
  const { imageId, filename, label, objectCount, edited, status } = row;
  const address = `/projects/${projectId}/images/${imageId}${label ? `?obj=${label}` : ""}`;
  const values = row.measurements ?? row.medians;
  return html`<tr>
    <td><a href=${address}>${filename}${kind === "objects" && html`<span class="visually-hidden">${" "}${t("results.objectLabel", { label })}</span>`}</a>${edited && html` <span class="badge">${t("results.edited")}</span>`}</td>
    <td>${kind === "objects" ? label : status === "no_objects" ? STATUS[status].word : formatNumber(objectCount)}</td>
    ${measured.map(({ name }) => html`<td key=${name}>${figure(values[name])}</td>`)}
  </tr>`;
}
