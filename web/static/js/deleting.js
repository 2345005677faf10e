// Deleting images: the question, the counts that move with the answer, and the way back when the
// server refuses. Loaded when somebody asks for it.

import { ImageStatus } from "./events.js";
import { t } from "./i18n.js";
import { COUNT_OF } from "./ui.js";
import { confirm } from "./components/Confirm.js";
import { notify } from "./components/Toasts.js";

/**
 * Ask, and delete these images of the project at *path*; tell whether they are gone. *briefs* say
 * of each its status and objectCount; *change* is that of useOptimisticProjectUpdates; *show*
 * (false) takes the tiles away with the click, *show* (true) brings them back.
 */
export async function deleteImages({ path, ids, briefs, change, request, show }) {
  const what = t("images.count", { count: ids.length });
  const words = t("deleting.theirOutlinesAndMeasurementsGo");
  if (!(await confirm({ title: t("deleting.deleteWhat", { what }), words, yes: t("deleting.deleteWhat2", { what }) }))) return false;
  show(false);
  try {
    const ask = (opId) => request(`${path}/images/delete`, { method: "POST", body: { imageIds: ids }, opId });
    const { deleted } = await change(leaving(briefs), ask);
    notify({ key: "delete", text: t("deleting.done", { count: deleted }) });
    return true;
  } catch (refusal) {
    show(true);
    notify({ key: "delete", kind: "bad", text: t("deleting.whatCouldNotBeDeleted", { what, message: refusal.message }) });
    return false;
  }
}

/** Return what the counts of a project lose with these images. */
export function leaving(briefs) {
  const delta = { imageCount: 0, objectCount: 0, pendingCount: 0 };
  for (const { status, objectCount } of briefs) {
    delta.imageCount -= 1;
    delta[COUNT_OF[status]] = (delta[COUNT_OF[status]] ?? 0) - 1;
    if (status === ImageStatus.QUEUED || status === ImageStatus.PROCESSING) delta.pendingCount -= 1;
    delta.objectCount -= objectCount ?? 0;
  }
  return delta;
}
