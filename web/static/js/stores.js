// What the page knows, one signal a thing; of two versions the higher stays, whatever its source.

import { signal, batch } from "@preact/signals";
import { ImageStatus } from "./events.js";

/** Put *next* into *cell* unless an equal or newer version is there; tell whether it was news. */
export function keepNewest(cell, next) {
  const known = cell.peek();
  if (!next || (known && known.version >= next.version)) return false;
  cell.value = next;
  return true;
}

/** Return a function that gives one signal for each key, made on first use. */
function family() {
  const cells = new Map();
  return (key) => {
    if (!cells.has(key)) cells.set(key, signal(null));
    return cells.get(key);
  };
}

/** The ProjectStats of a project. */
export const statsOf = family();
export const keepStats = (stats) => Boolean(stats) && keepNewest(statsOf(stats.projectId), stats);

/** The DashboardMetrics of the user. */
export const metrics = signal(null);

/**
 * Keep *next* unless newer totals are there. Their version counts what was announced: at
 * equal versions what was read later, over REST, is fresher.
 */
export function keepMetrics(next) {
  if (!next || metrics.peek()?.version > next.version) return false;
  metrics.value = next;
  return true;
}

/** A project but for its stats, which live in their own signal. */
export const projectOf = family();
/** The ids of the projects on the dashboard, in the order of the server. */
export const projectIds = signal([]);

export function keepProject(project) {
  projectOf(project.id).value = project;
  keepStats(project.stats);
}

export function keepProjects(projects) {
  batch(() => {
    projects.forEach(keepProject);
    projectIds.value = projects.map(({ id }) => id);
  });
}

/** An image as REST answers it. */
export const imageOf = family();

/** Keep *image*; at equal versions REST's wins, because it has every field. */
export function keepImage(image) {
  const cell = imageOf(image.id);
  if (cell.peek() && cell.peek().version > image.version) return;
  cell.value = image;
}

const hasResult = (status) =>
  status === ImageStatus.SEGMENTED || status === ImageStatus.NO_OBJECTS;

/** Apply one entry of `imageStatusUpdate`; tell whether the image is one we show. */
export function applyImageChange(change) {
  const cell = imageOf(change.imageId);
  const known = cell.peek();
  if (!known) return false;
  if (known.version >= change.version) return true;
  const finished = hasResult(change.status);
  cell.value = {
    ...known,
    status: change.status,
    version: change.version,
    objectCount: change.objectCount ?? known.objectCount,
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
