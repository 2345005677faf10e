// The line of what went wrong, in all projects together; loaded when something did.

import { useEffect, useState } from "preact/hooks";
import { request } from "../api.js";
import { changeOptimistically } from "../optimism.js";
import { rich, t } from "../i18n.js";
import { projectOf, shownStatsOf } from "../stores.js";
import { Icon, causeWords, formatNumber, html } from "../ui.js";
import { notify } from "./Toasts.js";

const ASK_AFTER = 400;

/** The causes of now; asked for again when the number of failed images is another. */
function useCauses(failed) {
  const [causes, setCauses] = useState([]);
  useEffect(() => {
    const ask = () => request("/failures").then(({ items }) => setCauses(items)).catch(() => {});
    const timer = setTimeout(ask, ASK_AFTER);
    return () => clearTimeout(timer);
  }, [failed]);
  return causes;
}

function firstWords([first, ...others]) {
  if (!first) return null;
  const cause = causeWords(first);
  return others.length ? t("attention.causeAndMore", { cause, count: others.length }) : cause;
}

/** Retry the failed images of a project; its numbers move at once. */
function retry(project) {
  const { failedCount } = shownStatsOf(project.id).peek();
  const delta = { failedCount: -failedCount, queuedCount: failedCount, pendingCount: failedCount };
  const body = { select: "failed", again: true };
  return changeOptimistically(project.id, delta, (opId) => request(`/projects/${project.id}/segment`, { method: "POST", body, opId }));
}

async function retryAll(projects) {
  const outcomes = await Promise.allSettled(projects.map(retry));
  const queued = outcomes.reduce((total, { value }) => total + (value?.queued ?? 0), 0);
  const refused = outcomes.find(({ reason }) => reason);
  if (refused) notify({ key: "retry", kind: "bad", text: refused.reason.message });
  else notify({ key: "retry", text: t("attention.retried", { count: queued }) });
}

const failedOf = (project) => shownStatsOf(project.id).value?.failedCount ?? 0;

/** *ids* are the projects with failed images. */
export function Attention({ ids }) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const projects = ids.map((id) => projectOf(id).value);
  const failed = projects.reduce((total, project) => total + failedOf(project), 0);
  const causes = useCauses(failed);
  const retried = projects.filter(({ role }) => role !== "viewer");
  const again = async () => {
    setBusy(true);
    await retryAll(retried);
    setBusy(false);
  };
  return html`<section class="panel attention" aria-labelledby="attention">
    <div class="attention-line">
      <h2 id="attention"><${Icon} name="triangle-alert" />${rich("attention.title", {
        count: failed,
        projects: t("attention.projects", { count: projects.length }),
      })}</h2>
      <p class="muted attention-cause">${firstWords(causes)}</p>
      <button type="button" class="button small" aria-expanded=${open} onClick=${() => setOpen(!open)}>${t("attention.review")}</button>
      ${retried.length > 0 && html`<button type="button" class="button small" disabled=${busy} onClick=${again}><${Icon} name="rotate-ccw" />${t("attention.retryAll")}</button>`}
    </div>
    ${open && html`<${Review} causes=${causes} projects=${projects} />`}
  </section>`;
}

const Review = ({ causes, projects }) =>
  html`<div class="attention-review">
    <ul class="rows">
      ${projects.map(
        (project) => html`<li key=${project.id}>
          <a href="/projects/${project.id}?status=failed">${project.title}</a>
          <span class="badge bad"><${Icon} name="triangle-alert" />${t("card.failed", { count: failedOf(project) })}</span>
        </li>`,
      )}
    </ul>
    <ul class="rows">
      ${causes.map((cause) => html`<li key=${cause.code} data-cause=${cause.code}><p><strong class="number">${formatNumber(cause.count)} ×</strong> ${causeWords(cause)}</p></li>`)}
    </ul>
  </div>`;
