// The dialog of a page, one at a time; its code comes with the click.

import { useCallback } from "preact/hooks";
import { signal } from "@preact/signals";
import { t } from "./i18n.js";
import { Icon, html } from "./ui.js";
import { notify } from "./components/Toasts.js";

const dialog = signal(null);

/** Open the component that *load* resolves to. */
export async function openDialog(load) {
  try {
    dialog.value = await load();
  } catch {
    notify({ kind: "bad", text: t("dialog.notLoaded") });
  }
}

export const openNewProject = () => openDialog(async () => (await import("./components/NewProject.js")).NewProject);

/** Where the page draws its dialog. */
export function Dialogs() {
  const Dialog = dialog.value;
  const close = useCallback(() => (dialog.value = null), []);
  return Dialog && html`<${Dialog} onClose=${close} />`;
}

export const NewProjectButton = () =>
  html`<button type="button" class="button primary" aria-label=${t("newProject")} onClick=${openNewProject}>
    <${Icon} name="plus" /><span>${t("newProject")}</span>
  </button>`;
