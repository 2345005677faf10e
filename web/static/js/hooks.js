// What components use to be live; the names are those of the seed.

import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";
import { boot, request } from "./api.js";
import { Connection } from "./connection.js";
import { ChannelKind, EventType, Operation, channel } from "./events.js";
import {
  applyImageChange,
  keepMetrics,
  keepProject,
  keepStats,
  metrics,
  projectOf,
  statsOf,
} from "./stores.js";
import { notify, tally } from "./components/Toasts.js";
import { plural } from "./ui.js";

const openTicket = async () => {
  try {
    return await request("/realtime/ticket", { method: "POST" });
  } catch (refusal) {
    if (refusal.status === 401) {
      const href = `/login?next=${encodeURIComponent(location.pathname)}`;
      notify({ key: "session", kind: "bad", text: "Your session has ended.", link: { href, text: "Sign in again" } });
    }
    throw refusal;
  }
};

const manager = new Connection({ openTicket }).start();
const dashboardUpdated = signal(null);

/** Return the page's one connection and how it is: live, reconnecting or paused. */
export function useWebSocket() {
  return { manager, state: manager.state.value };
}

/** Run *refresh* every 10 s while updates do not come by themselves. */
export function usePolling(refresh) {
  useEffect(() => manager.poll(refresh), []);
}

/** Return the newest counts of a project and keep them so. */
export function useProjectCardUpdates(projectId) {
  useEffect(
    () => manager.listen(channel(ChannelKind.PROJECT, projectId), { onPub: receiveStats }),
    [projectId],
  );
  return { projectStats: statsOf(projectId).value };
}

/** Return the user's totals and when they last changed. */
export function useDashboardMetrics({ onChange } = {}) {
  useEffect(() => {
    const onPub = ({ type, data }) => {
      if (type !== EventType.DASHBOARD_METRICS_UPDATE || !keepMetrics(data.metrics)) return;
      dashboardUpdated.value = data.timestamp;
      onChange?.(data);
    };
    return manager.listen(channel(ChannelKind.DASH, boot.user.id), { onPub });
  }, []);
  return { metrics: metrics.value, lastUpdated: dashboardUpdated.value };
}

/**
 * Follow the images of a project. `onGap`: only REST knows what was missed; `onUnknown`:
 * images came, went, or changed that this page does not have; `onChange`: after each change.
 */
export function useImageUpdates(projectId, { onGap, onUnknown, onChange }) {
  useEffect(() => {
    const onPub = ({ type, data }) => {
      if (type === EventType.PROJECT_IMAGE_COUNT_CHANGE) onUnknown?.();
      if (type !== EventType.IMAGE_STATUS_UPDATE) return;
      const known = data.images.map(applyImageChange);
      if (known.includes(false)) onUnknown?.();
      onChange?.(data.images);
    };
    return manager.listen(channel(ChannelKind.IMAGES, projectId), { onPub, onGap });
  }, [projectId]);
}

/** Cancel what is below *path*; with *words* about it, ask first. The code comes with the click. */
export async function cancel(path, words) {
  try {
    const { askToCancel, cancelRuns } = await import("./components/Cancelling.js");
    if (words) askToCancel(path, words);
    else await cancelRuns(path);
  } catch {
    notify({ kind: "bad", text: "Cancelling could not start. Check the connection and try again." });
  }
}

function receiveStats({ type, data }) {
  if (type !== EventType.PROJECT_STATS_UPDATE && type !== EventType.SHARED_PROJECT_UPDATE) return;
  const before = statsOf(data.projectId).peek();
  if (!keepStats(data.stats)) return;
  announce(data, before);
  if (CHANGING_LOOKS.has(data.operation ?? data.updateType)) refetchProjectSoon(data.projectId);
}

// What a card shows beside its counts: title and owner, and the newest image as its picture.
const CHANGING_LOOKS = new Set([
  Operation.PROJECT_UPDATED,
  Operation.IMAGES_ADDED,
  Operation.IMAGES_DELETED,
]);
const REFETCH_AFTER = 2000;
const refetching = new Set();

/** Ask REST for a project, once for all the changes of two seconds. */
function refetchProjectSoon(projectId) {
  if (refetching.has(projectId) || !projectOf(projectId).peek()) return;
  refetching.add(projectId);
  setTimeout(() => {
    refetching.delete(projectId);
    request(`/projects/${projectId}`).then(keepProject).catch(() => {});
  }, REFETCH_AFTER);
}

// One message a project and kind: it counts on while images keep finishing.
function announce({ projectId, stats, operations, updateType }, before) {
  const title = projectOf(projectId).peek()?.title ?? "your project";
  const counted = operations ?? { [updateType]: grown(updateType, before, stats) };
  const say = (operation, words, kind) => {
    const count = counted[operation] || 0;
    const text = (n) => `${plural(n, "image")} ${words} ${title}`;
    if (count > 0) tally({ key: `${projectId}:${operation}`, kind, count, text });
  };
  say(Operation.IMAGES_ADDED, "added to");
  say(Operation.SEGMENTATION_COMPLETED, "segmented in");
  say(Operation.SEGMENTATION_FAILED, "failed in", "bad");
}

// A collaborator is told why, not how many; the counts before and after say it.
function grown(operation, before, after) {
  const finished = (stats) => stats.segmentedCount + stats.noObjectsCount;
  if (!before) return 0;
  if (operation === Operation.IMAGES_ADDED) return after.imageCount - before.imageCount;
  if (operation === Operation.SEGMENTATION_FAILED) return after.failedCount - before.failedCount;
  return finished(after) - finished(before);
}

