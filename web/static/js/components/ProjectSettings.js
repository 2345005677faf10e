// What a project is called, and what it is about.

import { useState } from "preact/hooks";
import { contentOf, settleForm } from "../forms.js";
import { t } from "../i18n.js";
import { changeProject } from "../project_acts.js";
import { projectOf } from "../stores.js";
import { ErrorNote, html } from "../ui.js";
import { notify } from "./Toasts.js";

export function ProjectSettings({ project: { id } }) {
  const project = projectOf(id).value;
  const [error, setError] = useState(null);

  const save = async (event) => {
    event.preventDefault();
    setError(null);
    const form = event.target;
    const sent = contentOf(form);
    try {
      await changeProject(id, read(form));
      settleForm(form, sent);
      notify({ key: "project-settings", text: t("projectSettings.theSettingsOfTheProject") });
    } catch (refusal) {
      setError(refusal);
    }
  };
  return html`<form class="form" onSubmit=${save}>
    ${error && html`<${ErrorNote} error=${error} />`}
    <div class="field">
      <label for="title">${t("list.column.title")}</label>
      <input class="input" id="title" name="title" required maxlength="200" pattern=".*\\S.*" autocomplete="off" defaultValue=${project.title} />
    </div>
    <div class="field">
      <label for="description">${t("description")} <span class="muted">${t("optional")}</span></label>
      <textarea class="input" id="description" name="description" maxlength="5000" rows="3" defaultValue=${project.description} />
    </div>
    <p><button class="button primary">${t("save")}</button></p>
  </form>`;
}

/** What was changed here; what others change meanwhile stays. */
function read({ title, description }) {
  const changes = {};
  if (title.value.trim() !== title.defaultValue) changes.title = title.value.trim();
  if (description.value !== description.defaultValue) changes.description = description.value;
  return changes;
}
