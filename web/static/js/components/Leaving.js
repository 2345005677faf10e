// The question before somebody leaves a project of another; loaded when they ask for it.

import { useEffect, useRef, useState } from "preact/hooks";
import { request } from "../api.js";
import { t } from "../i18n.js";
import { ErrorNote, html } from "../ui.js";

export function Leaving({ project, onClose }) {
  const dialog = useRef(null);
  const [error, setError] = useState(null);
  useEffect(() => dialog.current.showModal(), []);
  const leave = async () => {
    try {
      await request(`/projects/${project.id}/membership`, { method: "DELETE" });
      location.assign("/");
    } catch (refusal) {
      setError(refusal);
    }
  };
  return html`<dialog ref=${dialog} class="question" aria-labelledby="leaving-title" aria-describedby="leaving-words" onClose=${onClose}>
    <h2 id="leaving-title">${t("leaving.leaveTitle", { title: project.title })}</h2>
    ${error && html`<${ErrorNote} error=${error} />`}
    <p id="leaving-words">${t("leaving.itGoesFromYourDashboard")}</p>
    <div class="dialog-foot">
      <button type="button" class="button" autofocus onClick=${() => dialog.current.close()}>${t("leaving.stay")}</button>
      <button type="button" class="button primary" onClick=${leave}>${t("leave")}</button>
    </div>
  </dialog>`;
}
