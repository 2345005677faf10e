// The dashboard: totals and one live card a project.

import { useCallback } from "preact/hooks";
import { signal } from "@preact/signals";
import { boot, request } from "./api.js";
import { keepMetrics, keepProjects, projectIds } from "./stores.js";
import { cancel, useDashboardMetrics, usePolling } from "./hooks.js";
import { CancelButton, Empty, Icon, formatDuration, formatNumber, html, mount, plural } from "./ui.js";
import { ConnPill } from "./components/ConnPill.js";
import { KpiTile } from "./components/KpiTile.js";
import { ProjectCard } from "./components/ProjectCard.js";
import { Toasts, notify } from "./components/Toasts.js";

const FIRST_ROW = 3;
const MINE = "Everything that you asked for and that is not done yet is cancelled, in all projects.";

function keepDashboard({ metrics, projects }) {
  keepMetrics(metrics);
  keepProjects(projects);
}

const refresh = async () => keepDashboard(await request("/dashboard"));

// A project that was made or removed in another tab shows in the number of projects.
function refreshOnNewProjects({ changedFields }) {
  if (changedFields.includes("totalProjects")) refresh().catch(() => {});
}

function Kpis() {
  const { metrics } = useDashboardMetrics({ onChange: refreshOnNewProjects });
  if (!metrics || projectIds.value.length === 0) return null;
  const { recentActivity: recent, systemStats: system } = metrics;
  const noWorker = system.workersOnline === 0;
  return html`<dl class="kpis">
    <${KpiTile} name="Objects" icon="shapes" value=${formatNumber(metrics.totalObjects)}
      more="in ${plural(metrics.totalProjects, "project")}" />
    <${KpiTile} name="Images" icon="images" value=${formatNumber(metrics.totalImages)}
      more="${formatNumber(recent.imagesUploadedToday)} uploaded today" />
    <${KpiTile} name="Segmented" icon="circle-check" tone="ok" value=${formatNumber(metrics.totalSegmented)}
      more="${formatNumber(recent.segmentationsCompletedToday)} today" />
    <${KpiTile} name="Queue" icon="clock" tone="warn" value=${formatNumber(system.queueLength)}
      more="${formatNumber(system.processingImages)} processing now"
      act=${system.queueLength + system.processingImages > 0 && html`<${CancelButton} words="Cancel mine" onClick=${() => cancel("/me", MINE)} />`} />
    <${KpiTile} name="Time per image" icon="cpu" warn=${noWorker}
      value=${system.avgProcessingTime ? formatDuration(system.avgProcessingTime) : "–"}
      more=${noWorker ? "No worker is online" : `${plural(system.workersOnline, "worker")} online`} />
  </dl>`;
}

function Projects({ onNew }) {
  usePolling(refresh);
  const ids = projectIds.value;
  if (ids.length === 0) return html`<${FirstSteps} onNew=${onNew} />`;
  return html`<section aria-labelledby="projects">
    <div class="section-head">
      <h2 id="projects">Projects</h2><span class="meta number">${formatNumber(ids.length)}</span>
    </div>
    <ul class="cards">
      ${ids.map((id, at) => html`<${ProjectCard} key=${id} projectId=${id} eager=${at < FIRST_ROW} />`)}
    </ul>
  </section>`;
}

function FirstSteps({ onNew }) {
  return html`<section class="panel" aria-labelledby="first">
    <${Empty} icon="microscope" title=${html`<span id="first">Count your first cells</span>`}>
      <p>A project keeps images that belong together. Its tally is on this page, always exact.</p>
      <button type="button" class="button primary" onClick=${onNew}><${Icon} name="plus" />New project</button>
    </${Empty}>
    <ol class="steps">
      <li><h3>Make a project</h3><p>One for a plate, an experiment or a question.</p></li>
      <li><h3>Drop images</h3><p>PNG, JPEG, BMP or TIFF, as the microscope saved them.</p></li>
      <li><h3>Segment</h3><p>Workers outline every object while you watch the numbers rise.</p></li>
    </ol>
  </section>`;
}

const dialog = signal(null);

async function openDialog() {
  try {
    const { NewProject } = await import("./components/NewProject.js");
    dialog.value = NewProject;
  } catch {
    notify({ kind: "bad", text: "The form could not be loaded. Check the connection and try again." });
  }
}

function NewProjectButton() {
  return html`<button type="button" class="button primary" aria-label="New project" onClick=${openDialog}>
    <${Icon} name="plus" /><span>New project</span>
  </button>`;
}

function Dashboard() {
  const Dialog = dialog.value;
  const close = useCallback(() => (dialog.value = null), []);
  return html`<div class="stack">
    <${Kpis} /><${Projects} onNew=${openDialog} />
    ${Dialog && html`<${Dialog} onClose=${close} />`}
  </div>`;
}

keepDashboard(boot);
mount("conn", html`<${ConnPill} />`);
mount("actions", html`<${NewProjectButton} />`);
mount("island", html`<${Dashboard} />`);
mount("toasts", html`<${Toasts} />`);
