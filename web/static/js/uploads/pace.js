// How fast bytes go, and how long the rest may take.

const WINDOW = 8000; // Milliseconds that are looked back.
const AT_LEAST = 1500; // Before that any number would be a guess.

/** Bytes a second of what a counter that only grows said lately. */
export class Pace {
  constructor(now = Date.now) {
    this.now = now;
    this.seen = [];
  }

  /** Note how many bytes went so far. */
  note(bytes) {
    const at = this.now();
    const last = this.seen.at(-1);
    if (last && bytes < last.bytes) this.seen = []; // Some were taken away: it begins anew.
    this.seen.push({ at, bytes });
    while (this.seen[0].at < at - WINDOW) this.seen.shift();
  }

  rest() {
    this.seen = [];
  }

  /** Return bytes a second; null while nobody can tell. */
  rate() {
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    if (!first || last.at - first.at < AT_LEAST) return null;
    return (1000 * (last.bytes - first.bytes)) / (last.at - first.at);
  }
}

/** Return how many seconds *bytes* take at *rate*. */
export const secondsLeft = (bytes, rate) => bytes / (rate || 1);
