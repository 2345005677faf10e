// The sheet of keys, on every page; loaded when somebody presses ? or asks for it in the menu.

import { has, t } from "./i18n.js";

const GROUPS = [
  ["shortcuts.everywhere", [["?", "shortcuts.sheet"], ["Esc", "shortcuts.close"], ["Tab", "shortcuts.next"]]],
  ["shortcuts.lists", [["/", "shortcuts.search"]]],
  [
    "shortcuts.project",
    [
      ["Space", "shortcuts.select"],
      ["Shift + click", "shortcuts.range"],
      ["Ctrl + click", "shortcuts.add"],
      ["Drag", "shortcuts.frame"],
      ["Ctrl + A", "shortcuts.all"],
      ["Esc", "shortcuts.none"],
    ],
  ],
  ["shortcuts.image", [["[ ]", "shortcuts.neighbours"], ["Ctrl + Z", "shortcuts.undo"]]],
  [
    "shortcuts.picture",
    [
      ["+ -", "shortcuts.zoom"],
      ["0 1", "shortcuts.fit"],
      ["V E A N S", "shortcuts.tools"],
      ["M", "shortcuts.merge"],
      ["Delete", "shortcuts.delete"],
    ],
  ],
];

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

/** Keys are called as on the keyboards of the language. */
const nameOf = (key) => (has(`key.${key}`) ? t(`key.${key}`) : key);

const keys = (written) =>
  element("dt", {}, ...written.split(/( \+ )/).map((part) => (part === " + " ? part : element("kbd", { textContent: nameOf(part) }))));

function group([title, rows]) {
  const list = element("dl", { className: "shortcuts" });
  for (const [written, words] of rows) list.append(element("div", {}, keys(written), element("dd", { textContent: t(words) })));
  return [element("h3", { textContent: t(title) }), list];
}

/** Whether ? opens the sheet: single keys get in the way of who speaks to the computer. */
function choice() {
  const box = element("input", { type: "checkbox", checked: localStorage.shortcuts !== "off" });
  box.onchange = () => (localStorage.shortcuts = box.checked ? "on" : "off");
  return element("label", { className: "check" }, box, t("shortcuts.byKey"));
}

/** Open the sheet; it is gone again when it is closed. */
export function showShortcuts() {
  if (document.getElementById("shortcuts")) return;
  const close = element("button", { className: "button", textContent: t("close"), autofocus: true });
  const dialog = element(
    "dialog",
    { id: "shortcuts", ariaLabel: t("shortcuts.title"), onclose: () => dialog.remove() },
    element("h2", { textContent: t("shortcuts.title") }),
    ...GROUPS.flatMap(group),
    choice(),
    element("div", { className: "dialog-foot" }, close),
  );
  close.onclick = () => dialog.close();
  document.body.append(dialog);
  dialog.showModal();
}
