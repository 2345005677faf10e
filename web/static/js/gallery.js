// Lists of more images than one page: which there are, and what tiles show of those that are seen.
// Loaded when a project has so many.

import { batch } from "@preact/signals";
import { request } from "./api.js";
import { t } from "./i18n.js";
import { imageOf, keepBrief, keepImage } from "./stores.js";
import { notify } from "./components/Toasts.js";

const AT_ONCE = 60; // Ids in one address.
const GATHER = 40; // Milliseconds.

/** Return the ids of all images of the list *asked* for, in its order. */
export async function readIndex(path, asked) {
  const { ids, statuses, objectCounts, truncated } = await request(`${path}/images/index?${asked}`);
  if (truncated) sayOnce(ids.length);
  batch(() => ids.forEach((id, at) => keepBrief(id, { status: statuses[at], objectCount: objectCounts[at] })));
  ask(path, seen); // What an index does not say of them may be another too.
  return ids;
}

let said = false;
/** Say that there are more than any list has. */
function sayOnce(count) {
  if (said) return;
  said = true;
  notify({ key: "truncated", text: t("gallery.theFirstCountImagesOf", { count }) });
}

let seen = [];

const wanted = new Set();
const asked = new Set();
let timer = 0;

/** Load those of the images seen now that are not there: soon, and many in one request. */
export function load(path, ids) {
  seen = ids;
  for (const id of ids) if (!imageOf(id).peek() && !asked.has(id)) wanted.add(id);
  if (wanted.size) timer ||= setTimeout(() => askForWanted(path), GATHER);
}

function askForWanted(path) {
  timer = 0;
  const ids = [...wanted];
  wanted.clear();
  ask(path, ids);
}

function ask(path, ids) {
  for (let at = 0; at < ids.length; at += AT_ONCE) askFor(path, ids.slice(at, at + AT_ONCE));
}

async function askFor(path, ids) {
  ids.forEach((id) => asked.add(id));
  try {
    const { items } = await request(`${path}/images?ids=${ids}&limit=${AT_ONCE}`);
    batch(() => items.forEach(keepImage));
  } catch {
    // They are asked for again when the grid is drawn the next time.
  } finally {
    ids.forEach((id) => asked.delete(id));
  }
}
