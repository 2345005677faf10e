// What was uploaded and segmented lately, as the server stored it; asked again when totals change.

import { signal } from "@preact/signals";
import { request } from "./api.js";
import { connection } from "./hooks.js";
import { metrics } from "./home_hooks.js";

export const SPANS = ["24h", "1h", "7d"];
const AT_MOST_EVERY = 5000;
const TURN_EVERY = 60_000; // Without news time goes on all the same.

const cells = new Map();
const wanted = new Map(); // Span: how many watch it.

/** The Throughput of *span*; null until it is there. */
export function throughputOf(span) {
  if (!cells.has(span)) cells.set(span, signal(null));
  return cells.get(span);
}

let askedAt = 0;

const ask = (span) => {
  askedAt = Date.now();
  return request(`/throughput?span=${span}`)
    .then((answer) => (throughputOf(span).value = answer))
    .catch(() => {}); // It is asked for again.
};

let timer = 0;

/** Ask for all that is shown when the last time is long enough ago. */
function askSoon() {
  if (timer || document.hidden) return;
  const wait = Math.max(0, askedAt + AT_MOST_EVERY - Date.now());
  timer = setTimeout(() => {
    timer = 0;
    for (const span of wanted.keys()) ask(span);
  }, wait);
}

let following = false;

function follow() {
  if (following) return;
  following = true;
  let known = metrics.peek()?.version;
  metrics.subscribe((next) => {
    if (next?.version !== known) askSoon();
    known = next?.version;
  });
  setInterval(askSoon, TURN_EVERY);
  document.addEventListener("visibilitychange", askSoon);
  connection.poll(askSoon);
}

/** Keep the Throughput of *span* up to date while somebody watches it. */
export function watchThroughput(span) {
  if (!wanted.has(span)) ask(span);
  wanted.set(span, (wanted.get(span) ?? 0) + 1);
  follow();
  return () => {
    const others = wanted.get(span) - 1;
    if (others) wanted.set(span, others);
    else wanted.delete(span);
  };
}

const sum = (points, name) => points.reduce((total, point) => total + point[name], 0);

/** Return the totals of *points*. */
export const totals = (points) => ({
  uploaded: sum(points, "uploaded"),
  segmented: sum(points, "segmented"),
  runMs: sum(points, "runMs"),
});

/** Return *points* with each *size* of them as one. */
export const coarser = (points, size) =>
  Array.from({ length: Math.ceil(points.length / size) }, (_, at) => totals(points.slice(at * size, (at + 1) * size)));
