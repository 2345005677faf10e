// What colour an outline has: that of its class, or of a measurement on a scale.

export const PALETTE = ["#3ee0c8", "#ffb547", "#ff6b8b", "#8ab4ff", "#c59bff", "#d7e35b"];
export const CHOSEN = "#ffffff";
const UNKNOWN = "#9aa4af"; // Of a measurement that has no value.

// From dark to light, even in brightness, told apart without red and green.
const STOPS = [
  [84, 59, 160],
  [62, 105, 190],
  [36, 152, 170],
  [70, 196, 124],
  [170, 220, 60],
  [253, 231, 37],
];
const STEPS = 64;

/** Return the colour at a *share* of the scale, of 0 to 1. */
export function scaleColour(share) {
  const place = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const before = Math.min(Math.floor(place), STOPS.length - 2);
  const mixed = STOPS[before].map((from, at) => Math.round(from + (STOPS[before + 1][at] - from) * (place - before)));
  return `rgb(${mixed.join(" ")})`;
}

const SCALE = Array.from({ length: STEPS }, (_, step) => scaleColour(step / (STEPS - 1)));

export const NO_CLASS = "";
export const classOf = (object) => object.class ?? NO_CLASS;

/** Return the classes of *objects* with their colours and counts; those without one come first. */
export function classesOf(objects) {
  const counts = new Map([[NO_CLASS, 0]]);
  for (const object of objects) counts.set(classOf(object), (counts.get(classOf(object)) ?? 0) + 1);
  const names = [...counts.keys()].sort();
  return names.map((name, at) => ({ name, colour: PALETTE[at % PALETTE.length], count: counts.get(name) }));
}

/** Return the value of an object that a column, `label`, `score`, `class` or a measurement, shows. */
export const valueOf = (object, key) =>
  key === "label" || key === "score" ? object[key] : key === "class" ? classOf(object) : object.measurements?.[key];

/** Return *value* of all that are finite, such as the 2nd of 100, of sorted numbers. */
const percentile = (sorted, share) => sorted[Math.round(share * (sorted.length - 1))];

/**
 * Return how *objects* are coloured *by* their class or a measurement: `colourOf(object)`, and
 * the classes or the ends of the scale for the legend. The few highest and lowest do not count.
 */
export function colouringOf(objects, by) {
  if (by === "class") {
    const classes = classesOf(objects);
    const colours = new Map(classes.map(({ name, colour }) => [name, colour]));
    return { by, classes, colourOf: (object) => colours.get(classOf(object)) ?? PALETTE[0] };
  }
  const values = objects.map((object) => valueOf(object, by)).filter(Number.isFinite);
  values.sort((a, b) => a - b);
  const [low, high] = [percentile(values, 0.02) ?? 0, percentile(values, 0.98) ?? 0];
  const colourOf = (object) => {
    const value = valueOf(object, by);
    if (!Number.isFinite(value)) return UNKNOWN;
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return SCALE[Math.round(Math.min(Math.max(share, 0), 1) * (STEPS - 1))];
  };
  return { by, low, high, colourOf };
}
