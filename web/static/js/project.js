// A project: its tally, the drop zone, segmenting, and the live grid of its images.

import { useCallback, useEffect } from "preact/hooks";
import { batch, computed, signal } from "@preact/signals";
import { boot, request } from "./api.js";
import { ImageStatus } from "./events.js";
import { t } from "./i18n.js";
import { briefOf, imageOf, keepImage, keepProject, keepStats, shownStatsOf, statusOf } from "./stores.js";
import { cancel, connection, useGone, useImageUpdates, usePolling } from "./hooks.js";
import { useOptimisticProjectUpdates } from "./optimism.js";
import { COUNT_OF, CancelButton, ConnPill, Empty, Icon, SegmentedBar, STATUS, formatNumber, html, lazy, mount, progressWords } from "./ui.js";
import { DropZone } from "./components/DropZone.js";
import { ImageGrid, prepareForMany } from "./components/ImageGrid.js";
import { SegmentBar, chosenEngine } from "./components/SegmentBar.js";
import { Toasts, notify } from "./components/Toasts.js";

const PAGE = 100;
const RELOAD_EVERY = 1000;
const ASK_AGAIN = 15_000;
const LOOK_AFTER = 300;
const JUDGE_AFTER = 2000; // Without another result,
const JUDGE_WITHIN = 15_000; // and this long after the first of them at most.

const project = boot.project;
const path = `/projects/${project.id}`;
const mayChange = project.role !== "viewer";

const ids = signal([]);
const filter = signal(boot.status || "");
const words = signal(boot.q || "");
const sort = signal(boot.sort);
const picked = signal(new Set());
const removed = signal(new Set()); // Asked to be deleted, and not refused.
const failure = signal(null);
const loading = signal(false);

// A tile leaves a filtered grid as soon as its image has another status.
const shown = computed(() => {
  const left = removed.value.size ? ids.value.filter((id) => !removed.value.has(id)) : ids.value;
  return filter.value ? left.filter((id) => statusOf(id) === filter.value) : left;
});

/** What the list is asked for by: its order and, if they are chosen, status and name. */
function query() {
  const asked = new URLSearchParams({ sort: sort.peek() });
  if (filter.peek()) asked.set("status", filter.peek());
  if (words.peek()) asked.set("q", words.peek());
  return asked;
}

let attempts = 0;
/** Show that we wait for *work*, and how the latest one ended. */
async function attempt(work) {
  const mine = ++attempts;
  loading.value = true;
  let refusal = null;
  try {
    await work();
  } catch (thrown) {
    refusal = thrown;
  }
  if (mine !== attempts) return;
  batch(() => {
    failure.value = refusal;
    loading.value = false;
  });
}

let asked = 0;
let shownAnswer = 0;

/** What is wanted now, and the how-manieth question it is. */
const nextQuestion = () => ({ wanted: String(query()), number: (asked += 1) });

/** Show the ids of an answer, unless other images are wanted by now or a later answer is shown. */
function showIds({ wanted, number }, found) {
  if (wanted !== String(query()) || number < shownAnswer) return;
  shownAnswer = number;
  ids.value = found;
}

/** Show the first page; of a longer list also which images follow, each loaded when it is seen. */
async function show({ items, nextCursor }, question) {
  batch(() => {
    items.forEach(keepImage);
    if (!nextCursor || ids.peek().length === 0) showIds(question, items.map(({ id }) => id));
  });
  if (!nextCursor) return;
  const [{ readIndex }] = await Promise.all([import("./gallery.js"), prepareForMany()]);
  showIds(question, await readIndex(path, question.wanted));
}

const reload = () =>
  attempt(async () => {
    const question = nextQuestion();
    await show(await request(`${path}/images?${question.wanted}&limit=${PAGE}`), question);
  });

const reloading = { timer: 0, underWay: false, again: false };
/** Reload soon, and once for all who ask within a second; within five where there are many. */
function reloadSoon() {
  reloading.again = reloading.underWay; // The answer that is on its way may not have it.
  if (reloading.underWay) return;
  const wait = ids.peek().length > PAGE ? 5 * RELOAD_EVERY : RELOAD_EVERY;
  reloading.timer ||= setTimeout(reloadNow, wait);
}

async function reloadNow() {
  Object.assign(reloading, { timer: 0, underWay: true });
  await reload();
  reloading.underWay = false;
  if (reloading.again) reloadSoon();
  else if (failure.peek() && !failure.peek().isFinal) setTimeout(reloadSoon, ASK_AGAIN);
}

const refresh = async () => {
  keepStats(await request(`${path}/stats`));
  await reload();
};

/** Show other images, or in another order; the address says which. */
function choose(cell, value) {
  cell.value = value;
  picked.value = new Set();
  const asked = query();
  if (sort.peek() === boot.sorts[0][0]) asked.delete("sort");
  history.replaceState(null, "", String(asked) ? `?${asked}` : location.pathname);
  ids.value = [];
  reload();
}

let firstUnjudged = 0;
let judging = 0;
/** Load again when results came and no more do: how they compare is known to REST alone. */
function judgeSoon(changes) {
  if (!changes.some(({ status }) => status === ImageStatus.SEGMENTED || status === ImageStatus.NO_OBJECTS)) return;
  firstUnjudged ||= Date.now();
  clearTimeout(judging);
  const wait = Math.max(0, Math.min(JUDGE_AFTER, firstUnjudged + JUDGE_WITHIN - Date.now()));
  judging = setTimeout(() => {
    firstUnjudged = 0;
    reloadSoon();
  }, wait);
}

async function segment(order, change) {
  try {
    const ask = (opId) => request(`${path}/segment`, { method: "POST", body: order, opId });
    const { queued, skipped } = await change(queueing(order), ask);
    picked.value = new Set();
    reloadSoon();
    const left = skipped ? ` ${t("project.skipped", { count: skipped })}` : "";
    notify({ key: "segment", text: `${t("project.queued", { count: queued })}${left}` });
  } catch (refusal) {
    notify({ key: "segment", kind: "bad", text: refusal.message });
  }
}

/** Delete the images with these ids, once somebody says so. */
async function erase(doomed, change) {
  const show = (back) => {
    const next = new Set(removed.peek());
    doomed.forEach((id) => (back ? next.delete(id) : next.add(id)));
    batch(() => {
      removed.value = next;
      picked.value = new Set(back ? doomed : []);
    });
  };
  try {
    const { deleteImages } = await import("./deleting.js");
    const briefs = doomed.map(briefOf);
    if (await deleteImages({ path, ids: doomed, briefs, change, request, show })) reloadSoon();
  } catch {
    notify({ kind: "bad", text: t("project.deletingCouldNotStartCheck") });
  }
}

/** Select every image that the filter shows. */
const selectAll = () => (picked.value = new Set(shown.peek()));

/** Return what an order to segment will do to the counts, as far as this page can tell. */
function queueing({ select, failureCode }) {
  const stats = shownStatsOf(project.id).peek();
  const delta = { queuedCount: 0, pendingCount: 0 };
  const queue = (status, images) => {
    if (!status || isActive(status)) return;
    const count = COUNT_OF[status];
    delta[count] = (delta[count] ?? 0) - images;
    delta.queuedCount += images;
    delta.pendingCount += images;
  };
  if (Array.isArray(select)) select.forEach((id) => queue(briefOf(id)?.status, 1));
  else if (select === "failed") queue(failureCode ? null : ImageStatus.FAILED, stats.failedCount);
  else queue(ImageStatus.UPLOADED, stats.uploadedCount);
  return delta;
}

const choosing = signal(null);

/** Ask with which engine to segment the images, and do so. */
async function chooseEngine(chosen, order) {
  try {
    const { Resegment } = await import("./components/Resegment.js");
    const onSegment = (how) => order({ select: chosen, ...how });
    choosing.value = html`<${Resegment} ids=${chosen} onSegment=${onSegment} onClose=${() => (choosing.value = null)} />`;
  } catch {
    notify({ kind: "bad", text: t("dialog.notLoaded") });
  }
}

/** Go to the page of exports with the images that are picked. */
async function exportPicked() {
  try {
    const { rememberPicked } = await import("./components/ExportForm.js");
    rememberPicked(project.id, [...picked.peek()]);
    location.assign(`/projects/${project.id}/exports`);
  } catch {
    notify({ key: "export", kind: "bad", text: t("project.thePageOfExportsCould") });
  }
}

const isActive = (status) => status === ImageStatus.QUEUED || status === ImageStatus.PROCESSING;

function Tally({ stats }) {
  return html`<section class="panel tally number" aria-label=${t("project.tally")}>
    <div class="tally-line">
      <span class="big" data-tally>${progressWords(stats)}</span>
      <span class="muted" data-objects>${t("objects.count", { count: stats.objectCount })}</span>
      <span class="muted" data-pending>${stats.pendingCount > 0 && t("project.underWay", { processing: stats.processingCount, queued: stats.queuedCount })}</span>
      ${mayChange && stats.pendingCount > 0 && html`<span class="push"></span><${CancelButton} onClick=${() => cancel(path, pendingWords(stats))} />`}
    </div>
    <${SegmentedBar} stats=${stats} label=${t("card.bar", { title: project.title })} tall />
  </section>`;
}

const Failures = lazy(async () => (await import("./components/Failures.js")).Failures);

const BulkBar = lazy(async () => (await import("./components/BulkBar.js")).BulkBar);

const pendingWords = ({ queuedCount, processingCount }) =>
  t("project.pending", { waiting: t("project.wait", { count: queuedCount }), running: t("project.run", { count: processingCount }) });

const FILTERS = [
  "",
  ImageStatus.SEGMENTED,
  ImageStatus.UPLOADED,
  ImageStatus.QUEUED,
  ImageStatus.PROCESSING,
  ImageStatus.NO_OBJECTS,
  ImageStatus.FAILED,
];

const countOf = (stats, status) => stats[status ? COUNT_OF[status] : "imageCount"];

function Filters({ stats }) {
  const offered = FILTERS.filter((status) => !status || countOf(stats, status) || filter.value === status);
  return html`<div class="chips" role="group" aria-label=${t("project.showImages")}>
    ${offered.map(
      (status) => html`<button
        type="button"
        class="chip number"
        key=${status}
        aria-pressed=${filter.value === status}
        onClick=${() => choose(filter, status)}
      >
        ${status ? STATUS[status].word : t("list.owner.all")} <span>${formatNumber(countOf(stats, status))}</span>
      </button>`,
    )}
  </div>`;
}

let typing = 0;
/** Look for names once the typing pauses, and at once when it is sent or cleared. */
function look(value, wait = LOOK_AFTER) {
  clearTimeout(typing);
  const next = value.trim();
  typing = setTimeout(() => next !== words.peek() && choose(words, next), wait);
}

function NameFilter() {
  const send = (event) => {
    event.preventDefault();
    look(event.target.q.value, 0);
  };
  return html`<form class="name-filter" role="search" onSubmit=${send}>
    <${Icon} name="search" />
    <input class="input" type="search" name="q" aria-label=${t("nameFilter.label")} placeholder=${t("nameFilter.name")} maxlength="200"
      autocomplete="off" defaultValue=${words.peek()} onInput=${({ target }) => look(target.value, target.value ? LOOK_AFTER : 0)} />
  </form>`;
}

function Sorting() {
  return html`<label class="field-inline">${t("list.sort")}
    <select class="input" value=${sort.value} onChange=${({ target }) => choose(sort, target.value)}>
      ${boot.sorts.map(([order, words]) => html`<option key=${order} value=${order}>${words}</option>`)}
    </select>
  </label>`;
}

/** Load again while tiles wait: their places in line move and no event tells of it. */
function useWaiting(some) {
  useEffect(() => {
    if (!some) return undefined;
    const isShown = () => !document.hidden && shown.peek().some((id) => imageOf(id).peek()?.status === ImageStatus.QUEUED);
    const timer = setInterval(() => isShown() && reloadSoon(), ASK_AGAIN);
    return () => clearInterval(timer);
  }, [some]);
}

function Project() {
  const { projectStats: stats, change } = useOptimisticProjectUpdates(project.id);
  const order = (wanted) => segment(wanted, change);
  useImageUpdates(project.id, {
    onGap: reloadSoon,
    onCount: reloadSoon,
    onUnknown: reloadSoon,
    onChange: (changes) => (filter.peek() ? reloadSoon() : judgeSoon(changes)),
  });
  usePolling(refresh);
  useWaiting(stats.queuedCount > 0);
  const empty = stats.imageCount === 0;
  return html`<div class="stack">
    ${!empty && html`<${Tally} stats=${stats} />`}
    ${mayChange && html`<${DropZone} project=${project} large=${empty} onSettled=${reloadSoon} />`}
    ${empty && !mayChange && html`<${Empty} icon="images" title=${t("card.empty")}><p>${t("project.thoseWhoMayChangeThis")}</p></${Empty}>`}
    ${!empty && mayChange && html`<${SegmentBar} stats=${stats} onSegment=${order} />`}
    ${stats.failedCount > 0 && html`<${Failures} path=${path} failedCount=${stats.failedCount} mayChange=${mayChange} onRetry=${order} />`}
    ${!empty &&
    html`<section aria-labelledby="images">
      <div class="section-head"><h2 id="images">${t("list.column.images")}</h2><${Filters} stats=${stats} /><span class="push"></span><${NameFilter} /><${Sorting} /></div>
      <${ImageGrid} words=${words.value}
        ids=${shown.value} path=${path} picked=${mayChange && picked}
        loading=${loading.value || (!filter.value && !words.value && ids.value.length === 0)} failure=${failure.value} onRetry=${reload}
        onSegment=${(id) => order({ select: [id], force: true })}
        onCancel=${mayChange && ((id) => cancel(`/images/${id}`))}
        onAll=${selectAll}
      />
      ${picked.value.size > 0 &&
      html`<${BulkBar} picked=${picked.value} total=${words.value ? shown.value.length : countOf(stats, filter.value)}
        onAll=${selectAll} onChoose=${(chosen) => chooseEngine(chosen, order)} onClear=${() => (picked.value = new Set())} onDelete=${(chosen) => erase(chosen, change)} onExport=${exportPicked}
        onSegment=${(select, how = { ...chosenEngine(), force: true }) => order({ select, ...how })} />`}
    </section>`}
    ${choosing.value}
  </div>`;
}

function Page() {
  const Gone = useGone(project);
  return Gone ? html`<${Gone} />` : html`<${Project} />`;
}

const dialog = signal(null);
const isOwner = project.role === "owner";

/** Open a dialog of the project's page; its code comes with the click. */
async function openDialog(load) {
  try {
    dialog.value = await load();
  } catch {
    notify({ kind: "bad", text: t("dialog.notLoaded") });
  }
}

/** The one dialog about who is in the project: the owner's to share it, anybody else's to leave. */
const openMembership = () =>
  openDialog(async () =>
    isOwner ? (await import("./components/Sharing.js")).Sharing : (await import("./components/Leaving.js")).Leaving,
  );

function Actions() {
  const Dialog = dialog.value;
  const close = useCallback(() => (dialog.value = null), []);
  return html`<${Action} words=${isOwner ? t("share") : t("leave")} icon=${isOwner ? "users" : "log-out"} onClick=${openMembership} />
    ${Dialog && html`<${Dialog} project=${project} onClose=${close} />`}`;
}

const Action = ({ words, icon, onClick }) =>
  html`<button type="button" class="button" aria-label=${words} onClick=${onClick}><${Icon} name=${icon} /><span>${words}</span></button>`;

keepProject(project);
attempt(() => show(boot.images, nextQuestion()));
mount("conn", html`<${ConnPill} connection=${connection} />`);
mount("actions", html`<${Actions} />`);
mount("island", html`<${Page} />`);
mount("toasts", html`<${Toasts} />`);
