// Renaming and deleting a project, from its card and from its page: shown with the click, taken
// back when the server refuses. Loaded when somebody asks for it.

import { batch } from "@preact/signals";
import { request } from "./api.js";
import { t } from "./i18n.js";
import { dropProject, projectIds } from "./cards.js";
import { keepProject, projectOf, shownStatsOf } from "./stores.js";
import { confirm } from "./components/Confirm.js";
import { notify } from "./components/Toasts.js";

/** Change title or description; throw what the server says against it. */
export async function changeProject(projectId, changes) {
  const before = projectOf(projectId).peek();
  show({ ...before, ...changes });
  try {
    const changed = await request(`/projects/${projectId}`, { method: "PATCH", body: changes });
    keepProject(changed);
    showTitle(changed);
  } catch (refusal) {
    show(before);
    throw refusal;
  }
}

/** Give the project another title; the message about it can undo it. */
export async function renameProject(projectId, title) {
  const before = projectOf(projectId).peek().title;
  const key = `${projectId}:renamed`;
  if (title === before) return;
  try {
    await changeProject(projectId, { title });
    const undo = { text: t("undo"), run: () => renameProject(projectId, before) };
    notify({ key, text: t("project_acts.beforeIsCalledTitleNow", { before, title }), action: undo });
  } catch (refusal) {
    notify({ key, kind: "bad", text: `“${before}” could not be renamed. ${refusal.message}` });
  }
}

/** Ask for the title, and delete the project; tell whether it is gone. */
export async function deleteProject(projectId) {
  const { title } = projectOf(projectId).peek();
  const key = `${projectId}:access`; // The same as that of the event: one message, not two.
  if (!(await confirm({ title: t("project_acts.deleteTitle", { title }), words: goes(projectId), yes: t("projectSettings.deleteProject"), typed: title }))) return false;
  const before = projectIds.peek();
  dropProject(projectId);
  try {
    await request(`/projects/${projectId}`, { method: "DELETE" });
  } catch (refusal) {
    if (refusal.status !== 404) {
      putBack(projectId, before);
      notify({ key, kind: "bad", text: t("project_acts.titleCouldNotBeDeleted", { title, message: refusal.message }) });
      return false;
    }
  }
  notify({ key, text: t("news.deleted", { title }) });
  return true;
}

function goes(projectId) {
  const { imageCount } = shownStatsOf(projectId).peek();
  return t("project_acts.goes", { count: imageCount });
}

function putBack(projectId, before) {
  const now = projectIds.peek();
  if (now.includes(projectId)) return;
  const at = before.slice(0, before.indexOf(projectId)).filter((id) => now.includes(id)).length;
  projectIds.value = now.toSpliced(at, 0, projectId);
}

function show(project) {
  batch(() => (projectOf(project.id).value = project));
  showTitle(project);
}

/** The parts of the page that the server wrote have the title too. */
function showTitle({ id, title }) {
  for (const link of document.querySelectorAll(`.side a[href="/projects/${id}"] span`)) link.textContent = title;
  if (!location.pathname.startsWith(`/projects/${id}`)) return;
  // The title that holds when the module is there: a refusal may have come sooner than it.
  import("./access.js").then((access) => access.showTitle(projectOf(id).peek().title)).catch(() => {});
}
