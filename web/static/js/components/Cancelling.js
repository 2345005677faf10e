// Cancelling runs: the question before many go, the request, and what it did in words.
// Loaded when somebody asks for it.

import { useEffect, useRef } from "preact/hooks";
import { render } from "preact";
import { request } from "../api.js";
import { keepStats } from "../stores.js";
import { html, plural } from "../ui.js";
import { notify } from "./Toasts.js";

/** Cancel what is below *path*, such as `/images/…`; say what was cancelled. */
export async function cancelRuns(path) {
  try {
    const { cancelled, running, stats } = await request(`${path}/cancel`, { method: "POST" });
    keepStats(stats);
    notify({ key: "cancel", text: cancelledWords(cancelled, running) });
  } catch (refusal) {
    notify({ key: "cancel", kind: "bad", text: refusal.message });
  }
}

function cancelledWords(waiting, running) {
  if (waiting + running === 0) return "Nothing was waiting or running any more.";
  const parts = [waiting && plural(waiting, "waiting image"), running && `${plural(running, "image")} in work`];
  return `Cancelled ${parts.filter(Boolean).join(" and ")}.`;
}

/** Ask before cancelling what is below *path*; *words* say what waits and runs. */
export function askToCancel(path, words) {
  const place = document.body.appendChild(document.createElement("div"));
  const onClose = () => {
    render(null, place);
    place.remove();
  };
  render(html`<${Question} words=${words} onConfirm=${() => cancelRuns(path)} onClose=${onClose} />`, place);
}

function Question({ words, onConfirm, onClose }) {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  const answer = () => {
    dialog.current.close();
    onConfirm();
  };
  return html`<dialog ref=${dialog} class="question" aria-labelledby="cancel-title" aria-describedby="cancel-words" onClose=${onClose}>
    <h2 id="cancel-title">Cancel segmentation?</h2>
    <p id="cancel-words">${words} Each image returns to what it was before; results that are there stay.</p>
    <div class="dialog-foot">
      <button type="button" class="button" autofocus onClick=${() => dialog.current.close()}>Keep going</button>
      <button type="button" class="button primary" onClick=${answer}>Cancel segmentation</button>
    </div>
  </dialog>`;
}
