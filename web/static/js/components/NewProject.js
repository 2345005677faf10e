// The dialog that makes a project; loaded when somebody asks for it.

import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n.js";
import { html, ErrorNote } from "../ui.js";
import { maker } from "../asking.js";

const make = maker("/projects");

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
      const project = await make(read(event.target));
      location.assign(`/projects/${project.id}`);
    } catch (refusal) {
      setError(refusal);
      setBusy(false);
    }
  };
  return html`<dialog ref=${dialog} aria-labelledby="new-project" onClose=${onClose}>
    <h2 id="new-project">${t("newProject")}</h2>
    <form class="form" onSubmit=${create}>
      ${error && html`<${ErrorNote} error=${error} />`}
      <div class="field">
        <label for="title">${t("list.column.title")}</label>
        <input class="input" id="title" name="title" required maxlength="200" autofocus autocomplete="off" />
      </div>
      <div class="field">
        <label for="description">${t("description")} <span class="muted">${t("optional")}</span></label>
        <textarea class="input" id="description" name="description" maxlength="2000" rows="3"></textarea>
      </div>
      <div class="field">
        <label for="pixel-size">${t("newProject.pixelSizeInM")} <span class="muted">${t("optional")}</span></label>
        <input class="input" id="pixel-size" name="pixelSizeUm" type="number" min="0.0001" max="1000" step="any" aria-describedby="pixel-hint" />
        <span class="hint" id="pixel-hint">${t("newProject.withItAreasAndLengths")}</span>
      </div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick=${() => dialog.current.close()}>${t("cancel")}</button>
        <button class="button primary" disabled=${busy}>${t("newProject.createProject")}</button>
      </div>
    </form>
  </dialog>`;
}

function read(form) {
  const given = Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim()));
  if (given.pixelSizeUm) given.pixelSizeUm = Number(given.pixelSizeUm);
  return given;
}
