// Where one is, and how large things are: the small map and the scale bar.

import { seen } from "./view.js";

const BAR = 120; // Screen pixels that a scale bar may be long.
const UNITS = [
  [1e4, "cm", 1e4],
  [1e3, "mm", 1e3],
  [1, "µm", 1],
  [0, "nm", 1e-3],
];

/**
 * Return the scale bar for zoom *k*: its length on the screen and its words. Its value is 1, 2
 * or 5 times a power of ten, in µm where the pixel size is known.
 */
export function scaleBar(k, pixelSizeUm) {
  const most = (BAR / k) * (pixelSizeUm || 1);
  const power = 10 ** Math.floor(Math.log10(most));
  const value = [5, 2, 1].find((times) => times * power <= most) * power;
  const length = (value / (pixelSizeUm || 1)) * k;
  if (!pixelSizeUm) return { length, words: `${plain(value)} px` };
  const [, unit, size] = UNITS.find(([from]) => value >= from);
  return { length, words: `${plain(value / size)} ${unit}` };
}

const plain = (value) => String(Number(value.toPrecision(3)));

/** Return where a map of *most* pixels a side shows the box's view: `{width, height, left, top, wide, high}`. */
export function mapOf(size, view, box, most) {
  const scale = Math.min(most / size.width, most / size.height);
  const { left, top, right, bottom } = seen(view, box);
  const within = (value, high) => Math.min(Math.max(value, 0), high) * scale;
  const [from, to] = [within(left, size.width), within(right, size.width)];
  const [over, under] = [within(top, size.height), within(bottom, size.height)];
  return { scale, width: size.width * scale, height: size.height * scale, left: from, top: over, wide: to - from, high: under - over };
}
