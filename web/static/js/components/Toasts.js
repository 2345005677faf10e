// Short messages; those of one key are one message that counts on.

import { signal } from "@preact/signals";
import { t } from "../i18n.js";
import { html, Icon } from "../ui.js";

const SHOWN_FOR = { ok: 4500, bad: 9000 };
const OFFERED_FOR = 20_000; // What one can act on; to find it and to reach it takes time.
const MOST = 4;
const ANNOUNCE_AFTER = 400;

const toasts = signal([]);
const timers = new Map();
let announcing = 0;

/** Show a message; one with the key of a shown message takes its place. */
export function notify({ key, text, kind = "ok", link, action, count }) {
  const toast = { key: key ?? text, text, kind, link, action, count };
  const known = toasts.peek().some((shown) => shown.key === toast.key);
  toasts.value = known
    ? toasts.peek().map((shown) => (shown.key === toast.key ? toast : shown))
    : [...toasts.peek(), toast].slice(-MOST);
  dismissLater(toast);
  announce(text);
}

/** Show *text(n)*, n being *count* and what the message with this key counted so far. */
export function tally({ key, count, text, kind }) {
  const shown = toasts.peek().find((toast) => toast.key === key);
  const total = (shown?.count || 0) + count;
  notify({ key, kind, count: total, text: text(total) });
}

function dismiss(key) {
  clearTimeout(timers.get(key));
  timers.delete(key);
  toasts.value = toasts.peek().filter((toast) => toast.key !== key);
}

function act({ key, action }) {
  dismiss(key);
  action.run();
}

function dismissLater({ key, kind, link, action }) {
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => dismiss(key), link || action ? OFFERED_FOR : SHOWN_FOR[kind]));
}

// Spoken once it is quiet: a screen reader hears the sum, not every step to it.
function announce(text) {
  clearTimeout(announcing);
  announcing = setTimeout(() => {
    const region = document.getElementById("announcements");
    if (region) region.textContent = text;
  }, ANNOUNCE_AFTER);
}

export function Toasts() {
  return html`<div class="toasts">${toasts.value.map((toast) => html`<${Toast} key=${toast.key} toast=${toast} />`)}</div>`;
}

function Toast({ toast }) {
  const stay = () => clearTimeout(timers.get(toast.key));
  const go = () => dismissLater(toast);
  return html`<div
    class="toast ${toast.kind}"
    onMouseEnter=${stay}
    onMouseLeave=${go}
    onFocusIn=${stay}
    onFocusOut=${go}
  >
    <${Icon} name=${toast.kind === "bad" ? "triangle-alert" : "circle-check"} />
    <p>${toast.text} ${toast.link && html`<a href=${toast.link.href}>${toast.link.text}</a>`}</p>
    ${toast.action && html`<button type="button" class="toast-act" onClick=${() => act(toast)}>${toast.action.text}</button>`}
    <button type="button" aria-label=${t("toasts.dismiss")} onClick=${() => dismiss(toast.key)}><${Icon} name="x" /></button>
  </div>`;
}
