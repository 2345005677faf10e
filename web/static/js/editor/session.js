// One image that is edited: its sheet of objects, what saves it, and what is kept against a loss.

import { signal } from "@preact/signals";
import { boot, request } from "../api.js";
import { t } from "../i18n.js";
import { keepStats } from "../stores.js";
import { chosen, editing, showClassesOf, showObjects } from "../viewer/state.js";
import { differencesOf } from "./differences.js";
import { findDraft, forgetDraft, keepDraft } from "./drafts.js";
import { Saver } from "./saving.js";
import { Sheet, changesOf, drawn, isIn } from "./sheet.js";

const KEEP_AFTER = 300; // Milliseconds.

export class Session {
  /** Changes with every operation: what depends on the sheet reads it. */
  revision = signal(0);
  #image;
  #key;
  #sheet = null;
  #base = []; // As it was loaded or saved last.
  #saver;
  #keeping = 0;
  #touched = new Set(); // Labels of what was drawn here: it stays as drawn.

  constructor(image) {
    this.#image = image;
    this.#key = `${boot.user.id}/${image.id}`;
    this.#saver = new Saver({
      take: () => this.#sheet.objects.map(drawn),
      send: (objects, version) => this.#send(objects, version),
      onSaved: (answer, isAll) => this.#saved(answer, isAll),
    });
    editing.value = true;
  }

  get saver() {
    return this.#saver;
  }

  get isReady() {
    return this.#sheet !== null;
  }

  get undoes() {
    return this.#sheet?.undoes;
  }

  get redoes() {
    return this.#sheet?.redoes;
  }

  find(label) {
    return this.#sheet?.find(label);
  }

  newLabel() {
    return this.#sheet.newLabel();
  }

  /** A result was loaded: begin with it, or say that somebody else made it meanwhile. */
  async receive(result) {
    if (!this.#sheet) {
      this.#begin(result);
      return this.#takeUpDraft();
    }
    await this.#saver.settled; // It may be our own.
    if (result.version <= this.#saver.version) return undefined;
    if (!this.#saver.isUnsaved) return this.#begin(result);
    if (isIn(result.objects, this.#mine())) return this.#adopt(result);
    const versions = { theirs: result.version, yours: this.#saver.version };
    const by = result.edited?.by;
    return this.#saver.conflict(by ? t("editor.savedMeanwhile", { by, ...versions }) : t("editor.newRunMeanwhile", versions));
  }

  /** Carry out an operation: *words* name it, *out* are labels, *into* objects. */
  apply(words, out, into) {
    for (const { label } of into) this.#touched.add(label);
    this.#sheet.apply(words, out, into);
    this.#changed(into.length ? into.map(({ label }) => label) : []);
  }

  undo() {
    if (this.#sheet?.undoes) this.#changed(this.#sheet.undo());
  }

  redo() {
    if (this.#sheet?.redoes) this.#changed(this.#sheet.redo());
  }

  /** Return what the server has now. */
  fetchTheirs = () => request(`/images/${this.#image.id}/segmentation`);

  /** Return how what is edited here differs from *theirs*. */
  differencesFrom(theirs) {
    return differencesOf(this.#base, this.#sheet.objects, theirs.objects);
  }

  /** Give up what was not saved and show what others made. */
  async loadTheirs() {
    const theirs = await this.fetchTheirs();
    forgetDraft(this.#key);
    this.#begin(theirs);
  }

  /** Put what was changed here over what others made; their other changes stay. */
  async keepMine() {
    const mine = this.#mine();
    const theirs = await this.fetchTheirs();
    this.#begin(theirs);
    this.#applyChanges(t("editor.step.keep"), mine);
    this.#saver.saveNow();
  }

  #begin({ version, runId, objects: found }) {
    this.#sheet = new Sheet(found);
    this.#base = found;
    this.#touched.clear();
    this.#saver.begin({ version, runId });
    showObjects(this.#sheet.objects);
    this.revision.value += 1;
  }

  async #takeUpDraft() {
    const draft = await findDraft(this.#key);
    if (!draft || this.revision.peek() > 1) return;
    if (isIn(this.#sheet.objects, draft)) return void forgetDraft(this.#key); // Saved, and the answer was lost.
    this.#applyChanges(t("editor.step.before"), draft);
    if (draft.version === this.#saver.version) return;
    this.#saver.conflict(t("editor.savedSince", { theirs: this.#saver.version, yours: draft.version }));
  }

  #applyChanges(words, { removed, changed, added }) {
    // What is new here and there under one label are two objects; what they deleted and we changed is new.
    const isThere = ({ label }) => this.#sheet.find(label) !== undefined;
    const anew = [...changed.filter((object) => !isThere(object)), ...added];
    const into = [...changed.filter(isThere), ...anew.map((object) => ({ ...object, label: this.#sheet.newLabel() }))];
    if (into.length || removed.length) this.apply(words, [...removed, ...into.map(({ label }) => label)], into);
  }

  #changed(labels) {
    showClassesOf(labels.map((label) => this.#sheet.find(label)));
    showObjects(this.#sheet.objects);
    if (labels.length && labels.length < 20) chosen.value = labels;
    this.revision.value += 1;
    this.#saver.changed();
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.#keep(), KEEP_AFTER);
  }

  #keep() {
    return keepDraft(this.#key, { version: this.#saver.version, ...this.#mine() });
  }

  #mine = () => changesOf(this.#base, this.#sheet.objects);

  /** What was loaded is what we sent: its answer was lost on the way. */
  #adopt(result) {
    this.#saver.begin(result);
    this.#saved(result, true);
  }

  /** Save at once what is open, as when the page is left. */
  flush() {
    if (!this.#saver.isUnsaved) return;
    clearTimeout(this.#keeping);
    this.#keep();
    this.#saver.saveNow();
  }

  async #send(sent, version) {
    const mine = this.#mine();
    try {
      return await request(`/images/${this.#image.id}/segmentation`, { method: "PUT", body: { objects: sent }, version });
    } catch (refusal) {
      const now = refusal.status === 412 && (await this.fetchTheirs().catch(() => null));
      if (now && isIn(now.objects, mine)) return now; // It was us: an earlier answer was lost.
      throw refusal;
    }
  }

  /** The server measured: what was drawn here keeps its corners, the rest is as the server has it. */
  #saved(answer, isAll) {
    keepStats(answer.stats);
    if (isAll) {
      clearTimeout(this.#keeping);
      forgetDraft(this.#key);
      this.#learn(answer.objects);
    } else {
      this.#keep();
    }
    this.#base = this.#sheet.objects;
    this.revision.value += 1;
  }

  #learn(measured) {
    const there = new Map(measured.map((object) => [object.label, object]));
    const known = new Map();
    for (const object of this.#sheet.objects) {
      const now = there.get(object.label);
      if (!now) continue;
      const { measurements, score } = now;
      known.set(object.label, this.#touched.has(object.label) ? { ...object, measurements, score } : now);
      there.delete(object.label);
    }
    this.#sheet.learn(known);
    const lost = this.#sheet.objects.filter(({ label }) => !known.has(label)).map(({ label }) => label);
    if (lost.length || there.size) this.#sheet.apply(t("editor.step.cut"), lost, [...there.values()]);
    showObjects(this.#sheet.objects);
  }
}

