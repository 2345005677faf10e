// What the page knows, one signal a thing; of two versions the higher stays, whatever its source.

import { signal, computed } from "@preact/signals";
import { ImageStatus } from "./events.js";

/** Put *next* into *cell* unless an equal or newer version is there; tell whether it was news. */
export function keepNewest(cell, next) {
  const known = cell.peek();
  if (!next || (known && known.version >= next.version)) return false;
  cell.value = next;
  return true;
}

/** Return a function that gives one signal for each key, made on first use. */
function family(make = () => signal(null)) {
  const cells = new Map();
  return (key) => {
    if (!cells.has(key)) cells.set(key, make(key));
    return cells.get(key);
  };
}

/** The ProjectStats of a project, as the server told them. */
export const statsOf = family();
export const keepStats = (stats) => Boolean(stats) && keepNewest(statsOf(stats.projectId), stats);

/** What this page has asked of a project and not heard of yet: counts to add, by the id of each click. */
const unconfirmedOf = family(() => signal(new Map()));

/** The ProjectStats of a project with what is not confirmed yet: what pages show. */
export const shownStatsOf = family((projectId) =>
  computed(() => {
    const confirmed = statsOf(projectId).value;
    const unconfirmed = unconfirmedOf(projectId).value;
    return confirmed && [...unconfirmed.values()].reduce(changed, confirmed);
  }),
);

/** Whether what is shown of a project is not confirmed yet. */
export const isUnconfirmed = (projectId) => unconfirmedOf(projectId).value.size > 0;

function changed(stats, delta) {
  const next = { ...stats };
  // Another one's change may have come first; there is no count below nothing.
  for (const [count, by] of Object.entries(delta)) next[count] = Math.max(0, next[count] + by);
  return next;
}

/** Show *delta* from now until the click *opId* is settled, whatever else is told meanwhile. */
export function expectChange(projectId, opId, delta) {
  const cell = unconfirmedOf(projectId);
  cell.value = new Map(cell.peek()).set(opId, delta);
}

/** Tell whether a click is not settled yet. */
export const isExpected = (projectId, opId) => unconfirmedOf(projectId).value.has(opId);

/** Forget what was expected of a click: the server's numbers have it, or never will. */
export function settle(projectId, opId) {
  const cell = unconfirmedOf(projectId);
  if (!cell.peek().has(opId)) return;
  const left = new Map(cell.peek());
  left.delete(opId);
  cell.value = left;
}

/** A project but for its stats, which live in their own signal. */
export const projectOf = family();
/** Keep a project; of two answers that passed each other the one with the newer counts. */
export function keepProject(project) {
  const cell = projectOf(project.id);
  if (!(cell.peek()?.stats?.version > project.stats?.version)) cell.value = project;
  keepStats(project.stats);
}

/** An image as REST answers it. */
export const imageOf = family();

/** Keep *image*; at equal versions REST's wins, because it has every field. */
export function keepImage(image) {
  const cell = imageOf(image.id);
  if (cell.peek() && cell.peek().version > image.version) return;
  cell.value = image;
}

// Of images that are not loaded: their status and number of objects.
const briefs = new Map();

/** What is known of an image, loaded or not: at least its status and objectCount. */
export const briefOf = (id) => imageOf(id).peek() ?? briefs.get(id);
/** The status of an image, followed once it is loaded. */
export const statusOf = (id) => imageOf(id).value?.status ?? briefs.get(id)?.status;

/** Keep what an index says of an image; what was loaded and is another now is to be loaded again. */
export function keepBrief(id, brief) {
  briefs.set(id, brief);
  const cell = imageOf(id);
  if (cell.peek() && cell.peek().status !== brief.status) cell.value = null;
}

function applyToBrief({ imageId, status, objectCount }) {
  const brief = briefs.get(imageId);
  if (brief) briefs.set(imageId, { status, objectCount: objectCount ?? brief.objectCount });
  return Boolean(brief);
}

const hasResult = (status) =>
  status === ImageStatus.SEGMENTED || status === ImageStatus.NO_OBJECTS;

/** Apply one entry of `imageStatusUpdate`; tell whether the image is one we show. */
export function applyImageChange(change) {
  const cell = imageOf(change.imageId);
  const known = cell.peek();
  if (!known) return applyToBrief(change);
  if (known.version >= change.version) return true;
  const finished = hasResult(change.status);
  cell.value = {
    ...known,
    status: change.status,
    version: change.version,
    objectCount: change.objectCount ?? known.objectCount,
    flags: finished ? [] : known.flags, // How a new result compares with the others is known to REST alone.
    lastError: change.error,
    waiting: undefined, // Why it waits is known to REST alone.
    thumbnailUrl: change.thumbnailUrl ?? known.thumbnailUrl,
    currentRunId: finished && change.runId ? change.runId : known.currentRunId,
    previewUrl: finished ? previewUrl(change) : known.previewUrl,
  };
  return true;
}

// The run in the address makes a new result a new picture for the browser's cache.
const previewUrl = ({ imageId, runId }) =>
  `/api/v1/images/${imageId}/preview` + (runId ? `?run=${runId}` : "");
