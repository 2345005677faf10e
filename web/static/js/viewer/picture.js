// The image layer: the tiles in view, as the settings of the channels colour them.

import { compose, curveOf, isPlain, shownChannels } from "./luts.js";
import { sizeOf } from "./sources.js";

const MOST_TILES = 160; // Kept; beyond, those that were drawn longest ago go.
const MOST_LOADING = 6;
const MOST_TRIES = 3;
const TRY_AGAIN = 1_500;
const TRY_ANEW = 15_000; // After so many tries.

export class Picture {
  #source;
  #manifest;
  #settings;
  #curves;
  #stamp = 0;
  #onChange;
  #tiles = new Map(); // By place; the first was drawn longest ago.
  #loading = new Map();
  #wanted = [];
  #tries = new Map();
  #stopped = new AbortController();

  /** *source* is open; *onChange* is called when there is more to draw, or *troubles* rose. */
  constructor(source, settings, onChange) {
    this.#source = source;
    this.#manifest = source.manifest;
    this.#onChange = onChange;
    this.troubles = 0;
    this.use(settings);
  }

  get size() {
    return this.#manifest;
  }

  /** Show the channels by other *settings*. */
  use(settings) {
    this.#settings = settings;
    this.#curves = settings.map((setting, at) => (setting.on ? curveOf(setting, this.#manifest, at) : null));
    this.#stamp += 1;
    this.#onChange?.();
  }

  close() {
    this.#stopped.abort();
    this.#onChange = null;
  }

  /** Draw what is in *region* of the image; *density* is how many pixels one of the image takes. */
  draw(context, region, density) {
    context.imageSmoothingEnabled = density < 3; // Pixels are seen as pixels when near.
    context.imageSmoothingQuality = density < 1 ? "high" : "medium";
    if (this.#source.picture && isPlain(this.#manifest, this.#settings)) {
      context.drawImage(this.#source.picture, 0, 0);
      return;
    }
    const level = Math.min(this.#manifest.levels - 1, Math.max(0, Math.floor(Math.log2(1 / density))));
    const places = [...placesIn(this.#manifest, level, region)];
    this.#wanted = [];
    for (const place of places) this.#drawPlace(context, place);
    this.#loadMore();
  }

  /** Return the image's own numbers at a pixel; null while they are not there. */
  valuesAt(x, y) {
    const { width, height, tile, channels, levels } = this.#manifest;
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    if (this.#source.valueAt) return this.#source.valueAt(x, y);
    for (let level = 0; level < levels; level += 1) {
      const [across, down] = [x >> level, y >> level];
      const held = this.#tiles.get(keyOfTile({ level, column: Math.floor(across / tile), row: Math.floor(down / tile) }));
      if (!held) continue;
      const at = (down % tile) * held.width + (across % tile);
      return held.numbers.map((numbers, c) => numbers && channels[c].offset + channels[c].scale * numbers[at]);
    }
    return null;
  }

  #drawPlace(context, place) {
    const held = this.#tiles.get(keyOfTile(place));
    if (held && this.#hasAll(held)) {
      this.#tiles.delete(keyOfTile(place)); // And in again: it is the latest now.
      this.#tiles.set(keyOfTile(place), held);
      this.#drawTile(context, place, held);
      return;
    }
    this.#wanted.push(place);
    this.#drawCoarser(context, place);
  }

  /** Draw what a larger tile, seen before, has of the same place. */
  #drawCoarser(context, place) {
    for (let level = place.level + 1; level < this.#manifest.levels; level += 1) {
      const by = 2 ** (level - place.level);
      const above = { level, column: Math.floor(place.column / by), row: Math.floor(place.row / by) };
      const held = this.#tiles.get(keyOfTile(above));
      if (!held || !this.#hasAll(held)) continue;
      context.save();
      const { left, top, side } = this.#boxOf(place);
      context.beginPath();
      context.rect(left, top, side, side);
      context.clip();
      this.#drawTile(context, above, held);
      context.restore();
      return;
    }
    const coarsest = { level: this.#manifest.levels - 1, column: 0, row: 0 };
    if (place.level < coarsest.level) this.#wanted.unshift(coarsest);
  }

  #drawTile(context, place, held) {
    const { left, top } = this.#boxOf(place);
    const scale = 2 ** place.level;
    const { width, height } = this.#manifest;
    const [wide, high] = [Math.min(held.width * scale, width - left), Math.min(held.height * scale, height - top)];
    context.drawImage(this.#drawn(held), left, top, wide, high);
  }

  #boxOf({ level, column, row }) {
    const side = this.#manifest.tile * 2 ** level;
    return { left: column * side, top: row * side, side };
  }

  #drawn(held) {
    if (held.bitmap && isPlain(this.#manifest, this.#settings)) return held.bitmap;
    if (held.stamp === this.#stamp) return held.canvas;
    held.canvas ??= Object.assign(document.createElement("canvas"), { width: held.width, height: held.height });
    const context = held.canvas.getContext("2d");
    const pixels = context.createImageData(held.width, held.height);
    compose(pixels.data, shownChannels(this.#manifest, this.#settings, this.#curves, (at) => held.numbers[at]));
    context.putImageData(pixels, 0, 0);
    held.stamp = this.#stamp;
    return held.canvas;
  }

  #hasAll = (held) => this.#settings.every(({ on }, at) => !on || held.numbers[at]);

  #loadMore() {
    for (const place of this.#wanted) {
      if (this.#loading.size >= MOST_LOADING) return;
      const key = keyOfTile(place);
      if (this.#loading.has(key) || (this.#tries.get(key) ?? 0) >= MOST_TRIES) continue;
      this.#loading.set(key, this.#load(place, key));
    }
  }

  async #load(place, key) {
    const on = this.#settings.flatMap((setting, at) => (setting.on ? [at] : []));
    const held = this.#tiles.get(key);
    const missing = held ? on.filter((at) => !held.numbers[at]) : on;
    try {
      const loaded = await this.#source.load(place, missing, this.#stopped.signal);
      if (held) loaded.numbers = loaded.numbers.map((numbers, at) => numbers ?? held.numbers[at]);
      this.#keep(key, loaded);
      this.#tries.delete(key);
    } catch {
      this.#tries.set(key, (this.#tries.get(key) ?? 0) + 1);
      this.#countTroubles();
      if (this.#tries.get(key) === MOST_TRIES) setTimeout(() => this.#tryAnew(key), TRY_ANEW);
      await new Promise((done) => setTimeout(done, TRY_AGAIN));
    }
    this.#loading.delete(key);
    this.#onChange?.();
  }

  #tryAnew(key) {
    this.#tries.delete(key);
    this.#countTroubles();
    this.#onChange?.();
  }

  #countTroubles() {
    this.troubles = [...this.#tries.values()].filter((tries) => tries >= MOST_TRIES).length;
  }

  #keep(key, tile) {
    this.#tiles.set(key, tile);
    if (this.#tiles.size > MOST_TILES) this.#tiles.delete(this.#tiles.keys().next().value);
  }
}

const keyOfTile = ({ level, column, row }) => `${level}/${column}/${row}`;

/** Yield the places of the tiles of a level that reach into a region, the middle ones first. */
function* placesIn(manifest, level, { left, top, right, bottom }) {
  const side = manifest.tile * 2 ** level;
  const { width, height } = sizeOf(manifest, level);
  const last = (length) => Math.ceil(length / manifest.tile) - 1;
  const [firstColumn, firstRow] = [Math.max(0, Math.floor(left / side)), Math.max(0, Math.floor(top / side))];
  const [lastColumn, lastRow] = [Math.min(last(width), Math.floor(right / side)), Math.min(last(height), Math.floor(bottom / side))];
  const places = [];
  for (let row = firstRow; row <= lastRow; row += 1) {
    for (let column = firstColumn; column <= lastColumn; column += 1) places.push({ level, column, row });
  }
  const far = ({ column, row }) => Math.hypot(column - (firstColumn + lastColumn) / 2, row - (firstRow + lastRow) / 2);
  yield* places.sort((a, b) => far(a) - far(b));
}
