// The editor around the stage: the rail of tools, what they wait for, and the bar of a conflict.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useSignalEffect } from "@preact/signals";
import { t } from "../i18n.js";
import { Icon, html } from "../ui.js";
import { NO_CLASS, classOf, classesOf } from "../viewer/colours.js";
import { chosen, listKeys, objects, stage, tool } from "../viewer/state.js";
import { Saving } from "./saving.js";
import { Session } from "./session.js";
import { SelectTool, TOOLS, classifyChosen, deleteChosen, mergeChosen } from "./tools.js";

let session = null; // Of the page's image.

const sessionOf = (image) => (session ??= new Session(image));

/**
 * *result* is what was loaded last, null where the image has none; *say* tells the user; *Review*
 * shows what differs from what others saved.
 */
export function Editor({ image, result, say, Review }) {
  const current = sessionOf(image);
  const [Tool, setTool] = useState(() => SelectTool);
  const inHand = useRef(null);
  const act = useActs(current, say, setTool);
  useEffect(() => {
    if (result) current.receive(result);
    else if (!image.currentRunId) current.receive({ version: 0, runId: null, objects: [] });
  }, [result, image.currentRunId]);
  // At once, not after the next frame: else what is drawn right after a key goes to the tool before.
  useLayoutEffect(() => {
    const made = new Tool(current, say);
    inHand.current = made;
    tool.value = handled(made, act);
    stage.peek()?.sketch((context, scale) => made.sketch(context, scale));
    return () => made.quit();
  }, [Tool, stage.value]);
  useSignalEffect(() => {
    current.revision.value;
    chosen.value;
    stage.value?.redraw("marks");
  });
  useEffect(() => void (listKeys.value = (event) => event.key === "Delete" && deleteChosen(current)), []);
  useLeaving(current);
  current.revision.value; // What can be undone is another after each operation.
  return html`<${Conflict} session=${current} say=${say} Review=${Review} />
    <${Rail} session=${current} Tool=${Tool} act=${act} />
    ${Tool.hint && html`<p class="stage-note hint">${t(Tool.hint)} <span class="by-keys">${Tool.keys && t(Tool.keys)}</span></p>`}`;
}

/** What buttons and keys do, by the key. */
function useActs(current, say, setTool) {
  const acts = useRef(null);
  acts.current ??= {
    take: (Tool) => setTool(() => Tool),
    m: () => mergeChosen(current, say),
    Delete: () => deleteChosen(current),
    undo: () => current.undo(),
    redo: () => current.redo(),
  };
  useEffect(() => {
    const onKey = (event) => undoKey(event, acts.current) && event.preventDefault();
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  return acts.current;
}

/** Undo and redo by their usual keys, anywhere but in fields that undo themselves. */
function undoKey(event, act) {
  if (!(event.ctrlKey || event.metaKey) || event.target.closest("input, textarea, select")) return false;
  const key = event.key.toLowerCase();
  if (key === "z") act[event.shiftKey ? "redo" : "undo"]();
  else if (key === "y") act.redo();
  return key === "z" || key === "y";
}

/** Return a tool as the stage asks it: first its own keys, then those that take another tool. */
function handled(made, act) {
  const single = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || localStorage.shortcuts === "off") return false;
    const key = event.key.toLowerCase();
    const Next = TOOLS.find((Tool) => Tool.key === key);
    if (Next) act.take(Next);
    else if (key === "m") act.m();
    else if (event.key === "Delete" || event.key === "Backspace") return act.Delete() !== false;
    else return false;
    return true;
  };
  const call = (name) => (...args) => made[name]?.(...args);
  return {
    press: call("press"),
    drag: call("drag"),
    release: call("release"),
    cancel: call("cancel"),
    double: call("double"),
    hover: call("hover"),
    key: (event) => made.key?.(event) || single(event),
  };
}

function useLeaving(current) {
  useEffect(() => {
    const leave = () => current.flush();
    const back = () => current.saver.saveNow();
    const hidden = () => document.visibilityState === "hidden" && leave();
    addEventListener("pagehide", leave);
    addEventListener("online", back);
    document.addEventListener("visibilitychange", hidden);
    return () => {
      removeEventListener("pagehide", leave);
      removeEventListener("online", back);
      document.removeEventListener("visibilitychange", hidden);
    };
  }, []);
}

function Rail({ session: current, Tool, act }) {
  const button = (icon, label, key, onClick, more = {}) => html`<button type="button" aria-label=${label} title="${label} (${key})" aria-keyshortcuts=${key} onClick=${onClick} ...${more}>
    <${Icon} name=${icon} />
  </button>`;
  const none = chosen.value.length === 0;
  const onKey = (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const all = [...event.currentTarget.querySelectorAll("button:not(:disabled)")];
    all[(all.indexOf(document.activeElement) + by + all.length) % all.length].focus();
  };
  return html`<div class="rail" role="toolbar" aria-label=${t("editor.editing")} aria-orientation="vertical" onKeyDown=${onKey}>
    ${TOOLS.map((Each) => button(Each.icon, t(Each.title), Each.key.toUpperCase(), () => act.take(Each), { "aria-pressed": Each === Tool }))}
    ${button("merge", t("editor.merge"), "M", act.m, { disabled: chosen.value.length < 2 })}
    ${button("trash-2", t("editor.delete"), "Delete", act.Delete, { disabled: none })}
    <hr />
    ${button("undo-2", current.undoes ? t("editor.undo.of", { step: current.undoes }) : t("editor.undo"), "Control+Z", act.undo, { disabled: !current.undoes })}
    ${button("redo-2", current.redoes ? t("editor.redo.of", { step: current.redoes }) : t("editor.redo"), "Control+Y", act.redo, { disabled: !current.redoes })}
  </div>`;
}

function Conflict({ session: current, say, Review }) {
  const { state, detail } = current.saver;
  const [busy, setBusy] = useState(false);
  const [reviewing, setReviewing] = useState(false);
  const isOpen = state.value === Saving.CONFLICT;
  useEffect(() => void (isOpen || setReviewing(false)), [isOpen]);
  if (!isOpen) return null;
  const decide = async (act) => {
    setBusy(true);
    await act().catch((refusal) => say(refusal.message));
    setBusy(false);
  };
  return html`<div class="conflict">
    <div class="conflict-bar" role="alert">
      <${Icon} name="triangle-alert" />
      <p><strong>${detail.value}</strong> ${t("editor.keptUntil")}</p>
      <button type="button" class="button small" aria-expanded=${reviewing} onClick=${() => setReviewing(!reviewing)}>${t("editor.review")}</button>
      <button type="button" class="button small" disabled=${busy} onClick=${() => decide(() => current.loadTheirs())}>${t("editor.loadTheirs")}</button>
      <button type="button" class="button small primary" disabled=${busy} title=${t("editor.keepMine.about")} onClick=${() => decide(() => current.keepMine())}>${t("editor.keepMine")}</button>
    </div>
    ${reviewing && html`<${Review} session=${current} say=${say} />`}
  </div>`;
}

const WORDS = {
  [Saving.SAVED]: ["check", "editor.saved"],
  [Saving.UNSAVED]: ["pencil", "editor.unsaved"],
  [Saving.SAVING]: ["loader-circle", "editor.saving"],
  [Saving.OFFLINE]: ["wifi-off", "editor.offline"],
  [Saving.CONFLICT]: ["triangle-alert", "editor.conflict"],
  [Saving.REFUSED]: ["triangle-alert", "editor.refused"],
};

/** Whether all is saved, in words. */
export function SaveState() {
  if (!session) return null;
  const state = session.saver.state.value;
  const [icon, words] = WORDS[state];
  const isBad = state === Saving.OFFLINE || state === Saving.CONFLICT || state === Saving.REFUSED;
  return html`<span class="save-state meta ${isBad ? "bad" : ""}" role="status" data-saving=${state}>
    <${Icon} name=${icon} class=${state === Saving.SAVING ? "spin" : ""} />${t(words)}
    ${state === Saving.REFUSED && html`: ${session.saver.detail.value}`}
  </span>`;
}

/** The class of what is chosen, to read and to change. */
export function ClassField() {
  const found = objects.value.filter(({ label }) => chosen.value.includes(label));
  if (!session || !found.length) return null;
  const names = new Set(found.map(classOf));
  const known = classesOf(objects.value).map(({ name }) => name).filter((name) => name !== NO_CLASS);
  const change = ({ target }) => classifyChosen(session, target.value.trim().slice(0, 100));
  return html`<label class="class-field meta">${t("editor.class")}
    <input class="input" key=${[...names].join()} list="classes" maxlength="100" placeholder=${names.size > 1 ? t("editor.several") : t("editor.none")} defaultValue=${names.size > 1 ? "" : found[0].class ?? ""} onChange=${change} />
    <datalist id="classes">${known.map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>
  </label>`;
}
