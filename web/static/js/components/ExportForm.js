// What to export: in which formats, of which images.

import { useState } from "preact/hooks";
import { ImageStatus } from "../events.js";
import { t } from "../i18n.js";
import { ErrorNote, Icon, STATUS, formatNumber, html } from "../ui.js";

const GROUPS = [
  [t("exportForm.tables"), [
    ["csv", "CSV", t("exportForm.csv.about")],
    ["xlsx", t("exportForm.excel"), t("exportForm.theSameAsAWorkbook")],
    ["parquet", t("exportForm.parquet"), t("exportForm.theSameForPandasR")],
    ["cellprofiler", "CellProfiler CSV", t("exportForm.theSameUnderCellprofilerS")],
  ]],
  [t("exportForm.otherPrograms"), [
    ["geojson", "QuPath", t("exportForm.outlinesAndMeasurementsAsGeojson")],
    ["imagej", "ImageJ, Fiji", t("exportForm.imagej.about")],
    ["labels", t("exportForm.labelImages"), t("exportForm.labels.about")],
    ["cellpose", t("exportForm.cellpose"), t("exportForm.cellpose.about")],
  ]],
  [t("exportForm.training"), [
    ["coco", "COCO", t("exportForm.coco.about")],
    ["yolo", "YOLO", t("exportForm.segmentationLabelsForUltralytics")],
  ]],
  [t("exportForm.pictures"), [["overlay", t("exportForm.overlays"), t("exportForm.overlay.about")]]],
];

/** The word of each format. */
export const FORMATS = Object.freeze({
  provenance: t("exportForm.provenance"),
  ...Object.fromEntries(GROUPS.flatMap(([, formats]) => formats.map(([name, word]) => [name, word]))),
});

const COUNTS = [
  [ImageStatus.SEGMENTED, "segmentedCount"],
  [ImageStatus.NO_OBJECTS, "noObjectsCount"],
  [ImageStatus.FAILED, "failedCount"],
];

const ALL = "all";
const PICKED = "picked";
const keyOf = (projectId) => `export:${projectId}`;

/** Keep the images that were picked on the project's page for the page of exports. */
export function rememberPicked(projectId, ids) {
  sessionStorage.setItem(keyOf(projectId), JSON.stringify(ids));
}

export const forgetPicked = (projectId) => sessionStorage.removeItem(keyOf(projectId));

function picked(projectId) {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(projectId))) ?? [];
  } catch {
    return [];
  }
}

export function ExportForm({ projectId, stats, onAsk }) {
  const [ids] = useState(() => picked(projectId));
  const [formats, setFormats] = useState(() => new Set(["csv"]));
  const [which, setWhich] = useState(ids.length ? PICKED : ALL);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);

  const toggle = (name) => {
    const next = new Set(formats);
    next.has(name) ? next.delete(name) : next.add(name);
    setFormats(next);
  };
  const ask = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await onAsk(order([...formats], which, ids));
    } catch (refusal) {
      setError(refusal);
    }
    setBusy(false);
  };
  return html`<form class="panel export-form" aria-labelledby="export-new" onSubmit=${ask}>
    <h2 id="export-new">${t("exportForm.newExport")}</h2>
    <div class="export-groups">
      ${GROUPS.map(([title, offered]) => html`<fieldset key=${title}>
        <legend>${title}</legend>
        ${offered.map(([name, word, about]) => html`<label class="export-format" key=${name}>
          <input type="checkbox" name="format" value=${name} checked=${formats.has(name)} onChange=${() => toggle(name)} />
          <span><strong>${word}</strong><span class="meta">${about}</span></span>
        </label>`)}
      </fieldset>`)}
    </div>
    ${error && html`<${ErrorNote} error=${error} />`}
    <div class="export-foot">
      <label class="field-inline">${t("list.column.images")}
        <select class="input" value=${which} onChange=${({ target }) => setWhich(target.value)}>
          ${ids.length > 0 && html`<option value=${PICKED}>${t("exportForm.selected", { count: ids.length })}</option>`}
          <option value=${ALL}>${t("exportForm.allImagecount", { imageCount: stats.imageCount })}</option>
          ${COUNTS.map(([status, count]) => stats[count] > 0 &&
            html`<option key=${status} value=${status}>${STATUS[status].word}: ${formatNumber(stats[count])}</option>`)}
        </select>
      </label>
      <span class="push"></span>
      <button class="button primary" disabled=${busy || formats.size === 0}><${Icon} name="arrow-down" />${t("export")}</button>
    </div>
    <p class="meta">${t("exportForm.everyExportSaysWhereIts")}</p>
  </form>`;
}

function order(formats, which, ids) {
  if (which === PICKED) return { formats, imageIds: ids };
  return which === ALL ? { formats } : { formats, options: { status: [which] } };
}
