// What components use to be live; the names are those of the seed.

import { useEffect, useRef, useState } from "preact/hooks";
import { batch } from "@preact/signals";
import { boot, request } from "./api.js";
import { Connection } from "./connection.js";
import { AccessChange, ChannelKind, EventType, ExportStatus, NoticeLevel, Operation, channel } from "./events.js";
import { t } from "./i18n.js";
import {
  applyImageChange,
  keepProject,
  keepStats,
  projectOf,
  settle,
  shownStatsOf,
  statsOf,
} from "./stores.js";
import { notify } from "./components/Toasts.js";

const openTicket = () => request("/realtime/ticket", { method: "POST" });

function onSignedOut() {
  const href = `/login?next=${encodeURIComponent(location.pathname)}`;
  notify({ key: "session", kind: "bad", text: t("hooks.yourSessionHasEnded"), link: { href, text: t("signInAgain") } });
}

/** The page's one connection. */
export const connection = new Connection({ openTicket, onSignedOut }).start();

/** Run *refresh* every 10 s while updates do not come by themselves. */
export function usePolling(refresh) {
  useEffect(() => connection.poll(refresh), []);
}

/**
 * Return the newest counts of a project, unconfirmed ones included, and keep them so while *active*:
 * one page may listen to so many channels, and who comes back to one is told its newest state.
 */
export function useProjectCardUpdates(projectId, { active = true, onRevoked } = {}) {
  useEffect(
    () => (active ? connection.listen(channel(ChannelKind.PROJECT, projectId), { onPub: receiveStats, onRevoked }) : undefined),
    [projectId, active],
  );
  return { projectStats: shownStatsOf(projectId).value };
}

/**
 * Follow the images of a project. `onGap`: only REST knows what was missed; `onCount`: images came
 * or went; `onUnknown`: some changed that this page does not have; `onChange`: after each change.
 */
export function useImageUpdates(projectId, { onGap, onCount, onUnknown, onChange }) {
  useEffect(() => {
    const onPub = ({ type, data }) => {
      if (type === EventType.PROJECT_IMAGE_COUNT_CHANGE) onCount(data);
      if (type !== EventType.IMAGE_STATUS_UPDATE) return;
      const known = data.images.map(applyImageChange);
      if (known.includes(false)) onUnknown?.();
      onChange?.(data.images);
    };
    return connection.listen(channel(ChannelKind.IMAGES, projectId), { onPub, onGap });
  }, [projectId]);
}

/** Call *onChange* with each `projectAccessChange`; *onGap* when some may have been missed. */
export function useAccessChanges({ onChange, onGap }) {
  useEffect(() => {
    const onPub = ({ type, data }) => {
      if (type === EventType.PROJECT_ACCESS_CHANGE) onChange(data);
    };
    return connection.listen(channel(ChannelKind.USER, boot.user.id), { onPub, onGap });
  }, []);
}

/** Return the component that says why the project is shown no more; null while it is shown. */
export function useGone(project) {
  const [Gone, setGone] = useState(null);
  const told = useRef(project);
  const follow = async (change) => {
    told.current = { ...told.current, title: change.title ?? told.current.title };
    try {
      const { becomes } = await import("./access.js");
      const Notice = becomes(change, project);
      if (Notice) setGone(() => Notice);
    } catch {
      location.reload(); // What may not be shown must not stay; the server says what is so.
    }
  };
  const onRevoked = () => follow({ change: AccessChange.REVOKED });
  useEffect(() => connection.listen(channel(ChannelKind.PROJECT, project.id), { onPub() {}, onRevoked }), []);
  // No event tells what happened between the page's making and its listening.
  const catchUp = async () => {
    const before = told.current;
    try {
      const now = await request(`/projects/${project.id}`);
      if (told.current !== before) return catchUp(); // The answer may be older than the event.
      keepProject(now);
      if (now.title !== before.title) follow({ change: AccessChange.RENAMED, title: now.title });
      if (now.role !== before.role) follow({ change: AccessChange.ROLE_CHANGED, role: now.role });
    } catch (refusal) {
      if (refusal.status !== 404) throw refusal;
      onRevoked();
    }
  };
  usePolling(catchUp);
  useAccessChanges({ onChange: (change) => change.projectId === project.id && follow(change), onGap: catchUp });
  return Gone;
}

/** Cancel what is below *path*; with *words* about it, ask first. The code comes with the click. */
export async function cancel(path, words) {
  try {
    const { askToCancel, cancelRuns } = await import("./components/Cancelling.js");
    if (words) askToCancel(path, words);
    else await cancelRuns(path);
  } catch {
    notify({ kind: "bad", text: t("hooks.cancellingCouldNotStartCheck") });
  }
}

if (boot.user) connection.listen(channel(ChannelKind.USER, boot.user.id), { onPub: tellUser, onGap: askForNotices });

/** Say what concerns the user and no part of the page. */
function tellUser({ type, data }) {
  if (type === EventType.NOTICE) tellNotice(data);
  if (type === EventType.EXPORT_UPDATE && data.status === ExportStatus.DONE) {
    const link = { href: `/api/v1/exports/${data.exportId}/download`, text: t("download") };
    notify({ key: data.exportId, text: t("hooks.yourDownloadIsReady"), link });
  }
  if (type === EventType.EXPORT_UPDATE && data.status === ExportStatus.FAILED) {
    notify({ key: data.exportId, kind: "bad", text: data.detail ?? t("hooks.exportingFailed") });
  }
}

let noticesTold = 0;

/** Show the notices that hold now, whatever was missed. */
async function askForNotices() {
  const before = noticesTold;
  const { items } = await request("/notices");
  if (noticesTold !== before) return askForNotices();
  if (items.length || document.querySelector(".notice-line")) (await import("./notices.js")).showNotices(items);
}

/** Show what the operator tells everybody: what passes as a message, the rest until dismissed. */
function tellNotice(said) {
  noticesTold += 1;
  const { code, level, text } = said;
  if (level === NoticeLevel.INFO) notify({ key: code, text });
  import("./notices.js")
    .then(({ showNotice }) => showNotice(said))
    .catch(() => notify({ key: code, kind: "bad", text }));
}

if (document.querySelector(".notice-line")) import("./notices.js").catch(() => {});

// Uploads go on from page to page; whoever has some sees them on each.
const showUploads = () => import("./uploads/client.js").then((uploads) => uploads.start()).catch(() => {});
try {
  if (boot.user && localStorage.uploads === boot.user.id) showUploads();
  addEventListener("storage", ({ key, newValue }) => key === "uploads" && newValue === boot.user?.id && showUploads());
} catch {
  // Without storage each page shows its own.
}

function receiveStats({ type, data, isSnapshot, cf }) {
  if (type !== EventType.PROJECT_STATS_UPDATE && type !== EventType.SHARED_PROJECT_UPDATE) return;
  const before = statsOf(data.projectId).peek();
  const isNews = batch(() => {
    data.opIds?.forEach((opId) => settle(data.projectId, opId));
    return keepStats(data.stats);
  });
  if (!isNews) return;
  // Its code comes with the first news. Those who wait for it get it in their order.
  import("./summaries.js").then(({ summarise }) => summarise(data, before)).catch(() => {});
  // A message may stand for others: the one that told of work has never come then.
  const settled = data.stats.pendingCount === 0 && (before?.pendingCount > 0 || cf > 1);
  const operations = [data.operation ?? data.updateType, ...Object.keys(data.operations ?? {})];
  if (isSnapshot || settled || operations.some((each) => CHANGING_LOOKS.has(each))) refetchProjectSoon(data.projectId);
}

// What a card shows beside its counts: title and owner, and the newest images with their results.
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
