// The runs of an image: with what, for how long, how they ended, and who asked for them.

import { useEffect, useState } from "preact/hooks";
import { request } from "../api.js";
import { keepImage, keepStats } from "../stores.js";
import { Icon, TimeAgo, formatDuration, html, parameterWords, plural } from "../ui.js";
import { notify } from "./Toasts.js";

const MOST = 50;

// The words of a run's status, which are not those of an image.
const OUTCOMES = Object.freeze({
  queued: { word: "Waiting", tone: "wait" },
  running: { word: "Running", tone: "run" },
  succeeded: { word: "Succeeded", tone: "ok" },
  failed: { word: "Failed", tone: "bad" },
  cancelled: { word: "Cancelled", tone: "wait" },
});

export function RunHistory({ image, mayAct }) {
  const runs = useRuns(image);
  if (!runs) return null;
  if (runs.length === 0) return html`<p class="meta">Nobody has asked to segment this image.</p>`;
  return html`<ol reversed tabindex="0" aria-label="Runs, the newest first">
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
  const facts = [
    done && plural(run.objectCount, "object"),
    done && formatDuration(run.durationMs),
    run.attempt > 1 && plural(run.attempt, "attempt"),
    run.requestedBy && `asked for by ${run.requestedBy}`,
  ];
  return html`<li data-run=${run.id}>
    <p class="history-head">
      <strong>${name} ${version}</strong>
      <span class="badge ${tone}">${run.current ? "Shown" : word}</span>
      <${TimeAgo} moment=${run.finishedAt ?? run.createdAt} />
    </p>
    <p class="meta">${parameterWords(params)}</p>
    <p class="meta number">${facts.filter(Boolean).join(" · ")}</p>
    ${run.error && html`<p class="meta">${run.error.detail}</p>`}
    ${mayAct && html`<p class="history-acts">
      ${done && !run.current && html`<${Act} icon="eye" words="Show this result" onClick=${() => show(image, run)} />`}
      <${Act} icon="rotate-ccw" words="Run again" onClick=${() => repeat(run)} />
    </p>`}
  </li>`;
}

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
    "The earlier result is shown again.",
  );

const repeat = (run) =>
  attempt(() => request(`/runs/${run.id}/repeat`, { method: "POST" }), "Queued with the same engine and parameters.");
