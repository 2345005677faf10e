// Between the pages and the one queue: runs in a shared worker, or in the page where there is none.

import { Engine } from "./engine.js";

const ports = new Set();
let engine = null;

/** Serve the page at the other end of *port*. */
export function connect(port) {
  port.onmessage = ({ data }) => receive(port, data);
  port.start?.();
}

function receive(port, { type, ...message }) {
  if (type === "hello") return welcome(port, message);
  if (type === "bye") return ports.delete(port);
  return engine?.[ACTS[type]]?.(message);
}

/** What a page may ask for, and who does it. */
const ACTS = Object.freeze({
  add: "add",
  pause: "pause",
  resume: "resume",
  cancel: "cancel",
  clear: "clear",
});

function welcome(port, { user, csrf }) {
  engine ??= new Engine({ user, tell });
  engine.signIn(csrf);
  ports.add(port);
  port.postMessage({ rows: engine.list(), gone: [], whole: true });
}

function tell(news) {
  for (const port of ports) port.postMessage(news);
}
