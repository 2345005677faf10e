// Projects as a table: more of them at a glance; loaded when somebody chooses it.

import { useRef } from "preact/hooks";
import { t } from "../i18n.js";
import { useSeen } from "../home_hooks.js";
import { useProjectCardUpdates } from "../hooks.js";
import { dropProject } from "../cards.js";
import { isUnconfirmed, projectOf } from "../stores.js";
import { Icon, SegmentedBar, TimeAgo, formatNumber, html } from "../ui.js";
import { Company, Doing, More } from "./ProjectCard.js";

export function ProjectTable({ ids }) {
  return html`<div class="panel table-scroll project-table" role="region" aria-label=${t("list.table")} tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">${t("list.column.title")}</th>
          <th scope="col" class="end">${t("list.column.images")}</th>
          <th scope="col">${t("list.column.progress")}</th>
          <th scope="col">${t("list.column.state")}</th>
          <th scope="col">${t("list.column.people")}</th>
          <th scope="col">${t("list.column.updated")}</th>
          <th scope="col"><span class="visually-hidden">${t("list.column.actions")}</span></th>
        </tr>
      </thead>
      <tbody>
        ${ids.map((id) => html`<${Row} key=${id} projectId=${id} />`)}
      </tbody>
    </table>
  </div>`;
}

function Row({ projectId }) {
  const row = useRef(null);
  const seen = useSeen(row);
  const { projectStats: stats } = useProjectCardUpdates(projectId, { active: seen, onRevoked: () => dropProject(projectId) });
  const project = projectOf(projectId).value;
  if (!project || !stats) return null;
  const done = stats.segmentedCount + stats.noObjectsCount;
  return html`<tr ref=${row} data-project=${project.id} class="number ${isUnconfirmed(projectId) ? "expected" : ""}">
    <th scope="row"><a href="/projects/${project.id}" title=${project.title}>${project.title}</a></th>
    <td class="end">${formatNumber(stats.imageCount)}</td>
    <td><div class="row-progress"><${SegmentedBar} stats=${stats} label=${t("card.bar", { title: project.title })} />
      <span>${stats.imageCount > 0 && t("card.percent", { percent: Math.floor((100 * done) / stats.imageCount) })}</span></div></td>
    <td><span class="card-foot"><${Doing} projectId=${projectId} stats=${stats} seen=${seen} /></span>
      ${stats.failedCount > 0 && html`<span class="badge bad"><${Icon} name="triangle-alert" />${t("card.failed", { count: stats.failedCount })}</span>`}</td>
    <td><${Company} project=${project} /></td>
    <td class="meta"><${TimeAgo} moment=${stats.lastUpdated} /></td>
    <td><${More} project=${project} /></td>
  </tr>`;
}
