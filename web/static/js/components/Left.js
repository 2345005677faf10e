// How long a project that waits still takes: asked of the server for all that are seen, in one
// request. Loaded when one waits.

import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";
import { request } from "../api.js";
import { t } from "../i18n.js";
import { projectIds } from "../cards.js";
import { projectOf, shownStatsOf } from "../stores.js";
import { roughly } from "../ui.js";

const GATHER = 400;
const ASK_AGAIN = 30_000;
const AT_ONCE = 60; // Ids in one address.

const cells = new Map();
const followed = new Map(); // Project: by how many components.
let gathering = 0;

/** What the server said last of a project: `{waiting, pending}`, *pending* as of then. */
function remainingOf(projectId) {
  if (!cells.has(projectId)) cells.set(projectId, signal(null));
  return cells.get(projectId);
}

function askSoon() {
  gathering ||= setTimeout(() => {
    gathering = 0;
    ask();
  }, GATHER);
}

async function ask() {
  const ids = [...followed.keys()].slice(0, AT_ONCE);
  if (ids.length === 0 || document.hidden) return;
  const pending = new Map(ids.map((id) => [id, shownStatsOf(id).peek()?.pendingCount ?? 0]));
  try {
    const { items } = await request(`/waiting?projects=${ids}`);
    const answered = new Map(items.map(({ projectId, waiting }) => [projectId, waiting]));
    for (const id of ids) {
      remainingOf(id).value = answered.has(id) ? { waiting: answered.get(id), pending: pending.get(id) } : null;
    }
  } catch {
    // What is known stays until the next time.
  }
}

setInterval(ask, ASK_AGAIN);

function follow(projectId) {
  followed.set(projectId, (followed.get(projectId) ?? 0) + 1);
  askSoon();
  return () => {
    const others = followed.get(projectId) - 1;
    if (others) followed.set(projectId, others);
    else followed.delete(projectId);
  };
}

/** Return about how many seconds *pending* images still take; null when nobody can tell. */
function secondsLeft(known, pending) {
  const seconds = known?.waiting.etaSeconds;
  if (!seconds || !known.pending) return null;
  return Math.max(1, Math.round(seconds[1] * Math.min(1, pending / known.pending)));
}

/** What follows the number of images that are left. */
export function Left({ projectId, pending }) {
  useEffect(() => follow(projectId), [projectId]);
  const known = remainingOf(projectId).value;
  if (!known) return null;
  if (known.waiting.workersOnline === 0) return t("card.leftNoWorker");
  const seconds = secondsLeft(known, pending);
  return seconds && t("card.leftAbout", { time: roughly(seconds) });
}

const isMine = (id) => projectOf(id).value.role === "owner";
const queuedOf = (id) => shownStatsOf(id).value?.queuedCount ?? 0;

/** The same of all projects of one's own, whose numbers are the totals. */
export function QueueLeft() {
  const ids = projectIds.value.filter((id) => isMine(id) && queuedOf(id) > 0).slice(0, AT_ONCE);
  useEffect(() => {
    const ends = ids.map(follow);
    return () => ends.forEach((end) => end());
  }, [ids.join()]);
  const left = ids.map((id) => secondsLeft(remainingOf(id).value, shownStatsOf(id).value.pendingCount) ?? 0);
  const most = Math.max(0, ...left);
  return most > 0 ? t("card.leftAbout", { time: roughly(most) }) : null;
}
