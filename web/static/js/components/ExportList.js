// What was exported: how far it is, and what can be done with it.

import { ExportStatus } from "../events.js";
import { t } from "../i18n.js";
import { CancelButton, Empty, Icon, TimeAgo, formatBytes, formatDate, html } from "../ui.js";
import { FORMATS } from "./ExportForm.js";

const LOOKS = Object.freeze({
  [ExportStatus.QUEUED]: { word: t("exportList.waiting"), icon: "clock", tone: "wait" },
  [ExportStatus.RUNNING]: { word: t("exportList.exporting"), icon: "loader-circle", tone: "run" },
  [ExportStatus.DONE]: { word: t("exportList.ready"), icon: "circle-check", tone: "ok" },
  [ExportStatus.FAILED]: { word: t("status.failed"), icon: "triangle-alert", tone: "bad" },
  [ExportStatus.CANCELLED]: { word: t("exportList.cancelled"), icon: "circle-slash", tone: "wait" },
});

const isActive = ({ status }) => status === ExportStatus.QUEUED || status === ExportStatus.RUNNING;

export function ExportList({ items, onEnd }) {
  if (items.length === 0) {
    return html`<${Empty} icon="arrow-down" title=${t("exportList.noExportsYet")}>
      <p>${t("exportList.chooseFormatsAboveAndPress")}</p>
    </${Empty}>`;
  }
  return html`<ul class="export-items">
    ${items.map((each) => html`<${Export} key=${each.id} each=${each} onEnd=${() => onEnd(each)} />`)}
  </ul>`;
}

function Export({ each, onEnd }) {
  const { word, icon, tone } = LOOKS[each.status];
  const formats = each.formats.map((name) => FORMATS[name] ?? name).join(", ");
  const isDone = each.status === ExportStatus.DONE;
  const facts = [t("images.count", { count: each.total }), isDone && formatBytes(each.bytes), isDone && t("exportList.keptUntilExpiresat", { expiresAt: formatDate(each.expiresAt) })];
  return html`<li data-export=${each.id} data-status=${each.status}>
    <p class="export-head">
      <strong>${formats}</strong>
      <span class="badge ${tone}"><${Icon} name=${icon} class=${each.status === ExportStatus.RUNNING ? "spin" : ""} />${word}</span>
      <span class="meta"><${TimeAgo} moment=${each.createdAt} /></span>
    </p>
    ${each.status === ExportStatus.RUNNING && html`<${Progress} each=${each} />`}
    <p class="meta number">${facts.filter(Boolean).join(" · ")}</p>
    ${each.detail && html`<p class=${each.status === ExportStatus.FAILED ? "export-why" : "meta"}>${each.detail}</p>`}
    <p class="export-acts">
      ${isDone && html`<a class="button small primary" href=${each.downloadUrl} download><${Icon} name="arrow-down" />${t("download")}<span class="visually-hidden"> ${formats}</span></a>`}
      <${CancelButton} words=${isActive(each) ? t("cancel") : t("delete")} about=${formats} onClick=${onEnd} />
    </p>
  </li>`;
}

function Progress({ each: { done, total } }) {
  const words = t("exportList.of", { done, count: total });
  return html`<div class="bar" role="progressbar" aria-label=${t("exportList.exportedImages")} aria-valuemin="0" aria-valuemax=${total}
      aria-valuenow=${done} aria-valuetext=${words}>
      <i class="run" style=${{ width: `${(100 * done) / (total || 1)}%` }}></i>
    </div>
    <p class="meta number" data-progress>${words}</p>`;
}
