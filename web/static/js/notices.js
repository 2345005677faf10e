// What the operator tells everybody: a line above the page that stays until it is dismissed, on
// every page that this browser opens. Loaded when there is one.

import { NoticeLevel } from "./events.js";

const KEPT = "dismissedNotices";
const MOST_KEPT = 20;

const root = () => document.getElementById("notices");
const lines = () => document.querySelectorAll(".notice-line");
const keyOf = ({ dataset }) => `${dataset.code} ${dataset.at}`;

function dismissed() {
  try {
    return JSON.parse(localStorage[KEPT] ?? "[]");
  } catch {
    return [];
  }
}

function dismiss(line) {
  try {
    localStorage[KEPT] = JSON.stringify([...dismissed(), keyOf(line)].slice(-MOST_KEPT));
  } catch {
    // Without storage it is back with the next page.
  }
  line.remove();
}

/** Give a line its button; one that was dismissed before goes. */
function prepare(line) {
  if (dismissed().includes(keyOf(line))) return line.remove();
  const button = line.querySelector("button");
  button.hidden = false;
  button.onclick = () => dismiss(line);
}

/** Show what is told in place of an earlier line of its code; what only informs takes that away. */
export function showNotice({ code, level, text, timestamp }) {
  for (const line of lines()) if (line.dataset.code === code) line.remove();
  if (level === NoticeLevel.INFO) return;
  const line = document.getElementById("notice-line").content.firstElementChild.cloneNode(true);
  Object.assign(line.dataset, { code, at: timestamp });
  line.classList.add(level === NoticeLevel.ERROR ? "bad" : "warn");
  line.querySelector("p").textContent = text;
  root().append(line);
  prepare(line);
}

/** Show these notices and no other. */
export function showNotices(told) {
  const keys = new Set(told.map(({ code, timestamp }) => `${code} ${timestamp}`));
  for (const line of lines()) {
    if (!keys.delete(keyOf(line))) line.remove();
  }
  for (const each of told) if (keys.has(`${each.code} ${each.timestamp}`)) showNotice(each);
}

lines().forEach(prepare);
