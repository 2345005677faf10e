// Saving by itself: two seconds after the last change, each time from the version that was seen last.

import { signal } from "@preact/signals";

const IDLE = 2_000;
const AGAIN = 10_000;

export const Saving = Object.freeze({
  SAVED: "saved",
  UNSAVED: "unsaved",
  SAVING: "saving",
  OFFLINE: "offline",
  CONFLICT: "conflict",
  REFUSED: "refused",
});

/** Saves what `take()` gives by `send(objects, version)`, one request at a time. */
export class Saver {
  state = signal(Saving.SAVED);
  detail = signal("");
  version = 0;
  settled = Promise.resolve();
  runId = null;
  #take;
  #send;
  #onSaved;
  #onConflict;
  #timer = 0;
  #revision = 0;
  #savedRevision = 0;
  #busy = false;

  constructor({ take, send, onSaved, onConflict }) {
    this.#take = take;
    this.#send = send;
    this.#onSaved = onSaved;
    this.#onConflict = onConflict;
  }

  get isUnsaved() {
    return this.#revision > this.#savedRevision;
  }

  /** What is shown is *version*, made by the run *runId*; nothing of ours is open. */
  begin({ version, runId }) {
    clearTimeout(this.#timer);
    Object.assign(this, { version, runId });
    this.#savedRevision = this.#revision;
    this.state.value = Saving.SAVED;
  }

  /** Something was changed. */
  changed() {
    this.#revision += 1;
    if (this.state.peek() === Saving.CONFLICT) return;
    if (!this.#busy) this.state.value = Saving.UNSAVED;
    this.#later(IDLE);
  }

  /** Somebody else saved; ours waits until the user decides. */
  conflict(detail) {
    clearTimeout(this.#timer);
    this.detail.value = detail;
    this.state.value = Saving.CONFLICT;
    this.#onConflict?.();
  }

  /** Save at once, unless that is under way; `settled` is fulfilled when it ended. */
  saveNow() {
    clearTimeout(this.#timer);
    if (this.#busy || !this.isUnsaved || this.state.peek() === Saving.CONFLICT) return;
    this.settled = this.#save();
  }

  async #save() {
    this.#busy = true;
    this.state.value = Saving.SAVING;
    const sent = this.#revision;
    try {
      const answer = await this.#send(this.#take(), this.version);
      Object.assign(this, { version: answer.version, runId: answer.runId });
      this.#savedRevision = sent;
      this.#busy = false;
      this.state.value = this.isUnsaved ? Saving.UNSAVED : Saving.SAVED;
      this.#onSaved(answer, !this.isUnsaved);
      if (this.isUnsaved) this.#later(IDLE);
    } catch (refusal) {
      this.#busy = false;
      this.#refused(refusal);
    }
  }

  #refused({ status, message }) {
    this.detail.value = message;
    if (status === 412) return this.conflict(message);
    // What the server does not take now it may take later; what it refuses waits for another change.
    const passes = !status || status >= 500 || status === 429;
    this.state.value = passes ? Saving.OFFLINE : Saving.REFUSED;
    if (passes) this.#later(AGAIN);
  }

  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.saveNow(), wait);
  }
}
