// All projects, page after page as one scrolls; the server narrows and sorts them.

import { useEffect, useRef } from "preact/hooks";
import { batch, effect, signal } from "@preact/signals";
import { boot, request } from "./api.js";
import { Dialogs, NewProjectButton } from "./dialogs.js";
import { t } from "./i18n.js";
import { choice, isNarrowed } from "./listing.js";
import { addProject, keepProjects, projectIds } from "./cards.js";
import { keepProject } from "./stores.js";
import { connection, useAccessChanges, usePolling } from "./hooks.js";
import { ConnPill, Empty, ErrorNote, Icon, Loading, html, mount } from "./ui.js";
import { Count, ListTools, ProjectList } from "./components/ProjectList.js";
import { Toasts } from "./components/Toasts.js";

const PAGE = 60;
const AHEAD = "600px"; // So far before its end the list goes on.

const cursor = signal(null);
const loading = signal(false);
const failure = signal(null);

/** What the list is asked for by. */
const query = () => new URLSearchParams({ q: choice.q.value, owner: choice.owner.value, sort: choice.sort.value, limit: PAGE });

const wanted = () => String(query());

async function attempt(work) {
  loading.value = true;
  failure.value = null;
  try {
    await work(wanted());
  } catch (refusal) {
    failure.value = refusal;
  } finally {
    loading.value = false;
  }
}

function show({ items, nextCursor }, before) {
  batch(() => {
    keepProjects(items, before);
    cursor.value = nextCursor;
  });
}

/** Have the list follow what became of a project; the code comes with the first of it. */
const followLater = (change) => import("./following.js").then(({ follow }) => follow(change)).catch(() => {});

/** Begin anew with what is chosen; an answer that comes after another choice is dropped. */
const begin = () =>
  attempt(async (asked) => {
    const first = await request(`/projects?${asked}`);
    if (asked === wanted()) show(first);
  });

const goOn = () =>
  attempt(async (asked) => {
    const { items, nextCursor } = await request(`/projects?${asked}&cursor=${cursor.peek()}`);
    if (asked !== wanted()) return;
    batch(() => {
      items.forEach(keepProject);
      projectIds.value = [...new Set([...projectIds.peek(), ...items.map(({ id }) => id)])];
      cursor.value = nextCursor;
    });
  });

/** Read the first page again; of a longer list the rest stays as it is known. */
async function refresh() {
  const asked = wanted();
  const before = projectIds.peek();
  const first = await request(`/projects?${asked}`);
  if (asked !== wanted()) return;
  if (projectIds.peek().length <= PAGE) show(first, before);
  else batch(() => first.items.forEach(addProject));
}

/** The end of the list, which asks for more when it is nearly seen. */
function End() {
  const end = useRef(null);
  useEffect(() => {
    const near = ([{ isIntersecting }]) => isIntersecting && !loading.peek() && !failure.peek() && goOn();
    const observer = new IntersectionObserver(near, { rootMargin: AHEAD });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [cursor.value]);
  if (failure.value) return html`<${ErrorNote} error=${failure.value} onRetry=${goOn} />`;
  return html`<div class="list-end" ref=${end}>
    <button type="button" class="button" disabled=${loading.value} onClick=${goOn}><${Icon} name="chevron-down" />${t("list.more")}</button>
  </div>`;
}

function Projects() {
  usePolling(refresh);
  useAccessChanges({ onChange: followLater, onGap: refresh });
  const ids = projectIds.value;
  const nothing = ids.length === 0 && !isNarrowed.value;
  return html`<section class="stack" aria-label=${t("projects.title")}>
    <div class="section-head"><${Count} count=${ids.length} more=${cursor.value !== null} /><span class="push"></span><${ListTools} /></div>
    ${failure.value && cursor.value === null && html`<${ErrorNote} error=${failure.value} onRetry=${begin} />`}
    ${nothing && !loading.value
      ? html`<${Empty} icon="folder" title=${t("projects.none")}><p>${t("first.about")}</p></${Empty}>`
      : ids.length === 0 && loading.value
        ? html`<${Loading}>${t("loading")}</${Loading}>`
        : html`<${ProjectList} ids=${ids} />`}
    ${cursor.value !== null && html`<${End} key=${cursor.value} />`}
    <${Dialogs} />
  </section>`;
}

show(boot.projects);
let known = wanted();
effect(() => {
  const next = wanted();
  if (next === known) return;
  known = next;
  begin();
});
mount("conn", html`<${ConnPill} connection=${connection} />`);
mount("actions", html`<${NewProjectButton} />`);
mount("island", html`<${Projects} />`);
mount("toasts", html`<${Toasts} />`);
