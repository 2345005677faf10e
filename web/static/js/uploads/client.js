// The page's end of the queue of uploads: what it shows, and what it asks for.

import { effect, signal } from "@preact/signals";
import { boot, csrfToken, request } from "../api.js";
import { connection } from "../hooks.js";
import { changeOptimistically } from "../optimism.js";
import { isExpected, statsOf } from "../stores.js";
import { html, mount } from "../ui.js";
import { UploadDrawer } from "../components/UploadDrawer.js";

/** Every upload by its id; `shown` changes when any of them did. */
export const uploads = new Map();
export const shown = signal(0);

const ON_ITS_WAY = new Set(["sending", "retrying"]);
const UNFINISHED = new Set(["waiting", "sending", "retrying", "paused", "failed", "missing", "unpacking"]);
const NEEDED = new Set([...UNFINISHED, "rejected"]); // Until somebody saw why.
const STATS_AFTER = 300;
const EVENT_WITHIN = 2500;

let port = null;
let isLocal = false; // The queue ends with this page.

/** Show the drawer, and join the queue. */
export function start() {
  if (port) return;
  join();
  greet();
  addEventListener("pagehide", () => say({ type: "bye" }));
  addEventListener("pageshow", ({ persisted }) => persisted && greet());
  addEventListener("beforeunload", keepPage);
  mount("uploads", html`<${UploadDrawer} />`);
}

const greet = () => say({ type: "hello", user: boot.user.id, csrf: csrfToken() });

/** Take an end of a line to the queue: in a worker of all pages, else in this page. */
function join() {
  const url = import.meta.resolve("uploads/worker"); // One for the pages of every language.
  try {
    const worker = new SharedWorker(url, { type: "module", name: `uploads-${boot.user.id}`, extendedLifetime: true });
    worker.onerror = () => unheard && joinHere();
    listen(worker.port);
  } catch {
    joinHere();
  }
}

function joinHere() {
  isLocal = true;
  const { port1, port2 } = new MessageChannel();
  import("./host.js").then(({ connect }) => connect(port2));
  listen(port1);
  unheard?.forEach((message) => port.postMessage(message));
}

function listen(end) {
  port = end;
  port.onmessage = ({ data }) => {
    unheard = null;
    receive(data);
  };
}

// What was said before the first answer, for a queue that takes the place of one that cannot start.
let unheard = [];

function say(message) {
  unheard?.push(message);
  port.postMessage(message);
}

/** Add *files*, each `{file, path, handle}`, to a project; or only go on with those known. */
export function add(files, { project, onlyKnown = false } = {}) {
  start();
  say({ type: "add", files, projectId: project?.id, project: project?.title, onlyKnown });
}

/** Ask for `pause`, `resume`, `cancel` or `clear`, of the uploads *ids* or of all. */
export const act = (type, ids) => say({ type, ids });

const listeners = new Set();

/** Call *listener* with each upload that ended, also with those of other pages. */
export function onSettled(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function receive({ rows, gone, whole }) {
  if (whole) uploads.clear();
  gone.forEach((id) => uploads.delete(id));
  for (const row of rows) {
    const before = uploads.get(row.id);
    uploads.set(row.id, row);
    expect(row);
    if (before && UNFINISHED.has(before.state) && !UNFINISHED.has(row.state)) listeners.forEach((tell) => tell(row));
  }
  gone.forEach(expectNoMore);
  remember();
  shown.value += 1;
}

/** Have other pages, and the next one, show the drawer while there is something to be seen. */
function remember() {
  const isNeeded = [...uploads.values()].some(({ state }) => NEEDED.has(state));
  try {
    if (!isNeeded) localStorage.removeItem("uploads");
    else if (localStorage.uploads !== boot.user.id) localStorage.uploads = boot.user.id;
  } catch {
    // Then only this page shows it.
  }
}

function keepPage(event) {
  if (isLocal && [...uploads.values()].some(({ state }) => ON_ITS_WAY.has(state))) event.preventDefault();
}

// The counts of a project on this page have what is on its way, until the server's numbers do.
const expected = new Map();

function expect(row) {
  if (ON_ITS_WAY.has(row.state)) return expectImage(row);
  if (row.state === "accepted" || row.state === "duplicate") expected.get(row.id)?.resolve();
  else expected.get(row.id)?.reject();
  expected.delete(row.id);
}

function expectNoMore(id) {
  expected.get(id)?.reject();
  expected.delete(id);
}

function expectImage({ id, projectId, opId }) {
  if (expected.has(id) || !statsOf(projectId).peek()) return;
  const settled = new Promise((resolve, reject) => expected.set(id, { resolve, reject: () => reject({ status: 499 }) }));
  const ask = () => settled.then(() => confirmed(projectId, opId));
  changeOptimistically(projectId, { imageCount: 1, uploadedCount: 1 }, ask, opId).catch(() => {});
}

/** Wait for the event that names the upload, so that its image is never counted twice; else ask. */
async function confirmed(projectId, opId) {
  if (connection.state.peek() === "live") await settledWithin(projectId, opId, EVENT_WITHIN);
  return isExpected(projectId, opId) ? statsSoon(projectId) : {};
}

function settledWithin(projectId, opId, wait) {
  return new Promise((resume) => {
    const timer = setTimeout(resume, wait);
    const end = effect(() => {
      if (isExpected(projectId, opId)) return;
      clearTimeout(timer);
      resume();
    });
    setTimeout(() => end(), wait);
  });
}

const asking = new Map();

/** Ask for a project's counts, once for all who want them at the same time. */
function statsSoon(projectId) {
  if (!asking.has(projectId)) {
    const answer = new Promise((resume) => setTimeout(resume, STATS_AFTER)).then(() => {
      asking.delete(projectId);
      return request(`/projects/${projectId}/stats`);
    });
    asking.set(projectId, answer.then((stats) => ({ stats })));
  }
  return asking.get(projectId);
}
