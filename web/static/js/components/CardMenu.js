// What can be done with a project from its card; loaded when its menu is opened.

import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n.js";
import { deleteProject, renameProject } from "../project_acts.js";
import { Icon, html } from "../ui.js";
import { Leaving } from "./Leaving.js";
import { Renaming } from "./Renaming.js";
import { Sharing } from "./Sharing.js";

export function CardMenu({ project, button, onClose }) {
  const list = useRef(null);
  const [Dialog, setDialog] = useState(null);
  const isOwner = project.role === "owner";
  useEffect(() => list.current?.querySelector("a, button").focus(), []);
  useOutside(list, button, onClose);
  const open = (component) => setDialog(() => component);
  const rename = (title) => {
    onClose();
    renameProject(project.id, title);
  };
  const erase = () => {
    onClose();
    deleteProject(project.id);
  };
  if (Dialog) return html`<${Dialog} project=${project} onClose=${onClose} onTitle=${rename} />`;
  return html`<ul ref=${list} class="panel menu-sheet card-menu" aria-label=${t("card.actions", { title: project.title })}>
    <li><a href="/projects/${project.id}"><${Icon} name="folder" />${t("cardMenu.open")}</a></li>
    ${isOwner && html`<${Item} icon="users" words=${t("share")} onClick=${() => open(Sharing)} />`}
    ${project.role !== "viewer" && html`<${Item} icon="pencil" words=${t("renaming.rename")} onClick=${() => open(Renaming)} />`}
    ${isOwner
      ? html`<${Item} icon="trash-2" words=${t("delete")} onClick=${erase} />`
      : html`<${Item} icon="log-out" words=${t("leave")} onClick=${() => open(Leaving)} />`}
  </ul>`;
}

const Item = ({ icon, words, onClick }) =>
  html`<li><button type="button" onClick=${onClick}><${Icon} name=${icon} />${words}</button></li>`;

/** Close when one looks elsewhere; with Escape the focus goes back to the button. */
function useOutside(list, button, onClose) {
  useEffect(() => {
    const isInside = ({ target }) => list.current?.contains(target) || button.contains(target);
    const onPress = (event) => list.current && !isInside(event) && onClose();
    const onKey = (event) => {
      if (event.key !== "Escape" || !list.current) return;
      onClose();
      button.focus();
    };
    document.addEventListener("pointerdown", onPress);
    document.addEventListener("focusin", onPress);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onPress);
      document.removeEventListener("focusin", onPress);
      document.removeEventListener("keydown", onKey);
    };
  }, []);
}
