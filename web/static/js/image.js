// An image: the picture with its outlines, the run that made them, and the measurements.

import { useEffect, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { boot, request } from "./api.js";
import { ImageStatus } from "./events.js";
import { imageOf, keepImage, keepProject, keepStats } from "./stores.js";
import { cancel, useImageUpdates, usePolling } from "./hooks.js";
import { CancelButton, Empty, ErrorNote, Icon, Loading, Note, StatusBadge, formatBytes, formatDate, formatNumber, html, lazy, mount, parameterWords, waitingWords } from "./ui.js";
import { ConnPill } from "./components/ConnPill.js";
import { ImageViewer } from "./components/ImageViewer.js";
import { MeasurementTable } from "./components/MeasurementTable.js";
import { Toasts, notify } from "./components/Toasts.js";

const ASK_AGAIN = 10_000;

const { id } = boot.image;
const mayChange = boot.project.role !== "viewer";
const hovered = signal(null);
const chosen = signal(null);

const refresh = async () => keepImage(await request(`/images/${id}`));
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

const NOTHING = [];

function ImagePage() {
  const image = imageOf(id).value;
  // The events carry what tiles need; the rest of this page comes from REST.
  useImageUpdates(boot.project.id, {
    onGap: refreshQuietly,
    onChange: (changes) => changes.some(({ imageId }) => imageId === id) && refreshQuietly(),
  });
  usePolling(refresh);
  useWaiting(image.status);
  const { result, error, load } = useSegmentation(image);
  const objects = result?.objects ?? NOTHING;
  return html`<div class="viewer">
    <${ImageViewer} image=${image} source=${boot.displayUrl} objects=${objects} hovered=${hovered} chosen=${chosen} />
    <div class="inspector">
      <div class="inspector-head">
        <${State} image=${image} />
        <${Facts} image=${image} result=${result} />
        ${mayChange && html`<${Again} image=${image} />`}
        <${History} image=${image} />
      </div>
      ${error && html`<${ErrorNote} error=${error} onRetry=${load} />`}
      <${Objects} image=${image} result=${result} error=${error} />
    </div>
  </div>`;
}

function State({ image }) {
  return html`<div aria-live="polite"><${StatusBadge} status=${image.status} /></div>
    ${image.lastError && html`<${Note} tone="bad" icon="triangle-alert">
      <p><strong>${image.status === ImageStatus.FAILED ? "Segmenting failed." : "The last run failed; the earlier result is shown."}</strong></p>
      <p>${image.lastError.detail}</p>
    </${Note}>`}
    ${image.waiting && html`<${Waiting} waiting=${image.waiting} />`}`;
}

function Waiting({ waiting }) {
  return html`<${Note} tone="run" icon="clock"><p>${waitingWords(waiting)}</p></${Note}>`;
}

/** Ask again while the image waits: its place in line moves and no event tells of it. */
function useWaiting(status) {
  useEffect(() => {
    if (status !== ImageStatus.QUEUED) return undefined;
    const timer = setInterval(refreshQuietly, ASK_AGAIN);
    return () => clearInterval(timer);
  }, [status]);
}

function Facts({ image, result }) {
  const size = `${formatNumber(image.width)} × ${formatNumber(image.height)} px`;
  const rows = [
    ["Image", `${size}, ${image.channels > 1 ? `${image.channels} channels, ` : ""}${image.bitDepth} bit, ${formatBytes(image.bytes)}`],
    ["Pixel size", image.pixelSizeUm ? `${Number(image.pixelSizeUm.toPrecision(4))} µm` : null],
    ["Engine", result && `${result.engine.name} ${result.engine.version}`],
    ["Parameters", result && parameterWords(result.engine.params)],
    ["Segmented", image.segmentedAt && formatDate(image.segmentedAt)],
    ["Run", result && html`<code title=${result.runId}>${result.runId.slice(0, 8)}</code>`],
  ];
  return html`<dl class="facts number">
    ${rows.filter(([, value]) => value).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}
  </dl>`;
}

const isActive = ({ status }) => status === ImageStatus.QUEUED || status === ImageStatus.PROCESSING;

function Again({ image }) {
  const active = isActive(image);
  const word = { [ImageStatus.UPLOADED]: "Segment", [ImageStatus.FAILED]: "Retry" }[image.status];
  return html`<div class="acts">
    <button type="button" class="button small ${word ? "primary" : ""}" disabled=${active} onClick=${segment}>
      <${Icon} name=${word === "Retry" ? "rotate-ccw" : "scan"} />${word ?? "Segment again"}
    </button>
    ${active && html`<${CancelButton} onClick=${() => cancel(`/images/${id}`)} />`}
  </div>`;
}

const RunHistory = lazy(async () => (await import("./components/RunHistory.js")).RunHistory);

function History({ image }) {
  const [open, setOpen] = useState(false);
  return html`<details class="history" onToggle=${({ target }) => setOpen(target.open)}>
    <summary>History of runs</summary>
    ${open && html`<${RunHistory} image=${image} mayAct=${mayChange && !isActive(image)} />`}
  </details>`;
}

function Objects({ image, result, error }) {
  if (result?.objects.length) {
    return html`<div class="objects-head"><h2>Objects</h2><span class="meta number" data-object-count>${formatNumber(result.objects.length)}</span></div>
      <${MeasurementTable} objects=${result.objects} hovered=${hovered} chosen=${chosen} />`;
  }
  if (result) return html`<${Empty} icon="circle-slash" title="No objects"><p>The engine looked at this image and found nothing to outline. Other parameters or another engine may see more; choose them on the project page.</p></${Empty}>`;
  if (error) return null;
  if (image.currentRunId) return html`<${Loading}>Loading outlines…</${Loading}>`;
  return html`<${Empty} icon="shapes" title="No measurements yet"><p>${NEXT[image.status]}</p></${Empty}>`;
}

const NEXT = {
  [ImageStatus.UPLOADED]: "Segment the image to outline its objects and measure each of them.",
  [ImageStatus.QUEUED]: "The image waits for a worker. This page changes by itself when the result is there.",
  [ImageStatus.PROCESSING]: "A worker is at it. This page changes by itself when the result is there.",
  [ImageStatus.FAILED]: "The last run brought no result.",
};

keepProject(boot.project);
keepImage(boot.image);
mount("conn", html`<${ConnPill} />`);
mount("island", html`<${ImagePage} />`);
mount("toasts", html`<${Toasts} />`);
