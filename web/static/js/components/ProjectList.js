// Projects as cards or as a table, with what narrows and sorts them; "/" leads to the search.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n.js";
import { OWNERS, SORTS, VIEWS, choice, choose, clear, isNarrowed } from "../listing.js";
import { Empty, Icon, html, lazy } from "../ui.js";
import { ProjectCard } from "./ProjectCard.js";

const FIRST_ROW = 3;
const SOON = 250;
const WRITING = "input:not([type=checkbox], [type=radio]), textarea, select, dialog";
const ICONS = { grid: "layout-grid", list: "list" };

const ProjectTable = lazy(async () => (await import("./ProjectTable.js")).ProjectTable);

function Search() {
  const field = useRef(null);
  const timer = useRef(0);
  useLayoutEffect(() => {
    const onKey = (event) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest(WRITING) || localStorage.shortcuts === "off") return;
      event.preventDefault();
      field.current.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => {
    if (field.current.value !== choice.q.value && document.activeElement !== field.current) field.current.value = choice.q.value;
  }, [choice.q.value]);
  const search = ({ target }) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => choose("q", target.value.trim()), SOON);
  };
  return html`<label class="search"><${Icon} name="search" /><span class="visually-hidden">${t("list.search")}</span>
    <input class="input" type="search" ref=${field} defaultValue=${choice.q.peek()} maxlength="200" placeholder=${t("list.search")} autocomplete="off" onInput=${search} />
    <kbd aria-hidden="true">/</kbd>
  </label>`;
}

export function ListTools() {
  return html`<div class="list-tools">
    <${Search} />
    <div class="chips" role="group" aria-label=${t("list.owner")}>
      ${OWNERS.map((owner) => html`<button type="button" class="chip" key=${owner} aria-pressed=${choice.owner.value === owner} onClick=${() => choose("owner", owner)}>${t(`list.owner.${owner}`)}</button>`)}
    </div>
    <div class="field-inline">
      <select class="input" aria-label=${t("list.sort")} value=${choice.sort.value} onChange=${({ target }) => choose("sort", target.value)}>
        ${SORTS.map((sort) => html`<option key=${sort} value=${sort}>${t(`list.sort.${sort}`)}</option>`)}
      </select>
    </div>
    <div class="chips views" role="group" aria-label=${t("list.view")}>
      ${VIEWS.map((view) => html`<button type="button" class="chip square" key=${view} aria-pressed=${choice.view.value === view} aria-label=${t(`list.view.${view}`)} title=${t(`list.view.${view}`)} onClick=${() => choose("view", view)}><${Icon} name=${ICONS[view]} /></button>`)}
    </div>
  </div>`;
}

/** The projects with these *ids*, as they are chosen to be shown. */
export function ProjectList({ ids }) {
  if (ids.length === 0 && isNarrowed.value) {
    return html`<${Empty} icon="search-x" title=${t("list.none")}>
      <p>${t("list.none.about")}</p>
      <button type="button" class="button" onClick=${clear}>${t("list.clear")}</button>
    </${Empty}>`;
  }
  if (choice.view.value === "list") return html`<${ProjectTable} ids=${ids} />`;
  return html`<ul class="cards">
    ${ids.map((id, at) => html`<${ProjectCard} key=${id} projectId=${id} eager=${at < FIRST_ROW} />`)}
  </ul>`;
}

export const Count = ({ count, more = false }) => html`<span class="meta number">${t(more ? "list.atLeast" : "list.count", { count })}</span>`;
