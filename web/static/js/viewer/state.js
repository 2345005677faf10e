// What the parts of the viewer share: objects, which are chosen, and how they are shown.

import { computed, signal } from "@preact/signals";
import { colouringOf, classOf, valueOf } from "./colours.js";
import { readAddress } from "./address.js";

const LOOK_KEY = "celltally.outlines";
const FIRST_LOOK = { shown: true, outlines: true, fill: false, labels: false, opacity: 1 };

const said = readAddress(location.search);

export const objects = signal([]);
export const hovered = signal(null);
export const chosen = signal(said.chosen); // Labels, in the order of choosing.
export const colouredBy = signal(said.by ?? "class");
export const order = signal(said.sort ?? "label"); // Of the list; "-area" is the largest first.
export const filter = signal(said.filter);
export const hiddenClasses = signal(said.hidden); // Their names.
export const stage = signal(null);
export const cursor = signal(null); // Where the pointer is, in pixels of the image.
export const view = signal(null);
export const look = signal({ ...FIRST_LOOK, ...stored(LOOK_KEY) });
/** How the picture's channels are shown: `{manifest, settings}`. */
export const channels = signal(null);
/** The tool that takes part in what pointer and keys do; see `listenTo`. */
export const tool = signal(null);

/** What keys in the list mean beside walking in it; see `ObjectList`. */
export const listKeys = signal(null);
/** Whether an editor says what the objects are. */
export const editing = signal(false);

export const firstView = { zoom: said.zoom, centre: said.centre };

export const colouring = computed(() => colouringOf(objects.value, colouredBy.value));

/** The objects of classes that are shown: what is drawn, hit and listed. */
export const visible = computed(() => {
  const hidden = hiddenClasses.value;
  return hidden.length ? objects.value.filter((object) => !hidden.includes(classOf(object))) : objects.value;
});

/** The labels that the filter leaves; null without one. */
export const matching = computed(() => {
  const asked = filter.value;
  return asked && new Set(visible.value.filter((object) => isMeant(object, asked)).map(({ label }) => label));
});

/** The objects that the filter leaves, in the order of the list. */
export const listed = computed(() => {
  const meant = matching.value;
  const left = visible.value.filter(({ label }) => !meant || meant.has(label));
  const down = order.value.startsWith("-");
  const key = down ? order.value.slice(1) : order.value;
  const sign = down ? -1 : 1;
  const compare = key === "class"
    ? (a, b) => classOf(a).localeCompare(classOf(b)) || a.label - b.label
    : (a, b) => (valueOf(a, key) ?? -Infinity) - (valueOf(b, key) ?? -Infinity) || a.label - b.label;
  return left.sort((a, b) => sign * compare(a, b));
});

function isMeant(object, { key, name, low, high }) {
  if (key === "class") return classOf(object) === name;
  const value = valueOf(object, key);
  return Number.isFinite(value) && (low == null || value >= low) && (high == null || value <= high);
}

/** Choose an object alone, or with *more* beside those that are; what was chosen is chosen no more. */
export function choose(label, more = false) {
  const before = chosen.peek();
  if (label === null) chosen.value = more ? before : [];
  else if (!more) chosen.value = before.length === 1 && before[0] === label ? [] : [label];
  else chosen.value = before.includes(label) ? before.filter((each) => each !== label) : [...before, label];
}

/** Show *found* objects; what was chosen and is still there stays chosen. */
export function showObjects(found) {
  objects.value = found;
  letGo();
}

/** Show only classes that are not among *names*. */
export function hideClasses(names) {
  hiddenClasses.value = names;
  letGo();
}

/** Show the classes of *found* again, which was just edited. */
export function showClassesOf(found) {
  const meant = new Set(found.map(classOf));
  if (hiddenClasses.peek().some((name) => meant.has(name))) hideClasses(hiddenClasses.peek().filter((name) => !meant.has(name)));
}

/** What is not seen any more is neither chosen nor under the pointer. */
function letGo() {
  const there = new Set(visible.peek().map(({ label }) => label));
  const kept = chosen.peek().filter((label) => there.has(label));
  if (kept.length < chosen.peek().length) chosen.value = kept;
  if (!there.has(hovered.peek())) hovered.value = null;
}

/** Change how outlines look; the browser remembers. */
export function changeLook(change) {
  look.value = { ...look.peek(), ...change };
  store(LOOK_KEY, look.peek());
}

/** Show the channels by other settings; the browser remembers them for images of the project that are alike. */
export function changeChannels(projectId, settings) {
  const { manifest } = channels.peek();
  channels.value = { manifest, settings };
  store(keyOfChannels(projectId, manifest), settings);
}

/** Return the settings that the browser remembers for images like this one, or null. */
export const rememberedChannels = (projectId, manifest) => {
  const kept = stored(keyOfChannels(projectId, manifest));
  return Array.isArray(kept) && kept.length === manifest.channels.length ? kept : null;
};

const keyOfChannels = (projectId, { packing, bits, channels: { length } }) => `celltally.channels.${projectId}.${packing}${bits}x${length}`;

function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing forgets it with the page.
  }
}
