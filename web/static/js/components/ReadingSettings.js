// How a project's images are read: which channels are segmented, and how large a pixel is.

import { useState } from "preact/hooks";
import { request } from "../api.js";
import { t } from "../i18n.js";
import { ErrorNote, html } from "../ui.js";
import { notify } from "./Toasts.js";

const FEWEST_OFFERED = 4;

export function ReadingSettings({ project, images }) {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [all, setAll] = useState(!project.channels);

  const save = async (event) => {
    event.preventDefault();
    const body = read(event.target, all);
    if (body.channels?.length === 0) return setError({ message: t("readingSettings.chooseAChannelOrAll") });
    setBusy(true);
    try {
      const { channels, pixelSizeUm } = await request(`/projects/${project.id}`, { method: "PATCH", body });
      Object.assign(project, { channels, pixelSizeUm });
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

function read(form, all) {
  const size = form.pixelSizeUm.value;
  const chosen = [...form.querySelectorAll("[name=channel]:checked")].map(({ value }) => Number(value));
  return { channels: all ? null : chosen, pixelSizeUm: size ? Number(size) : null };
}
