// Sending files a few at a time, and what became of each.

import { signal } from "@preact/signals";
import { postFiles } from "../api.js";
import { Icon, formatBytes, formatNumber, html, plural } from "../ui.js";

const FILES_AT_ONCE = 8;
const BYTES_AT_ONCE = 64e6;
const MOST_TRIES = 5; // When the server asks for patience; then the user is asked.
const PATIENCE = 5; // Seconds, unless the server says how long.
const NO_VERDICT = "The server did not say what became of this file.";

const uploads = signal([]);
const sent = signal(0); // Bytes of the chunk under way.
let sending = false;
let target = null;
let lastId = 0;

const SAID = {
  waiting: ["Waiting", "wait", "clock"],
  sending: ["Uploading", "run", "upload"],
  accepted: ["Accepted", "ok", "check"],
  duplicate: ["Duplicate", "wait", "circle-slash"],
  rejected: ["Refused", "bad", "triangle-alert"],
  failed: ["Not sent", "bad", "triangle-alert"],
};

/** Add *files* to those to be sent. */
export function enqueue(files, { path, onVerdicts }) {
  target = { path, onVerdicts };
  const added = files.map((file) => ({ id: ++lastId, file, name: file.name, bytes: file.size, state: "waiting" }));
  uploads.value = [...uploads.peek(), ...added];
  send();
}

function update(chunk, change) {
  const changed = new Map(chunk.map((upload) => [upload.id, change(upload)]));
  uploads.value = uploads.peek().map((upload) => ({ ...upload, ...changed.get(upload.id) }));
}

function nextChunk() {
  const chunk = [];
  let bytes = 0;
  for (const upload of uploads.peek()) {
    if (upload.state !== "waiting") continue;
    if (chunk.length && (chunk.length === FILES_AT_ONCE || bytes + upload.bytes > BYTES_AT_ONCE)) break;
    chunk.push(upload);
    bytes += upload.bytes;
  }
  return chunk;
}

async function send() {
  if (sending) return;
  sending = true;
  addEventListener("beforeunload", keepPage);
  for (let chunk = nextChunk(); chunk.length; chunk = nextChunk()) await sendChunk(chunk);
  removeEventListener("beforeunload", keepPage);
  sending = false;
}

const keepPage = (event) => event.preventDefault();

async function sendChunk(chunk) {
  update(chunk, () => ({ state: "sending", detail: "" }));
  try {
    const verdicts = await post(chunk.map(({ file }) => file));
    const verdictOf = reader(verdicts);
    // A file is let go when it is settled: ten thousand of them must not stay in memory.
    update(chunk, ({ name }) => ({ ...verdictOf(name), file: null }));
    target.onVerdicts(verdicts);
  } catch (refusal) {
    update(chunk, () => ({ state: "failed", detail: refusal.message }));
  }
  sent.value = 0;
}

/** Send files; wait and send again when there were too many requests or a part is away. */
async function post(files) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await postFiles(target.path, files, { onProgress: (bytes) => (sent.value = bytes) });
    } catch (refusal) {
      const passing = refusal.status === 429 || refusal.status === 503;
      if (!passing || tries === MOST_TRIES) throw refusal;
      await new Promise((resume) => setTimeout(resume, 1000 * (refusal.retryAfter ?? PATIENCE)));
    }
  }
}

/** Return a function that gives the verdict of a name; equal names take turns. */
function reader({ images = [], duplicates = [], rejected = [] }) {
  const verdicts = new Map();
  const add = (name, verdict) => verdicts.set(name, [...(verdicts.get(name) || []), verdict]);
  for (const { filename } of images) add(filename, { state: "accepted" });
  for (const { filename } of duplicates) {
    add(filename, { state: "duplicate", detail: "This project has an image with the same content." });
  }
  for (const { filename, detail, code } of rejected) add(filename, { state: "rejected", detail, code });
  return (name) => {
    const own = verdicts.get(name) || [];
    return (own.length > 1 ? own.shift() : own[0]) || { state: "rejected", detail: NO_VERDICT };
  };
}

function retry() {
  const failed = uploads.peek().filter(({ state }) => state === "failed");
  update(failed, () => ({ state: "waiting", detail: "" }));
  send();
}

const clear = () => {
  uploads.value = uploads.peek().filter(({ state }) => state === "waiting" || state === "sending");
};

export function UploadList() {
  const all = uploads.value;
  if (all.length === 0) return null;
  const busy = all.some(({ state }) => state === "waiting" || state === "sending");
  const failed = all.filter(({ state }) => state === "failed").length;
  return html`<section class="panel uploads" aria-label="Uploads">
    <div class="uploads-head number">
      <h2>${busy ? "Uploading" : "Uploaded"}</h2><span class="meta" data-uploads>${summary(all)}</span>
      <span class="push"></span>
      ${failed > 0 && html`<button type="button" class="button small" onClick=${retry}><${Icon} name="rotate-ccw" />Send ${formatNumber(failed)} again</button>`}
      ${!busy && html`<button type="button" class="button small quiet" onClick=${clear}>Close</button>`}
      <${Progress} all=${all} />
    </div>
    <${Files} uploads=${busy ? all : all.filter(({ state }) => state !== "accepted")} />
  </section>`;
}

// When all is done, only what went otherwise than hoped for is still listed.
function Files({ uploads: listed }) {
  if (listed.length === 0) return null;
  return html`<ul class="uploads-list" tabindex="0" role="list" aria-label="Files">
    ${mostTelling(listed).map((upload) => html`<${Row} key=${upload.id} upload=${upload} />`)}
  </ul>`;
}

const LISTED = 200;
const ORDER = ["sending", "failed", "rejected", "duplicate", "waiting", "accepted"];

// What needs attention stands first; of thousands of accepted files a number is enough.
const mostTelling = (all) =>
  [...all].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state)).slice(0, LISTED);

function summary(all) {
  const count = (state) => all.filter((upload) => upload.state === state).length;
  const parts = ["accepted", "duplicate", "rejected", "failed"]
    .map((state) => [count(state), SAID[state][0].toLowerCase()])
    .filter(([number]) => number)
    .map(([number, word]) => `${formatNumber(number)} ${word}`);
  const bytes = all.reduce((sum, upload) => sum + upload.bytes, 0);
  return [`${plural(all.length, "file")}, ${formatBytes(bytes)}`, ...parts].join(" · ");
}

function Progress({ all }) {
  const settled = ({ state }) => state !== "waiting" && state !== "sending";
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0) || 1;
  const done = all.filter(settled).reduce((sum, { bytes }) => sum + bytes, 0);
  const share = Math.min(100, Math.round((100 * (done + sent.value)) / total));
  return html`<div class="bar" role="progressbar" aria-label="Upload" aria-valuemin="0" aria-valuemax="100" aria-valuenow=${share}>
    <i class="run" style=${{ width: `${share}%` }}></i>
  </div>`;
}

function Row({ upload }) {
  const [word, tone, icon] = SAID[upload.state];
  return html`<li data-upload=${upload.state}>
    <span class="name" title=${upload.name}>${upload.name}</span>
    <span class="badge ${tone}"><${Icon} name=${icon} />${word}</span>
    ${upload.detail && html`<span class="why">${upload.detail}</span>`}
  </li>`;
}
