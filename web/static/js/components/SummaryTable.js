// What is measured of an image as a whole: how many, how dense, how large and how different.

import { useEffect, useState } from "preact/hooks";
import { request } from "../api.js";
import { t } from "../i18n.js";
import { ErrorNote, Loading, formatNumber, html } from "../ui.js";

const STATISTICS = [[t("summaryTable.mean"), t("summaryTable.mean")], [t("summaryTable.std"), "s.d."], [t("summaryTable.median"), t("summaryTable.median")], ["Q05", "5 %"], ["Q95", "95 %"]];
const PHYSICAL = /Um[23]?$/;

/** Every digit that means something: four of them. */
const shown = (value) => (value == null ? "–" : formatNumber(Number(value.toPrecision(4))));

/** The measurements by name, as the server describes them; fetched when they are looked at. */
function useKnown() {
  const [answer, setAnswer] = useState({});
  const load = () =>
    request("/measurements")
      .then(({ items }) => setAnswer({ known: new Map(items.map((each) => [each.name, each])) }))
      .catch((error) => setAnswer({ error }));
  useEffect(() => void load(), []);
  return { ...answer, load };
}

export function SummaryTable({ summary }) {
  const { known, error, load } = useKnown();
  if (error) return html`<${ErrorNote} error=${error} onRetry=${load} />`;
  if (!known) return html`<${Loading}>${t("summaryTable.loadingMeasurements")}</${Loading}>`;
  const { single, spread } = parted(summary, known);
  return html`<div class="summary-scroll" tabindex="0" role="region" aria-label=${t("summaryTable.measurementsOfTheImage")}>
    <table class="summary">
      <tbody>${single.map(({ key, about }) => html`<tr key=${key} title=${about.description}><th scope="row">${about.title}</th><td>${shown(summary[key])} ${about.unit}</td></tr>`)}</tbody>
    </table>
    <table class="summary">
      <thead><tr><th scope="col">${t("summaryTable.overTheObjects")}</th>${STATISTICS.map(([, word]) => html`<th scope="col" key=${word}>${word}</th>`)}</tr></thead>
      <tbody>${spread.map(({ title, keys }) => html`<tr key=${title}><th scope="row">${title}</th>${keys.map((key) => html`<td key=${key}>${shown(summary[key])}</td>`)}</tr>`)}</tbody>
    </table>
  </div>`;
}

/** Return the single values, and a row of statistics for each measurement of the objects. */
function parted(summary, known) {
  const physical = new Set(Object.keys(summary).filter((key) => PHYSICAL.test(key)).map((key) => key.replace(PHYSICAL, "")));
  const keys = Object.keys(summary).filter((key) => !physical.has(key)); // Where micrometres are, pixels need not be.
  const single = [];
  const spread = [];
  for (const key of keys) {
    const [name, channel] = key.split(":");
    const about = known.get(name);
    if (!about) continue;
    const base = name.replace(/Mean(Um[23]?)?$/, "$1");
    const object = base !== name && known.get(base);
    if (object && object.of === "object") {
      const unit = object.unit ? `, ${object.unit}` : "";
      spread.push({
        title: `${object.title}${channel ? ` ${channel}` : ""}${unit}`,
        keys: STATISTICS.map(([ending]) => key.replace(/Mean(?=(Um[23]?)?(:|$))/, ending)),
      });
    } else if (!/(Mean|Std|Median|Min|Max|Q\d\d)(Um[23]?)?$/.test(name)) single.push({ key, about });
  }
  return { single, spread };
}
