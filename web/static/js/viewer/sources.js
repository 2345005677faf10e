// Where the pixels come from: one picture that browsers draw, or tiles that the server cuts.

import { request } from "../api.js";
import { t } from "../i18n.js";

const ROOT = "/api/v1";
const SIDE = 512; // Of the tiles that a whole picture is worked at in.
const AGAIN = 2_000;

const numbered = (maximum) => ({ minimum: 0, maximum, low: 0, high: maximum, offset: 0, scale: 1 });

/** A file that the browser draws as it is. */
export class WholePicture {
  #url;
  #picture = new Image();

  constructor(url, { width, height, channels }) {
    this.#url = url;
    const known = Array.from({ length: channels === 1 ? 1 : 3 }, () => numbered(255));
    const levels = Math.max(1, Math.ceil(Math.log2(Math.max(width, height) / SIDE)) + 1);
    this.manifest = { width, height, tile: SIDE, levels, packing: channels === 1 ? "planes" : "colour", bits: 8, channels: known };
  }

  get picture() {
    return this.#picture;
  }

  async open() {
    this.#picture.src = this.#url;
    await this.#picture.decode();
    this.#measure();
    return this.manifest;
  }

  /** Return `{width, height, numbers}` of a tile: one array for each channel. */
  async load({ level, column, row }) {
    const { width, height } = sizeOf(this.manifest, level);
    const wide = Math.min(SIDE, width - column * SIDE);
    const high = Math.min(SIDE, height - row * SIDE);
    return { width: wide, height: high, numbers: this.#numbers(level, column * SIDE, row * SIDE, wide, high) };
  }

  /** Return the numbers at a pixel. */
  valueAt(x, y) {
    return this.#numbers(0, x, y, 1, 1).map(([value]) => value);
  }

  /** *mixed* tells whether a pixel is a mean of those it stands for, or one of them. */
  #numbers(level, left, top, width, height, mixed = true) {
    const scale = 2 ** level;
    const context = scratch(width, height);
    context.imageSmoothingEnabled = mixed;
    const [right, bottom] = [(left + width) * scale, (top + height) * scale];
    const { width: most, height: highest } = this.manifest;
    const [from, to] = [left * scale, top * scale];
    context.drawImage(this.#picture, from, to, Math.min(right, most) - from, Math.min(bottom, highest) - to, 0, 0, width, height);
    return parted(context.getImageData(0, 0, width, height).data, this.manifest.channels.length);
  }

  /** Count a sample of the pixels, and find what an automatic window shows. */
  #measure() {
    const level = this.manifest.levels - 1;
    const { width, height } = sizeOf(this.manifest, level);
    this.#numbers(level, 0, 0, width, height, false).forEach((numbers, at) => {
      const sorted = numbers.slice().sort();
      const channel = this.manifest.channels[at];
      const counts = Array(256).fill(0);
      for (const number of numbers) counts[number] += 1;
      channel.histogram = { first: 0, step: 1, counts };
      channel.low = sorted[Math.floor(sorted.length * 0.001)];
      channel.high = sorted[Math.ceil(sorted.length * 0.999) - 1];
    });
  }
}

/** An image of any size and depth, in tiles of the server. */
export class Tiles {
  #path;
  manifest = null;
  picture = null;

  constructor(imageId) {
    this.#path = `/images/${imageId}/tiles`;
  }

  /** Ask until the tiles are made; *signal* ends the asking. */
  async open(signal) {
    for (;;) {
      const told = await request(this.#path, { signal });
      if (told.ready) return (this.manifest = told);
      await new Promise((done) => setTimeout(done, told.retryAfter * 1000 || AGAIN));
      signal.throwIfAborted();
    }
  }

  /** Return `{width, height, numbers}` of a tile, with the numbers of the *planes* asked for. */
  async load(place, planes, signal) {
    const { packing, tile: side, bits, channels } = this.manifest;
    const { width, height } = sizeOf(this.manifest, place.level);
    const size = { width: Math.min(side, width - place.column * side), height: Math.min(side, height - place.row * side) };
    if (packing === "colour") {
      const bitmap = await createImageBitmap(await (await this.#fetch(place, 0, signal)).blob());
      const context = scratch(size.width, size.height);
      context.drawImage(bitmap, 0, 0);
      return { ...size, bitmap, numbers: parted(context.getImageData(0, 0, size.width, size.height).data, 3) };
    }
    const numbers = Array(channels.length).fill(null);
    const load = async (plane) => {
      const packed = await (await this.#fetch(place, plane, signal)).arrayBuffer();
      numbers[plane] = unpacked(new Uint8Array(packed), bits, size.width);
    };
    await Promise.all(planes.map(load));
    return { ...size, numbers };
  }

  async #fetch({ level, column, row }, plane, signal) {
    const answer = await fetch(`${ROOT}${this.#path}/${level}/${column}/${row}/${plane}`, { signal });
    if (!answer.ok) throw new Error(t("api.theServerAnsweredStatus", { status: answer.status }));
    return answer;
  }
}

/** Return the size of an image at a level. */
export const sizeOf = ({ width, height }, level) => ({
  width: Math.ceil(width / 2 ** level),
  height: Math.ceil(height / 2 ** level),
});

/** Return the numbers of a tile: low bytes, then high bytes, of the steps along each row. */
export function unpacked(bytes, bits, width) {
  const deep = bits === 16;
  const count = deep ? bytes.length / 2 : bytes.length;
  const numbers = deep ? new Uint16Array(count) : new Uint8Array(count);
  for (let at = 0; at < count; at += 1) {
    const step = deep ? bytes[at] | (bytes[count + at] << 8) : bytes[at];
    numbers[at] = at % width ? numbers[at - 1] + step : step;
  }
  return numbers;
}

function parted(rgba, count) {
  return Array.from({ length: count }, (_, channel) => {
    const numbers = new Uint8Array(rgba.length / 4);
    for (let at = 0, from = channel; at < numbers.length; at += 1, from += 4) numbers[at] = rgba[from];
    return numbers;
  });
}

let shared = null;

function scratch(width, height) {
  shared ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  shared.canvas.width = width;
  shared.canvas.height = height;
  return shared;
}
