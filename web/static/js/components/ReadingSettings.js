// How a project's images are read: which channels are segmented, and how large a pixel is.

import { useState } from "preact/hooks";
import { request } from "../api.js";
import { contentOf, settleForm } from "../forms.js";
import { t } from "../i18n.js";
import { keepProject, projectOf } from "../stores.js";
import { ErrorNote, html } from "../ui.js";
import { notify } from "./Toasts.js";

const FEWEST_OFFERED = 4;

export function ReadingSettings({ project: { id }, images }) {
  const project = projectOf(id).value;
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [chosenAll, setAll] = useState(null);
  const all = chosenAll ?? !project.channels;

  const save = async (event) => {
    event.preventDefault();
    const form = event.target;
    const body = read(form, all, project);
    const sent = contentOf(form);
    if (body.channels?.length === 0) return setError({ message: t("readingSettings.chooseAChannelOrAll") });
    setBusy(true);
    try {
      keepProject(await request(`/projects/${id}`, { method: "PATCH", body }));
      settleForm(form, sent);
      setAll(null);
      notify({ key: "reading", text: t("readingSettings.savedItHoldsForWhat") });
      setError(null);
    } catch (refusal) {
      setError(refusal);
    }
    setBusy(false);
  };

  return html`<form class="form" onSubmit=${save}>
      ${error && html`<${ErrorNote} error=${error} />`}
      <fieldset class="field">
        <legend>${t("first.segment")}</legend>
        <label><input type="radio" name="which" checked=${all} onChange=${() => setAll(true)} /> ${t("readingSettings.allChannels")}</label>
        <label><input type="radio" name="which" checked=${!all} onChange=${() => setAll(false)} /> ${t("readingSettings.theseChannelsOnly")}</label>
        ${!all && html`<div class="acts">
          ${offered(project, images).map((number) => html`<label key=${number}>
            <input type="checkbox" name="channel" value=${number} defaultChecked=${project.channels?.includes(number)} /> ${number}
          </label>`)}
        </div>`}
        <span class="hint">${t("readingSettings.channelsAreCountedFrom1")}</span>
      </fieldset>
      <div class="field">
        <label for="reading-pixel">${t("newProject.pixelSizeInM")} <span class="muted">${t("optional")}</span></label>
        <input class="input" id="reading-pixel" name="pixelSizeUm" type="number" min="0.0001" max="1000" step="any" defaultValue=${project.pixelSizeUm ?? ""} aria-describedby="reading-pixel-hint" />
        <span class="hint" id="reading-pixel-hint">${t("newProject.withItAreasAndLengths")}</span>
      </div>
      <p><button class="button primary" disabled=${busy}>${t("save")}</button></p>
    </form>`;
}

/** As many channels as the images have that are loaded, and those that are chosen already. */
function offered(project, images) {
  const there = images.map((image) => image?.channels ?? 1);
  const most = Math.max(FEWEST_OFFERED, ...there, ...(project.channels ?? []));
  return Array.from({ length: most }, (_, place) => place + 1);
}

/** What was changed here; what others change meanwhile stays. */
function read({ pixelSizeUm: { value, defaultValue }, elements }, all, { channels }) {
  const changes = {};
  const chosen = [...elements].filter(({ name, checked }) => name === "channel" && checked).map((each) => Number(each.value));
  if (String(all ? null : chosen) !== String(channels ?? null)) changes.channels = all ? null : chosen;
  if (value !== defaultValue) changes.pixelSizeUm = value ? Number(value) : null;
  return changes;
}
