// The settings of a project: what it is called, how its images are read, who is in it, its end.

import { useCallback } from "preact/hooks";
import { signal } from "@preact/signals";
import { boot } from "./api.js";
import { t } from "./i18n.js";
import { connection, useGone, useProjectCardUpdates } from "./hooks.js";
import { deleteProject } from "./project_acts.js";
import { keepProject, projectOf } from "./stores.js";
import { ConnPill, Icon, formatDate, formatNumber, html, mount } from "./ui.js";
import { ProjectSettings } from "./components/ProjectSettings.js";
import { ReadingSettings } from "./components/ReadingSettings.js";
import { Toasts, notify } from "./components/Toasts.js";

const project = boot.project;
const mayChange = project.role !== "viewer";
const isOwner = project.role === "owner";

const dialog = signal(null);

/** The one dialog about who is in the project: the owner's to share it, anybody else's to leave. */
async function openMembership() {
  try {
    dialog.value = isOwner ? (await import("./components/Sharing.js")).Sharing : (await import("./components/Leaving.js")).Leaving;
  } catch {
    notify({ kind: "bad", text: t("dialog.notLoaded") });
  }
}

async function erase() {
  if (await deleteProject(project.id)) location.assign("/");
}

const Section = ({ id, title, children }) =>
  html`<section class="panel settings-part" aria-labelledby=${id}><h2 id=${id}>${title}</h2>${children}</section>`;

/** What those see who may not change it. */
function Facts() {
  const { title, description, pixelSizeUm, channels } = projectOf(project.id).value;
  return html`<${Section} id="facts" title=${t("projectSettings.about")}>
    <dl class="facts">
      <dt>${t("list.column.title")}</dt><dd>${title}</dd>
      ${description && html`<dt>${t("description")}</dt><dd>${description}</dd>`}
      <dt>${t("projectSettings.segmented")}</dt><dd>${channels ? channels.join(", ") : t("projectSettings.all")}</dd>
      <dt>${t("projectSettings.pixelSize")}</dt><dd>${pixelSizeUm ? `${formatNumber(pixelSizeUm)} µm` : t("projectSettings.ofEach")}</dd>
      <dt>${t("projectSettings.made")}</dt><dd>${formatDate(project.createdAt)}</dd>
    </dl>
  </${Section}>`;
}

const PEOPLE = isOwner
  ? [t("projectSettings.shareAbout"), "users", t("share")]
  : [t(`projectSettings.shared.${project.role}`, { name: project.owner.name }), "log-out", t("leave")];

function People() {
  const [about, icon, words] = PEOPLE;
  return html`<${Section} id="people" title=${t("list.column.people")}>
    <p>${about}</p>
    <p><button type="button" class="button" onClick=${openMembership}><${Icon} name=${icon} />${words}</button></p>
  </${Section}>`;
}

function Settings() {
  useProjectCardUpdates(project.id);
  const Dialog = dialog.value;
  const close = useCallback(() => (dialog.value = null), []);
  return html`<div class="settings-parts">
    ${mayChange
      ? html`<${Section} id="about" title=${t("projectSettings.about")}><${ProjectSettings} project=${project} /></${Section}
        ><${Section} id="reading" title=${t("readingSettings.channelsAndScale")}><${ReadingSettings} project=${project} images=${boot.images.items} /></${Section}>`
      : html`<${Facts} />`}
    <${People} />
    ${isOwner &&
    html`<${Section} id="end" title=${t("projectSettings.end")}>
      <p>${t("projectSettings.endAbout")}</p>
      <p><button type="button" class="button danger" onClick=${erase}><${Icon} name="trash-2" />${t("projectSettings.deleteProject")}</button></p>
    </${Section}>`}
    ${Dialog && html`<${Dialog} project=${project} onClose=${close} />`}
  </div>`;
}

function Page() {
  const Gone = useGone(project);
  return Gone ? html`<${Gone} />` : html`<${Settings} />`;
}

keepProject(project);
mount("conn", html`<${ConnPill} connection=${connection} />`);
mount("island", html`<${Page} />`);
mount("toasts", html`<${Toasts} />`);
