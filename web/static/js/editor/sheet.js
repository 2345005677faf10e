// The objects that are edited, and every step back to how they were.

import { maskOf } from "./masks.js";

/** An operation takes objects out and puts others in; what it took out is kept to undo it. */
export class Sheet {
  #objects;
  #done = [];
  #undone = [];
  #highest;

  constructor(objects) {
    this.#objects = [...objects];
    this.#highest = objects.reduce((highest, { label }) => Math.max(highest, label), 0);
  }

  get objects() {
    return this.#objects;
  }

  /** What would be undone, and done again, in words; undefined without. */
  get undoes() {
    return this.#done.at(-1)?.words;
  }

  get redoes() {
    return this.#undone.at(-1)?.words;
  }

  /** Return a label that no object has, or had. */
  newLabel() {
    return (this.#highest += 1);
  }

  find(label) {
    return this.#objects.find((object) => object.label === label);
  }

  /**
   * Take out the objects with the labels *out* and put *into* in; one with the label of one that
   * goes takes its place, others come last.
   */
  apply(words, out, into) {
    const before = this.#objects;
    const gone = new Set(out);
    const coming = new Map(into.map((object) => [object.label, object]));
    const after = before.flatMap((object) => {
      if (!gone.has(object.label)) return [object];
      const next = coming.get(object.label);
      coming.delete(object.label);
      return next ? [next] : [];
    });
    after.push(...coming.values());
    for (const { label } of into) this.#highest = Math.max(this.#highest, label);
    const added = new Set(into);
    this.#done.push({ words, removed: placed(before, ({ label }) => gone.has(label)), added: placed(after, (each) => added.has(each)) });
    this.#undone = [];
    this.#objects = after;
  }

  /** Take the last operation back; return the labels that are there again. */
  undo() {
    return this.#exchange(this.#done, this.#undone, "added", "removed");
  }

  redo() {
    return this.#exchange(this.#undone, this.#done, "removed", "added");
  }

  /** Replace objects by others with the same labels that tell more of them; no operation. */
  learn(known) {
    this.#objects = this.#objects.map((object) => known.get(object.label) ?? object);
  }

  #exchange(from, to, out, into) {
    const operation = from.pop();
    if (!operation) return [];
    to.push(operation);
    const gone = new Set(operation[out].map(([at]) => at));
    const objects = this.#objects.filter((_, at) => !gone.has(at));
    for (const [at, object] of operation[into]) objects.splice(at, 0, object);
    this.#objects = objects;
    return operation[into].map(([, { label }]) => label);
  }
}

const placed = (objects, isMeant) => objects.flatMap((object, at) => (isMeant(object) ? [[at, object]] : []));

/** Return what was changed from *base* to *objects*: `{removed: labels, changed: objects, added: objects}`. */
export function changesOf(base, objects) {
  const before = new Map(base.map((object) => [object.label, object]));
  const there = new Set(objects.map(({ label }) => label));
  return {
    removed: base.filter(({ label }) => !there.has(label)).map(({ label }) => label),
    changed: objects.filter((object) => before.has(object.label) && !isSame(before.get(object.label), object)).map(drawn),
    added: objects.filter(({ label }) => !before.has(label)).map(drawn),
  };
}

/** Tell whether *objects*, as the server has them, have all of some changes already. */
export function isIn(objects, { removed, changed, added }) {
  const there = new Map(objects.map((object) => [object.label, object]));
  const has = (object) => {
    const now = there.get(object.label);
    return now && (now.class ?? "") === (object.class ?? "") && now.measurements?.area === maskOf([object]).count;
  };
  return !removed.some((label) => there.has(label)) && [...changed, ...added].every(has);
}

const isSame = (a, b) => a === b || (a.polygon === b.polygon && a.holes === b.holes && a.class === b.class);

/** Return an object as it is sent and kept: what was drawn, nothing that is measured. */
export const drawn = ({ label, polygon, holes = [], class: name }) => ({ label, polygon, holes, ...(name ? { class: name } : {}) });
