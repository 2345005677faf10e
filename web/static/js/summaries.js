// One message for what was done in bulk: images that are added count until no more come, and
// images that are segmented until none of their project waits any more.

import { Operation } from "./events.js";
import { t } from "./i18n.js";
import { projectOf } from "./stores.js";
import { notify, tally } from "./components/Toasts.js";

const QUIET = 2000;

const adding = new Map(); // Project: {count, timer}.
const ending = new Map(); // Project: {segmented, failed}.

const titleOf = (projectId) => projectOf(projectId).peek()?.title ?? t("summaries.yourProject");

/** Say in a while what an update of the counts of a project stands for. */
export function summarise({ projectId, stats, operations, updateType }, before) {
  const counted = operations ?? { [updateType]: grown(updateType, before, stats) };
  const of = (operation) => Math.max(0, counted[operation] || 0);
  if (of(Operation.IMAGES_ADDED)) added(projectId, of(Operation.IMAGES_ADDED));
  ended(projectId, of(Operation.SEGMENTATION_COMPLETED), of(Operation.SEGMENTATION_FAILED));
  if (stats.pendingCount === 0) sayEnded(projectId);
}

function added(projectId, count) {
  const waiting = adding.get(projectId) ?? { count: 0, timer: 0 };
  clearTimeout(waiting.timer);
  const say = () => {
    adding.delete(projectId);
    const text = (total) => t("summaries.added", { count: total, title: titleOf(projectId) });
    tally({ key: `${projectId}:added`, count: total, text });
  };
  const total = waiting.count + count;
  adding.set(projectId, { count: total, timer: setTimeout(say, QUIET) });
}

function ended(projectId, segmented, failed) {
  if (segmented + failed === 0) return;
  const before = ending.get(projectId) ?? { segmented: 0, failed: 0 };
  ending.set(projectId, { segmented: before.segmented + segmented, failed: before.failed + failed });
}

function sayEnded(projectId) {
  const sum = ending.get(projectId);
  if (!sum) return;
  ending.delete(projectId);
  const { segmented, failed } = sum;
  const title = titleOf(projectId);
  const done = t("summaries.segmented", { count: segmented, title });
  const bad = t(segmented ? "summaries.andFailed" : "summaries.failed", { count: failed, title });
  const text = [segmented && done, failed && bad].filter(Boolean).join(", ");
  notify({ key: `${projectId}:ended`, kind: failed ? "bad" : "ok", text });
}

// A collaborator is told why, not how many; the counts before and after say it.
function grown(operation, before, after) {
  const finished = (stats) => stats.segmentedCount + stats.noObjectsCount;
  if (!before) return 0;
  if (operation === Operation.IMAGES_ADDED) return after.imageCount - before.imageCount;
  if (operation === Operation.SEGMENTATION_FAILED) return after.failedCount - before.failedCount;
  return finished(after) - finished(before);
}
