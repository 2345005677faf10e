// The runs of an image: with what, for how long, how they ended, and who asked for them.

import { useEffect, useState } from "preact/hooks";
import { request } from "../api.js";
import { t } from "../i18n.js";
import { keepImage, keepStats } from "../stores.js";
import { Icon, TimeAgo, formatDuration, html, parameterWords } from "../ui.js";
import { notify } from "./Toasts.js";

const MOST = 50;

// The words of a run's status, which are not those of an image.
const OUTCOMES = Object.freeze({
  queued: { word: t("exportList.waiting"), tone: "wait" },
  running: { word: t("runHistory.running"), tone: "run" },
  succeeded: { word: t("runHistory.succeeded"), tone: "ok" },
  failed: { word: t("status.failed"), tone: "bad" },
  cancelled: { word: t("exportList.cancelled"), tone: "wait" },
});

export function RunHistory({ image, mayAct }) {
  const runs = useRuns(image);
  if (!runs) return null;
  if (runs.length === 0) return html`<p class="meta">${t("runHistory.nobodyHasAskedToSegment")}</p>`;
  return html`<ol reversed tabindex="0" aria-label=${t("runHistory.runsTheNewestFirst")}>
    ${runs.map((run) => html`<${Run} key=${run.id} run=${run} image=${image} mayAct=${mayAct} />`)}
  </ol>`;
}

/** The newest runs; asked for again with each change of the image. */
function useRuns({ id, version }) {
  const [runs, setRuns] = useState(null);
  useEffect(() => {
    const stop = new AbortController();
    request(`/images/${id}/runs?limit=${MOST}`, { signal: stop.signal })
      .then(({ items }) => setRuns(items))
      .catch(() => {});
    return () => stop.abort();
  }, [id, version]);
  return runs;
}

function Run({ run, image, mayAct }) {
  const { word, tone } = OUTCOMES[run.status];
  const { name, version, params } = run.engine;
  const done = run.status === "succeeded";
  const { progress } = run;
  const facts = [
    progress && t("tiles.of", { done: progress.done, count: progress.total }),
    done && t("objects.count", { count: run.objectCount }),
    done && !run.edited && formatDuration(run.durationMs),
    run.outrun && t("runHistory.outrun"),
    run.provenance.takenFrom && t("runHistory.taken"),
    run.provenance.repeats && t("runHistory.repeats"),
    run.attempt > 1 && t("runHistory.attempts", { count: run.attempt }),
    run.requestedBy && t(run.edited ? "runHistory.editedBy" : "runHistory.askedBy", { by: run.requestedBy }),
  ];
  return html`<li data-run=${run.id}>
    <p class="history-head">
      <strong>${run.edited ? t("runHistory.editedByHand") : `${name} ${version}`}</strong>
      <span class="badge ${tone}">${run.current ? t("runHistory.shown") : word}</span>
      <${TimeAgo} moment=${run.finishedAt ?? run.createdAt} />
    </p>
    ${run.edited ? html`<p class="meta">${beganFrom(run)}</p>` : html`<p class="meta">${parameterWords(params)}</p>`}
    ${!run.edited && run.engine.chosen && html`<p class="meta">${t("runHistory.chosenAutomaticallyReason", { reason: run.engine.chosen.reason })}</p>`}
    <p class="meta number">${facts.filter(Boolean).join(" · ")}</p>
    ${run.error && html`<p class="meta">${run.error.detail}</p>`}
    ${mayAct && html`<p class="history-acts">
      ${done && !run.current && html`<${Act} icon="eye" words=${t("runHistory.showThisResult")} onClick=${() => show(image, run)} />`}
      ${!run.edited && html`<${Act} icon="rotate-ccw" words=${t("runHistory.repeatExactly")} onClick=${() => repeat(run)} />`}
    </p>`}
  </li>`;
}

const beganFrom = ({ engine, provenance }) =>
  provenance.edited.runId ? t("runHistory.ofWhatNameVersionHad", { name: engine.name, version: engine.version }) : t("runHistory.drawnOnAnImageWithout");

const Act = ({ icon, words, onClick }) =>
  html`<button type="button" class="button small" onClick=${onClick}><${Icon} name=${icon} />${words}</button>`;

async function attempt(work, text) {
  try {
    const { image, stats } = await work();
    if (image) keepImage(image);
    keepStats(stats);
    notify({ key: "history", text });
  } catch (refusal) {
    notify({ key: "history", kind: "bad", text: refusal.message });
  }
}

const show = (image, run) =>
  attempt(
    () => request(`/images/${image.id}/current-run`, { method: "POST", body: { runId: run.id } }),
    t("runHistory.theEarlierResultIsShown"),
  );

const repeat = (run) =>
  attempt(() => request(`/runs/${run.id}/repeat`, { method: "POST" }), t("runHistory.queuedWithTheSameEngine"));
