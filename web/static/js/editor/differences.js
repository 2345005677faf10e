// What differs between the objects that are edited here and those that somebody else saved meanwhile.

import { maskOf } from "./masks.js";

const REACH = 8; // Pixels that a corner may reach beyond the pixels of its outline.

/**
 * Return what *mine* and *theirs*, both made of *base*, have differently, by label: `{kind, by, label,
 * mine, theirs}` with a kind of added, removed, outline or class, *by* mine, theirs or both.
 */
export function differencesOf(base, mine, theirs) {
  const [before, here, there] = [base, mine, theirs].map((found) => new Map(found.map((object) => [object.label, object])));
  const labels = [...new Set([...here.keys(), ...there.keys()])].sort((a, b) => a - b);
  return labels.flatMap((label) => differencesAt(label, before.get(label), here.get(label), there.get(label)));
}

function differencesAt(label, was, mine, theirs) {
  if (!theirs) return [{ kind: was ? "removed" : "added", by: was ? "theirs" : "mine", label, mine }];
  if (!mine) return [{ kind: was ? "removed" : "added", by: was ? "mine" : "theirs", label, theirs }];
  // What is new here and there under one label are two objects.
  if (!was && !isSameForm(mine, theirs)) return [{ kind: "added", by: "mine", label, mine }, { kind: "added", by: "theirs", label, theirs }];
  const changed = (kind, isSame) => (isSame(mine, theirs) ? [] : [{ kind, by: whoChanged(was, mine, theirs, isSame), label, mine, theirs }]);
  return [...changed("outline", isSameForm), ...changed("class", isSameClass)];
}

function whoChanged(was, mine, theirs, isSame) {
  if (was && isSame(was, mine)) return "theirs";
  return was && isSame(was, theirs) ? "mine" : "both";
}

const isSameClass = (a, b) => (a.class ?? "") === (b.class ?? "");

/** Tell whether two outlines have the same pixels: the server draws along these what was drawn by hand. */
function isSameForm(a, b) {
  if (a === b || (isSameRing(a.polygon, b.polygon) && isSameHoles(a.holes ?? [], b.holes ?? []))) return true;
  const [one, other] = [maskOf([a]), maskOf([b])];
  // Of what lies apart, a mask of both would be as large as the image.
  const isNear = Math.abs(one.left - other.left) <= REACH && Math.abs(one.top - other.top) <= REACH;
  return isNear && one.count === other.count && one.count === maskOf([a, b]).count;
}

const isSameRing = (a, b) => a.length === b.length && a.every(([x, y], at) => x === b[at][0] && y === b[at][1]);
const isSameHoles = (a, b) => a.length === b.length && a.every((ring, at) => isSameRing(ring, b[at]));
