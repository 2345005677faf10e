// How the result that is shown was made: in words, and as JSON to copy.

import { useEffect, useState } from "preact/hooks";
import { request } from "../api.js";
import { t } from "../i18n.js";
import { ErrorNote, formatDate, formatDuration, html, parameterWords } from "../ui.js";
import { notify } from "./Toasts.js";

export function Provenance({ runId }) {
  const [{ run, error }, setAnswer] = useState({});
  const load = () => {
    const stop = new AbortController();
    request(`/runs/${runId}`, { signal: stop.signal })
      .then((found) => setAnswer({ run: found }))
      .catch((refusal) => refusal.name !== "AbortError" && setAnswer({ error: refusal }));
    return () => stop.abort();
  };
  useEffect(load, [runId]);
  if (error) return html`<${ErrorNote} error=${error} onRetry=${load} />`;
  if (!run) return null;
  return html`<div data-provenance=${run.id}>
    ${run.provenance.takenFrom && html`<p class="meta">${takenWords(run.provenance.takenFrom)}</p>`}
    <dl class="facts number">
      ${rowsOf(run).filter(([, value]) => value).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}
    </dl>
    <p class="history-acts">
      <button type="button" class="button small" onClick=${() => copy(run)}>${t("provenance.copyAsJson")}</button>
    </p>
  </div>`;
}

const takenWords = ({ runId }) =>
  runId ? t("provenance.takenFrom", { run: runId.slice(0, 8) }) : t("provenance.taken");

function rowsOf({ id, provenance }) {
  const { input, engine, computedWith: made } = provenance;
  const celltally = made?.celltally;
  return [
    [t("provenance.run"), html`<code>${id}</code>`],
    [t("provenance.edited"), provenance.edited && editWords(provenance.edited)],
    [t("engine"), `${engine.name} ${engine.version}`],
    [t("parameters"), parameterWords(engine.params)],
    [t("provenance.weights"), provenance.weightsSha256 && html`<code>${provenance.weightsSha256}</code>`],
    [t("provenance.inputSha256"), html`<code>${input.sha256}</code>`],
    [t("provenance.page"), input.page > 0 && String(input.page + 1)],
    [t("channels"), input.channels && input.channels.join(", ")],
    [t("provenance.pixelSize"), input.pixelSizeUm && `${Number(input.pixelSizeUm.toPrecision(4))} µm`],
    ["celltally", celltally && [celltally.version, celltally.commit?.slice(0, 12)].filter(Boolean).join(", commit ")],
    [t("provenance.platform"), made && `${made.platform}, Python ${made.python}`],
    [t("provenance.libraries"), made && versionWords({ ...made.libraries, ...made.plugIns })],
    [t("provenance.host"), provenance.host],
    [t("provenance.begun"), provenance.startedAt && formatDate(provenance.startedAt)],
    [t("provenance.took"), provenance.durationMs !== undefined && formatDuration(provenance.durationMs)],
  ];
}

const editWords = ({ by, at, runId }) =>
  [by && t("provenance.by", { by }), formatDate(at), runId && t("provenance.editOf", { run: runId.slice(0, 8) })].filter(Boolean).join(", ");

const versionWords = (versions) => Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ");

async function copy({ id, provenance }) {
  try {
    await navigator.clipboard.writeText(JSON.stringify({ runId: id, ...provenance }, null, 2));
    notify({ key: "provenance", text: t("copied") });
  } catch {
    notify({ key: "provenance", kind: "bad", text: t("provenance.theBrowserDoesNotLet") });
  }
}
