// The dialog that makes a project; loaded when somebody asks for it.

import { useEffect, useRef, useState } from "preact/hooks";
import { html, ErrorNote } from "../ui.js";
import { request } from "../api.js";

export function NewProject({ onClose }) {
  const dialog = useRef(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => dialog.current.showModal(), []);

  const create = async (event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const project = await request("/projects", { method: "POST", body: read(event.target) });
      location.assign(`/projects/${project.id}`);
    } catch (refusal) {
      setError(refusal);
      setBusy(false);
    }
  };
  return html`<dialog ref=${dialog} aria-labelledby="new-project" onClose=${onClose}>
    <h2 id="new-project">New project</h2>
    <form class="form" onSubmit=${create}>
      ${error && html`<${ErrorNote} error=${error} />`}
      <div class="field">
        <label for="title">Title</label>
        <input class="input" id="title" name="title" required maxlength="200" autofocus autocomplete="off" />
      </div>
      <div class="field">
        <label for="description">Description <span class="muted">(optional)</span></label>
        <textarea class="input" id="description" name="description" maxlength="2000" rows="3"></textarea>
      </div>
      <div class="field">
        <label for="pixel-size">Pixel size in µm <span class="muted">(optional)</span></label>
        <input class="input" id="pixel-size" name="pixelSizeUm" type="number" min="0.0001" max="1000" step="any" aria-describedby="pixel-hint" />
        <span class="hint" id="pixel-hint">With it, areas and lengths are also given in micrometres. A size stored in an image is used first.</span>
      </div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick=${() => dialog.current.close()}>Cancel</button>
        <button class="button primary" disabled=${busy}>Create project</button>
      </div>
    </form>
  </dialog>`;
}

function read(form) {
  const given = Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim()));
  if (given.pixelSizeUm) given.pixelSizeUm = Number(given.pixelSizeUm);
  return given;
}
