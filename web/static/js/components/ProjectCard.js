// One project as a card; its numbers rise while its images are segmented.

import { useRef, useState } from "preact/hooks";
import { t, rich } from "../i18n.js";
import { html, formatNumber, lazy, Icon, SegmentedBar, TimeAgo, initialsOf, tallyWords } from "../ui.js";
import { useSeen } from "../home_hooks.js";
import { useProjectCardUpdates } from "../hooks.js";
import { dropProject } from "../cards.js";
import { isUnconfirmed, projectOf } from "../stores.js";

export function ProjectCard({ projectId, eager = false }) {
  const card = useRef(null);
  const seen = useSeen(card);
  const { projectStats: stats } = useProjectCardUpdates(projectId, { active: seen, onRevoked: () => dropProject(projectId) });
  const [outlined, setOutlined] = useState(false);
  const project = projectOf(projectId).value;
  if (!project || !stats) return null;
  const look = () => setOutlined(stats.segmentedCount > 0);
  return html`<li class="panel card" ref=${card} data-project=${project.id} onPointerEnter=${look} onFocusIn=${look}>
    <${Thumb} project=${project} stats=${stats} eager=${eager} outlined=${outlined} />
    <div class="card-body">
      <div class="card-head"><h3><a href="/projects/${project.id}" title=${project.title}>${project.title}</a></h3><${More} project=${project} /></div>
      ${project.description && html`<p class="meta">${project.description}</p>`}
      <${SegmentedBar} stats=${stats} label=${t("card.bar", { title: project.title })} />
      <${Tally} stats=${stats} expected=${isUnconfirmed(projectId)} />
      <div class="card-foot number"><${Doing} projectId=${projectId} stats=${stats} seen=${seen} /><${TimeAgo} moment=${stats.lastUpdated} /></div>
    </div>
  </li>`;
}

const CardMenu = lazy(async () => (await import("./CardMenu.js")).CardMenu);

/** The button of what can be done with a project, on its card or in its row. */
export function More({ project }) {
  const [open, setOpen] = useState(false);
  const button = useRef(null);
  return html`<div class="card-more">
    <button type="button" ref=${button} aria-label=${t("card.actions", { title: project.title })} aria-expanded=${open} onClick=${() => setOpen(!open)}><${Icon} name="ellipsis" /></button>
    ${open && html`<${CardMenu} project=${project} button=${button.current} onClose=${() => setOpen(false)} />`}
  </div>`;
}

function Thumb({ project, stats, eager, outlined }) {
  const picture = project.mosaicUrl;
  return html`<div class="card-thumb ${picture ? "" : "none"}">
    ${picture
      ? html`<img src=${picture} alt="" width="600" height="264" loading=${eager ? "eager" : "lazy"} fetchpriority=${eager ? "high" : undefined} />`
      : html`<${Icon} name="microscope" />`}
    ${picture && outlined && html`<img class="outlined" src="${picture}&outlines=1" alt="" width="600" height="264" />`}
    <div class="card-badges">
      <${Company} project=${project} /><span class="push"></span>
      ${stats.failedCount > 0 &&
      html`<span class="badge on-image bad"><${Icon} name="triangle-alert" />${t("card.failed", { count: stats.failedCount })}</span>`}
    </div>
  </div>`;
}

/** Whose it is when it is somebody else's, and with whom it is shared when it is one's own. */
export function Company({ project }) {
  if (project.role !== "owner") {
    return html`<span class="badge on-image"><${Icon} name="users" />${project.owner?.name ?? t("card.shared")}</span>`;
  }
  const { members = [], memberCount = 0 } = project;
  if (memberCount === 0) return null;
  const more = memberCount - members.length;
  const names = more > 0 ? [...members, t("card.moreMembers", { count: more })] : members;
  const words = t("card.sharedWith", { names: names.join(", ") });
  return html`<span class="faces" role="img" aria-label=${words} title=${words}>
    ${members.map((name) => html`<i key=${name}>${initialsOf(name)}</i>`)}${more > 0 && html`<i>+${formatNumber(more)}</i>`}
  </span>`;
}

function Tally({ stats, expected }) {
  if (stats.imageCount === 0) return html`<p class="card-line muted">${t("card.empty")}</p>`;
  const done = stats.segmentedCount + stats.noObjectsCount;
  return html`<p class="card-line number ${expected ? "expected" : ""}" title=${tallyWords(stats)}>
    <span data-tally>${rich("card.tally", { done: html`<strong>${formatNumber(stats.segmentedCount)}</strong>`, all: stats.imageCount })}</span>
    <strong>${t("card.percent", { percent: Math.floor((100 * done) / stats.imageCount) })}</strong>
  </p>`;
}

const Left = lazy(async () => (await import("./Left.js")).Left);

/** What goes on, and how much is left; when nothing does, what there is. */
export function Doing({ projectId, stats, seen }) {
  if (stats.pendingCount > 0) {
    const left = t("card.left", { count: stats.pendingCount });
    const estimated = seen && stats.queuedCount > 0;
    return html`<span class="busy"><${Icon} name="loader-circle" class="spin" /><span>${left}${estimated && html`<${Left} projectId=${projectId} pending=${stats.pendingCount} />`}</span></span>`;
  }
  if (stats.imageCount === 0) return html`<span></span>`;
  const objects = t("card.objects", { count: stats.objectCount });
  return html`<span>${stats.noObjectsCount ? t("card.objectsAndWithout", { objects, count: stats.noObjectsCount }) : objects}</span>`;
}
