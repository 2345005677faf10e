// The dialog that asks for another title.

import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n.js";
import { html } from "../ui.js";

export function Renaming({ project, onClose, onTitle }) {
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
    dialog.current.querySelector("input").select();
  }, []);
  const rename = (event) => {
    event.preventDefault();
    const title = event.target.title.value.trim();
    if (title) onTitle(title);
  };
  return html`<dialog ref=${dialog} aria-labelledby="renaming" onClose=${onClose}>
    <h2 id="renaming">${t("renaming.renameProject")}</h2>
    <form class="form" onSubmit=${rename}>
      <div class="field">
        <label for="new-title">${t("list.column.title")}</label>
        <input class="input" id="new-title" name="title" required maxlength="200" pattern=".*\\S.*" autocomplete="off" defaultValue=${project.title} />
      </div>
      <div class="dialog-foot">
        <button type="button" class="button" onClick=${() => dialog.current.close()}>${t("cancel")}</button>
        <button class="button primary">${t("renaming.rename")}</button>
      </div>
    </form>
  </dialog>`;
}
