// Which measurements the pages show of objects, and how.

import { t } from "../i18n.js";
import { fixed, formatNumber } from "../ui.js";

// What a biologist looks at first; with a pixel size the physical value stands in its place.
const SHOWN = [
  "area",
  "perimeter",
  "circularity",
  "equivalentDiameterArea",
  "feretDiameterMax",
  "feretDiameterMin",
  "axisMajorLength",
  "axisMinorLength",
  "eccentricity",
  "solidity",
  "convexity",
  "holeCount",
  "neighbourCount",
  "sphereVolume",
];
const PHYSICAL = ["Um", "Um2", "Um3"];
const OWN = { label: { key: "label", title: t("columns.object") }, score: { key: "score", title: t("objectList.score") } };

/**
 * Return the columns that *objects* have: `{key, title, unit, description, whole}`. *known* are the
 * measurements as `GET /measurements` lists them: what a column is called is said there alone.
 */
export function columnsOf(objects, known) {
  const measured = objects.find((object) => object.measurements)?.measurements ?? {};
  const named = new Map(known.map((each) => [each.name, each]));
  const column = (key) => ({ title: key, ...named.get(key), key });
  const shaped = SHOWN.map((key) => column(PHYSICAL.map((end) => key + end).find((name) => measured[name] != null) ?? key));
  const intensities = Object.keys(measured)
    .filter((key) => key.startsWith("intensityMean"))
    .map((key) => {
      const [name, channel] = key.split(":");
      return channel ? { ...column(name), key, title: t("columns.meanChannel", { channel }) } : column(name);
    });
  const score = objects.some((object) => object.score != null) ? [OWN.score] : [];
  return [OWN.label, ...shaped, ...intensities, ...score]
    .filter(({ key }) => key in OWN || measured[key] != null)
    .map((each) => ({ ...each, whole: objects.every((object) => isWhole(objectValue(object, each.key))) }));
}

const isWhole = (value) => value == null || Number.isInteger(value);

const objectValue = (object, key) => (key in OWN ? object[key] : object.measurements?.[key]);

/** Return a value as text, no finer than it is of use. */
export function shownValue(value, whole) {
  if (value == null) return "–";
  if (whole) return formatNumber(value);
  const size = Math.abs(value);
  return fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}
