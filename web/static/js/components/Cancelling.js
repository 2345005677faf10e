// Cancelling runs: the question before many go, the request, and what it did in words.
// Loaded when somebody asks for it.

import { request } from "../api.js";
import { t } from "../i18n.js";
import { keepStats } from "../stores.js";
import { confirm } from "./Confirm.js";
import { notify } from "./Toasts.js";

/** Cancel what is below *path*, such as `/images/…`; say what was cancelled. */
export async function cancelRuns(path) {
  try {
    const { cancelled, running, stats } = await request(`${path}/cancel`, { method: "POST" });
    keepStats(stats);
    notify({ key: "cancel", text: cancelledWords(cancelled, running) });
  } catch (refusal) {
    notify({ key: "cancel", kind: "bad", text: refusal.message });
  }
}

function cancelledWords(waiting, running) {
  if (waiting + running === 0) return t("cancelling.nothingWasWaitingOrRunning");
  const parts = [waiting && t("cancelling.waiting", { count: waiting }), running && t("cancelling.running", { count: running })];
  return t("cancelling.done", { what: parts.filter(Boolean).join(t("and")) });
}

/** Ask before cancelling what is below *path*; *words* say what waits and runs. */
export async function askToCancel(path, words) {
  const wanted = await confirm({
    title: t("cancelling.cancelSegmentation"),
    words: t("cancelling.wordsEachImageReturnsTo", { words }),
    yes: t("cancelling.cancelSegmentation2"),
    no: t("cancelling.keepGoing"),
    danger: false,
  });
  if (wanted) await cancelRuns(path);
}
