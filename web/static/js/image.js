// An image: the picture with its outlines, the run that made them, and the measurements.

import { useEffect, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { boot, request } from "./api.js";
import { ImageStatus } from "./events.js";
import { t } from "./i18n.js";
import { imageOf, keepImage, keepProject, keepStats } from "./stores.js";
import { cancel, connection, useGone, useImageUpdates, usePolling } from "./hooks.js";
import { CancelButton, ConnPill, Empty, ErrorNote, FlagBadge, Icon, Loading, Note, StatusBadge, html, lazy, mount, waitingWords } from "./ui.js";
import { ObjectCount, ObjectList } from "./viewer/ObjectList.js";
import { Viewer } from "./viewer/Viewer.js";
import { editing, objects, showObjects } from "./viewer/state.js";
import { Toasts, notify } from "./components/Toasts.js";

const ASK_AGAIN = 10_000;
const PROGRESS_EVERY = 3_000;

const { id } = boot.image;
const mayChange = boot.project.role !== "viewer";

const deleted = signal(false);

async function refresh() {
  try {
    keepImage(await request(`/images/${id}`));
  } catch (refusal) {
    if (refusal.status !== 404) throw refusal;
    await request(`/projects/${boot.project.id}`); // Where that is not there either, useGone says so.
    deleted.value = true;
  }
}
const refreshQuietly = () => refresh().catch(() => {});

async function segment() {
  try {
    const order = { select: [id], force: true };
    const { stats } = await request(`/projects/${boot.project.id}/segment`, { method: "POST", body: order });
    keepStats(stats);
    await refresh();
  } catch (refusal) {
    notify({ kind: "bad", text: refusal.message });
  }
}

/** The current result; asked for again when another run becomes the current one. */
function useSegmentation({ currentRunId }) {
  const [answer, setAnswer] = useState({ result: null, error: null });
  const load = () => {
    if (!currentRunId) return setAnswer({ result: null, error: null });
    const stop = new AbortController();
    request(`/images/${id}/segmentation`, { signal: stop.signal })
      .then((result) => setAnswer({ result, error: null }))
      .catch((error) => error.name !== "AbortError" && setAnswer(({ result }) => ({ result, error })));
    return () => stop.abort();
  };
  useEffect(load, [currentRunId]);
  return { ...answer, load };
}

function ImagePage() {
  const image = imageOf(id).value;
  // The events carry what tiles need; the rest of this page comes from REST.
  useImageUpdates(boot.project.id, {
    onGap: refresh,
    onCount: ({ newCount, previousCount }) => newCount < previousCount && refreshQuietly(),
    onChange: (changes) => changes.some(({ imageId }) => imageId === id) && refreshQuietly(),
  });
  usePolling(refresh);
  useWaiting(image.status);
  const { result, error, load } = useSegmentation(image);
  useEffect(() => void (result && !editing.peek() && showObjects(result.objects)), [result]);
  return html`<div class="viewer">
    <${Viewer} image=${image} whole=${boot.whole} known=${boot.measurements} notes=${html`<${StageNote} image=${image} />`} editor=${mayChange && html`<${Editor} image=${image} result=${result} say=${say} Review=${Review} />`} />
    <div class="inspector">
      <${State} image=${image} />
      ${error && html`<${ErrorNote} error=${error} onRetry=${load} />`}
      <${Tabs} image=${image} result=${result} error=${error} />
    </div>
  </div>`;
}

const Editor = lazy(async () => (await import("./editor/Editor.js")).Editor);
const SaveState = lazy(async () => (await import("./editor/Editor.js")).SaveState);
const ClassField = lazy(async () => (await import("./editor/Editor.js")).ClassField);

const Deleted = lazy(async () => (await import("./access.js")).ImageDeleted);

const Review = lazy(async () => (await import("./components/Review.js")).Review);

const say = (text) => notify({ key: "editing", kind: "bad", text });

function StageNote({ image }) {
  const said = {
    [ImageStatus.QUEUED]: t("image.waitingForAWorker"),
    [ImageStatus.PROCESSING]: t("image.segmenting"),
  }[image.status];
  if (!said) return null;
  const earlier = image.currentRunId ? t("image.theOutlinesAreThoseOf") : "";
  return html`<p class="stage-note"><${Icon} name="loader-circle" class="spin" />${said}${earlier && ` ${earlier}`}</p>`;
}

const TABS = { objects: t("kpi.objects"), table: t("list.view.list"), display: t("image.display"), about: t("image.about") };

function Tabs({ image, result, error }) {
  const [open, setOpen] = useState("objects");
  const names = Object.keys(TABS);
  const step = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = names[(names.indexOf(open) + by + names.length) % names.length];
    setOpen(next);
    document.getElementById(`tab-${next}`).focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${t("image.aboutThisImage")} onKeyDown=${step}>
      ${names.map((name) => html`<button key=${name} type="button" role="tab" id="tab-${name}" aria-controls="panel" aria-selected=${name === open} tabindex=${name === open ? 0 : -1} onClick=${() => setOpen(name)}>
        ${TABS[name]}${name === "objects" && result && html` <${ObjectCount} />`}
      </button>`)}
    </div>
    <div class="tab-panel" role="tabpanel" id="panel" aria-labelledby="tab-${open}">
      ${open === "objects" && html`<${Objects} image=${image} result=${result} error=${error} />`}
      ${open === "table" && html`<${Objects} image=${image} result=${result} error=${error} as=${MeasurementTable} />`}
      ${open === "display" && html`<${Display} projectId=${boot.project.id} known=${boot.measurements} />`}
      ${open === "about" && html`<${About} image=${image} result=${result} mayAct=${mayChange && !isActive(image)} again=${mayChange && html`<${Again} image=${image} />`} />`}
    </div>`;
}

const Display = lazy(async () => (await import("./components/Display.js")).Display);
const MeasurementTable = lazy(async () => (await import("./components/MeasurementTable.js")).MeasurementTable);
const About = lazy(async () => (await import("./components/About.js")).About);

function State({ image }) {
  const active = isActive(image);
  return html`<div class="inspector-head">
    <div class="state-line">
      <div aria-live="polite"><${StatusBadge} status=${image.status} /></div>
      ${mayChange && editing.value && html`<${SaveState} />`}
      ${mayChange && !image.currentRunId && !active && html`<${Again} image=${image} />`}
      ${mayChange && active && html`<${CancelButton} onClick=${() => cancel(`/images/${id}`)} />`}
    </div>
    ${image.lastError && html`<${Note} tone="bad" icon="triangle-alert">
      <p><strong>${image.status === ImageStatus.FAILED ? t("image.segmentingFailed") : t("image.theLastRunFailedThe")}</strong></p>
      <p>${image.lastError.detail}</p>
    </${Note}>`}
    ${image.flags?.length > 0 && html`<${Flags} flags=${image.flags} />`}
    ${image.waiting && html`<${Waiting} waiting=${image.waiting} />`}
    ${image.progress && html`<${Progress} progress=${image.progress} />`}
  </div>`;
}

function Flags({ flags }) {
  return html`<section class="flag-list" aria-label=${t("imageGrid.worthASecondLook")} data-flags>
    <ul>${flags.map((flag) => html`<li key=${flag.code}><${FlagBadge} flag=${flag} /> <span>${flag.detail}</span></li>`)}</ul>
  </section>`;
}

function Waiting({ waiting }) {
  return html`<${Note} tone="run" icon="clock"><p>${waitingWords(waiting)}</p></${Note}>`;
}

function Progress({ progress: { done, total } }) {
  return html`<p class="meta number" data-progress>
    <progress value=${done} max=${total} aria-label=${t("image.tilesDone")}></progress>
    ${t("tiles.of", { done, count: total })}
  </p>`;
}

/** Ask again while the image waits or is worked at: no event tells of its place or progress. */
function useWaiting(status) {
  useEffect(() => {
    const every = { [ImageStatus.QUEUED]: ASK_AGAIN, [ImageStatus.PROCESSING]: PROGRESS_EVERY }[status];
    if (!every) return undefined;
    const timer = setInterval(refreshQuietly, every);
    return () => clearInterval(timer);
  }, [status]);
}

const isActive = ({ status }) => status === ImageStatus.QUEUED || status === ImageStatus.PROCESSING;

function Again({ image }) {
  const active = isActive(image);
  const word = { [ImageStatus.UPLOADED]: t("first.segment"), [ImageStatus.FAILED]: t("retry") }[image.status];
  return html`<div class="acts">
    <button type="button" class="button small ${word ? "primary" : ""}" disabled=${active} onClick=${segment}>
      <${Icon} name=${word === t("retry") ? "rotate-ccw" : "scan"} />${word ?? t("image.segmentAgain")}
    </button>
  </div>`;
}

function Objects({ image, result, error, as: Shown = ObjectList }) {
  if (objects.value.length) return html`<${Shown} known=${boot.measurements} Field=${mayChange && ClassField} />`;
  if (result) return html`<${Empty} icon="circle-slash" title=${t("status.no_objects")}><p>${t("image.theEngineLookedAtThis")}</p></${Empty}>`;
  if (error) return null;
  if (image.currentRunId) return html`<${Loading}>${t("image.loadingOutlines")}</${Loading}>`;
  return html`<${Empty} icon="shapes" title=${t("image.noMeasurementsYet")}><p>${NEXT[image.status]}</p></${Empty}>`;
}

const NEXT = {
  [ImageStatus.UPLOADED]: t("image.segmentTheImageToOutline"),
  [ImageStatus.QUEUED]: t("image.theImageWaitsForA"),
  [ImageStatus.PROCESSING]: t("image.aWorkerIsAtIt"),
  [ImageStatus.FAILED]: t("image.theLastRunBroughtNo"),
};

function Page() {
  const Gone = useGone(boot.project);
  if (Gone) return html`<${Gone} />`;
  return deleted.value ? html`<${Deleted} />` : html`<${ImagePage} />`;
}

/** Go to the neighbours by `[` and `]`, unless somebody writes or wants no single keys. */
function stepByKeys() {
  document.addEventListener("keydown", (event) => {
    const rel = { "[": "prev", "]": "next" }[event.key];
    const writing = event.target.closest("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, dialog");
    if (!rel || writing || event.ctrlKey || event.metaKey || localStorage.shortcuts === "off") return;
    document.querySelector(`a[rel="${rel}"]`)?.click();
  });
}

/** Fetch what the neighbours' pages will ask for, once this one is at rest. */
function prefetchNeighbours() {
  const later = window.requestIdleCallback ?? ((act) => setTimeout(act, 1500));
  later(() => {
    for (const address of boot.ahead) fetch(address, { priority: "low" }).catch(() => {});
  });
}

stepByKeys();
if (document.readyState === "complete") prefetchNeighbours();
else addEventListener("load", prefetchNeighbours);
keepProject(boot.project);
keepImage(boot.image);
mount("conn", html`<${ConnPill} connection=${connection} />`);
mount("island", html`<${Page} />`);
mount("toasts", html`<${Toasts} />`);
