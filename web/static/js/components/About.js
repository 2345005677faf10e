// What is known of an image: its file, the run that made its result, the measurements of the whole.

import { useState } from "preact/hooks";
import { t } from "../i18n.js";
import { formatBytes, formatDate, formatNumber, html, lazy, parameterWords } from "../ui.js";

/** What is known of an image and of its result; *again* is how to have it segmented once more. */
export function About({ image, result, mayAct, again }) {
  return html`<div class="about">
    <${Facts} image=${image} result=${result} />
    ${again}
    ${image.currentRunId && html`<${Origin} runId=${image.currentRunId} />`}
    ${result && html`<${ImageSummary} result=${result} />`}
    <${History} image=${image} mayAct=${mayAct} />
  </div>`;
}

function Facts({ image, result }) {
  const size = `${formatNumber(image.width)} × ${formatNumber(image.height)} px`;
  const rows = [
    [t("image.image"), `${size}, ${image.channels > 1 ? `${t("image.channels", { count: image.channels })}, ` : ""}${image.bitDepth} bit, ${formatBytes(image.bytes)}`],
    [t("provenance.pixelSize"), image.pixelSizeUm ? `${Number(image.pixelSizeUm.toPrecision(4))} µm` : null],
    [t("engine"), result && `${result.engine.name} ${result.engine.version}`],
    [t("provenance.edited"), result?.edited && `${result.edited.by ?? t("editor.somebody")}, ${formatDate(result.edited.at)}`],
    [t("image.chosen"), result?.engine.chosen?.reason],
    [t("parameters"), result && parameterWords(result.engine.params)],
    [t("throughput.segmented"), image.segmentedAt && formatDate(image.segmentedAt)],
    [t("provenance.run"), result && html`<code title=${result.runId}>${result.runId.slice(0, 8)}</code>`],
  ];
  return html`<dl class="facts number">
    ${rows.filter(([, value]) => value).map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}
  </dl>`;
}

const RunHistory = lazy(async () => (await import("./RunHistory.js")).RunHistory);

function History({ image, mayAct }) {
  const [open, setOpen] = useState(false);
  return html`<details class="history" onToggle=${({ target }) => setOpen(target.open)}>
    <summary>${t("image.historyOfRuns")}</summary>
    ${open && html`<${RunHistory} image=${image} mayAct=${mayAct} />`}
  </details>`;
}

const Provenance = lazy(async () => (await import("./Provenance.js")).Provenance);

function Origin({ runId }) {
  const [open, setOpen] = useState(false);
  return html`<details class="history" onToggle=${({ target }) => setOpen(target.open)}>
    <summary>${t("image.howWasThisMade")}</summary>
    ${open && html`<${Provenance} key=${runId} runId=${runId} />`}
  </details>`;
}

const SummaryTable = lazy(async () => (await import("./SummaryTable.js")).SummaryTable);

function ImageSummary({ result }) {
  const [open, setOpen] = useState(false);
  return html`<details class="history" onToggle=${({ target }) => setOpen(target.open)}>
    <summary>${t("summaryTable.measurementsOfTheImage")}</summary>
    ${open && html`<${SummaryTable} summary=${result.summary ?? {}} />`}
  </details>`;
}
