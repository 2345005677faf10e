// A project: its tally, the drop zone, segmenting, and the live grid of its images.

import { useEffect } from "preact/hooks";
import { batch, computed, signal } from "@preact/signals";
import { boot, request } from "./api.js";
import { ImageStatus } from "./events.js";
import { imageOf, keepImage, keepProject, keepStats } from "./stores.js";
import { cancel, useImageUpdates, usePolling, useProjectCardUpdates } from "./hooks.js";
import { CancelButton, Empty, SegmentedBar, STATUS, formatNumber, html, lazy, mount, plural, progressWords } from "./ui.js";
import { ConnPill } from "./components/ConnPill.js";
import { DropZone } from "./components/DropZone.js";
import { ImageGrid } from "./components/ImageGrid.js";
import { SegmentBar } from "./components/SegmentBar.js";
import { Toasts, notify } from "./components/Toasts.js";

const PAGE = 100;
const RELOAD_EVERY = 1000;
const ASK_AGAIN = 15_000;

const project = boot.project;
const path = `/projects/${project.id}`;
const mayChange = project.role !== "viewer";

const ids = signal([]);
const cursor = signal(null);
const filter = signal(boot.status || "");
const picked = signal(new Set());
const failure = signal(null);
const loading = signal(false);

// A tile leaves a filtered grid as soon as its image has another status.
const shown = computed(() =>
  filter.value ? ids.value.filter((id) => imageOf(id).value?.status === filter.value) : ids.value,
);

const pageOf = (after) => {
  const query = new URLSearchParams({ limit: PAGE, sort: boot.sort });
  if (filter.peek()) query.set("status", filter.peek());
  if (after) query.set("cursor", after);
  return request(`${path}/images?${query}`);
};

function keepPage({ items, nextCursor }, before) {
  batch(() => {
    items.forEach(keepImage);
    ids.value = [...before, ...items.map(({ id }) => id)];
    cursor.value = nextCursor ?? null;
  });
}

async function attempt(work) {
  loading.value = true;
  try {
    await work();
    failure.value = null;
  } catch (refusal) {
    failure.value = refusal;
  } finally {
    loading.value = false;
  }
}

const more = () => attempt(async () => keepPage(await pageOf(cursor.peek()), ids.peek()));

/** Load again as many images as are shown, so that nothing jumps away from the reader. */
const reload = () =>
  attempt(async () => {
    const asked = filter.peek();
    const wanted = Math.max(1, ids.peek().length);
    const pages = [await pageOf(null)];
    const count = () => pages.reduce((sum, { items }) => sum + items.length, 0);
    while (pages.at(-1).nextCursor && count() < wanted) pages.push(await pageOf(pages.at(-1).nextCursor));
    if (filter.peek() !== asked) return;
    keepPage({ items: pages.flatMap(({ items }) => items), nextCursor: pages.at(-1).nextCursor }, []);
  });

let reloading = 0;
/** Reload soon, and once for all who ask within a second. */
function reloadSoon() {
  reloading ||= setTimeout(async () => {
    await reload();
    reloading = 0;
  }, RELOAD_EVERY);
}

const refresh = async () => {
  keepStats(await request(`${path}/stats`));
  await reload();
};

function choose(status) {
  filter.value = status;
  picked.value = new Set();
  history.replaceState(null, "", status ? `?status=${status}` : location.pathname);
  ids.value = [];
  reload();
}

function received({ images = [], stats }) {
  batch(() => {
    keepStats(stats);
    images.forEach(keepImage);
  });
  if (images.length) reloadSoon();
}

async function segment(order) {
  try {
    const { queued, skipped, stats } = await request(`${path}/segment`, { method: "POST", body: order });
    keepStats(stats);
    picked.value = new Set();
    reloadSoon();
    const left = skipped ? ` ${plural(skipped, "image")} skipped: waiting already, or with this very result.` : "";
    notify({ key: "segment", text: `${plural(queued, "image")} queued.${left}` });
  } catch (refusal) {
    notify({ key: "segment", kind: "bad", text: refusal.message });
  }
}

function Tally({ stats }) {
  return html`<section class="panel tally number" aria-label="Tally">
    <div class="tally-line">
      <span class="big" data-tally>${progressWords(stats)}</span>
      <span class="muted" data-objects>${plural(stats.objectCount, "object")}</span>
      <span class="muted" data-pending>${stats.pendingCount > 0 && `${formatNumber(stats.processingCount)} processing, ${formatNumber(stats.queuedCount)} queued`}</span>
      ${mayChange && stats.pendingCount > 0 && html`<span class="push"></span><${CancelButton} onClick=${() => cancel(path, pendingWords(stats))} />`}
    </div>
    <${SegmentedBar} stats=${stats} label="Segmented images" tall />
  </section>`;
}

const Failures = lazy(async () => (await import("./components/Failures.js")).Failures);

const pendingWords = ({ queuedCount, processingCount }) =>
  `${plural(queuedCount, "image waits", "images wait")} and ${plural(processingCount, "is", "are")} being segmented.`;

const COUNTS = [
  ["", "imageCount"],
  [ImageStatus.SEGMENTED, "segmentedCount"],
  [ImageStatus.UPLOADED, "uploadedCount"],
  [ImageStatus.QUEUED, "queuedCount"],
  [ImageStatus.PROCESSING, "processingCount"],
  [ImageStatus.NO_OBJECTS, "noObjectsCount"],
  [ImageStatus.FAILED, "failedCount"],
];

function Filters({ stats }) {
  const offered = COUNTS.filter(([status, count]) => !status || stats[count] || filter.value === status);
  return html`<div class="chips" role="group" aria-label="Show images">
    ${offered.map(
      ([status, count]) => html`<button
        type="button"
        class="chip number"
        key=${status}
        aria-pressed=${filter.value === status}
        onClick=${() => choose(status)}
      >
        ${status ? STATUS[status].word : "All"} <span>${formatNumber(stats[count])}</span>
      </button>`,
    )}
  </div>`;
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
  const { projectStats: stats } = useProjectCardUpdates(project.id);
  useImageUpdates(project.id, {
    onGap: reloadSoon,
    onUnknown: reloadSoon,
    onChange: () => filter.peek() && reloadSoon(),
  });
  usePolling(refresh);
  useWaiting(stats.queuedCount > 0);
  const empty = stats.imageCount === 0;
  return html`<div class="stack">
    ${!empty && html`<${Tally} stats=${stats} />`}
    ${mayChange && html`<${DropZone} path="${path}/images" large=${empty} onVerdicts=${received} />`}
    ${empty && !mayChange && html`<${Empty} icon="images" title="No images yet"><p>Those who may change this project have not added any. They appear here by themselves.</p></${Empty}>`}
    ${!empty && mayChange && html`<${SegmentBar} stats=${stats} picked=${picked} onSegment=${segment} />`}
    ${stats.failedCount > 0 && html`<${Failures} path=${path} failedCount=${stats.failedCount} mayChange=${mayChange} onRetry=${segment} />`}
    ${!empty &&
    html`<section aria-labelledby="images">
      <div class="section-head"><h2 id="images">Images</h2><${Filters} stats=${stats} /></div>
      <${ImageGrid}
        ids=${shown.value} more=${cursor.value && more} picked=${mayChange && picked}
        loading=${loading.value} failure=${failure.value} onRetry=${reload}
        onSegment=${(id) => segment({ select: [id], force: true })}
        onCancel=${mayChange && ((id) => cancel(`/images/${id}`))}
      />
    </section>`}
  </div>`;
}

keepProject(project);
keepPage(boot.images, []);
mount("conn", html`<${ConnPill} />`);
mount("island", html`<${Project} />`);
mount("toasts", html`<${Toasts} />`);
