// One project on the dashboard; its numbers rise while its images are segmented.

import { html, formatNumber, plural, Icon, SegmentedBar, TimeAgo } from "../ui.js";
import { useProjectCardUpdates } from "../hooks.js";
import { projectOf } from "../stores.js";

export function ProjectCard({ projectId, eager = false }) {
  const { projectStats: stats } = useProjectCardUpdates(projectId);
  const project = projectOf(projectId).value;
  if (!project || !stats) return null;
  return html`<li class="panel card" data-project=${project.id}>
    <${Thumb} project=${project} stats=${stats} eager=${eager} />
    <div class="card-body">
      <h3><a href="/projects/${project.id}">${project.title}</a></h3>
      ${project.description && html`<p class="meta">${project.description}</p>`}
      <${SegmentedBar} stats=${stats} label="Segmented images of ${project.title}" />
      <${Tally} stats=${stats} />
      <div class="card-foot number"><${Activity} stats=${stats} /><${TimeAgo} moment=${stats.lastUpdated} /></div>
    </div>
  </li>`;
}

function Thumb({ project, stats, eager }) {
  const shared = project.role && project.role !== "owner";
  return html`<div class="card-thumb ${project.thumbnailUrl ? "" : "none"}">
    ${project.thumbnailUrl
      ? html`<img src=${project.thumbnailUrl} alt="" loading=${eager ? "eager" : "lazy"} fetchpriority=${eager ? "high" : undefined} />`
      : html`<${Icon} name="microscope" />`}
    <div class="card-badges">
      ${shared && html`<span class="badge on-image"><${Icon} name="users" />${project.owner?.name ?? "Shared"}</span>`}
      ${stats.failedCount > 0 &&
      html`<span class="badge on-image bad"><${Icon} name="triangle-alert" />${formatNumber(stats.failedCount)} failed</span>`}
    </div>
  </div>`;
}

function Tally({ stats }) {
  if (stats.imageCount === 0) return html`<p class="card-line muted">No images yet</p>`;
  const done = stats.segmentedCount + stats.noObjectsCount;
  return html`<p class="card-line number">
    <span data-tally>
      <strong>${formatNumber(stats.segmentedCount)}</strong> of ${formatNumber(stats.imageCount)} segmented
    </span>
    <strong>${Math.floor((100 * done) / stats.imageCount)}%</strong>
  </p>`;
}

function Activity({ stats }) {
  if (stats.pendingCount > 0) {
    const parts = [];
    if (stats.processingCount) parts.push(`${formatNumber(stats.processingCount)} processing`);
    if (stats.queuedCount) parts.push(`${formatNumber(stats.queuedCount)} queued`);
    return html`<span class="busy"><${Icon} name="loader-circle" class="spin" />${parts.join(", ")}</span>`;
  }
  const empty = stats.noObjectsCount && ` · ${plural(stats.noObjectsCount, "image")} without`;
  return html`<span>${plural(stats.objectCount, "object")}${empty || ""}</span>`;
}
