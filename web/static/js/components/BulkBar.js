// What can be done with the selected images; loaded with the first selection.

import { ImageStatus } from "../events.js";
import { rich, t } from "../i18n.js";
import { statusOf } from "../stores.js";
import { Icon, formatNumber, html } from "../ui.js";

/** *total* is how many images the filter shows; *onAll* selects them, *onChoose* asks for an engine. */
export function BulkBar({ picked, total, engine, onAll, onClear, onSegment, onChoose, onExport, onDelete }) {
  const ids = [...picked];
  const failed = ids.filter((id) => statusOf(id) === ImageStatus.FAILED);
  const count = formatNumber(ids.length);
  const hidden = html`<span class="visually-hidden"> ${t("bulkBar.selected", { count })}</span>`;
  return html`<section class="panel bulk number" role="region" aria-label=${t("bulkBar.selectedImages")}>
    <p>${rich("bulkBar.selected", { count: html`<strong data-selected>${count}</strong>` })}</p>
    ${ids.length < total && html`<button type="button" class="button small quiet" onClick=${onAll}>${t("bulkBar.selectAllTotal", { total })}</button>`}
    <span class="push"></span>
    <button type="button" class="button small" title=${engine ? t("bulkBar.withTitle", { title: engine.title }) : t("bulkBar.withTheEngineForThe")} onClick=${() => onSegment(ids)}>
      <${Icon} name="scan" /><span>${t("first.segment")}</span>${hidden}
    </button>
    <button type="button" class="button small" onClick=${() => onChoose(ids)}>
      <${Icon} name="sliders-horizontal" /><span>${t("bulkBar.segmentWith")}</span>${hidden}
    </button>
    ${failed.length > 0 &&
    html`<button type="button" class="button small" onClick=${() => onSegment(failed, { again: true })}>
      <${Icon} name="rotate-ccw" /><span>${t("bulkBar.retryCountFailed", { count: failed.length })}</span>
    </button>`}
    <button type="button" class="button small" onClick=${onExport}>
      <${Icon} name="arrow-down" /><span>${t("export")}</span>${hidden}
    </button>
    <button type="button" class="button small danger" onClick=${() => onDelete(ids)}>
      <${Icon} name="trash-2" /><span>${t("delete")}</span>${hidden}
    </button>
    <button type="button" class="button small quiet square" aria-label=${t("bulkBar.clearTheSelection")} title=${t("bulkBar.clearTheSelectionEsc")} onClick=${onClear}><${Icon} name="x" /></button>
  </section>`;
}
