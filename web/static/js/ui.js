// What every component is made of: templates, icons, badges, bars, words and numbers.

import { h, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import htm from "htm";
import { ImageStatus } from "./events.js";
import { formatNumber, has, locale, t } from "./i18n.js";

export const html = htm.bind(h);

/** Replace the content of the element *id* by a component. */
export function mount(id, vnode) {
  const root = document.getElementById(id);
  if (!root) return;
  root.replaceChildren();
  render(vnode, root);
}

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

export { formatNumber };
export const formatDate = (moment) => dateTime.format(new Date(moment));

/** Return a number as it is written here, with so many digits behind its point. */
export const fixed = (value, digits) =>
  value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Return a duration as people say it, such as "840 ms" or "1.84 s". */
export function formatDuration(milliseconds) {
  if (milliseconds < 1000) return t("time.ms", { ms: Math.round(milliseconds) });
  if (milliseconds < 60_000) return t("time.s", { s: fixed(milliseconds / 1000, milliseconds < 10_000 ? 2 : 1) });
  return t("time.minS", { min: Math.floor(milliseconds / 60_000), s: Math.round((milliseconds % 60_000) / 1000) });
}

/** Return a size such as "3.4 MB". */
export function formatBytes(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${step && value < 10 ? fixed(value, 1) : formatNumber(Math.round(value))} ${["B", "kB", "MB", "GB", "TB"][step]}`;
}

/** Return how long ago *moment* was, in words. */
export function formatTimeAgo(moment, now = Date.now()) {
  const seconds = Math.round((now - new Date(moment).getTime()) / 1000);
  if (seconds < 45) return t("time.now");
  if (seconds < 3600) return relative.format(-Math.max(1, Math.round(seconds / 60)), "minute");
  if (seconds < 86_400) return relative.format(-Math.round(seconds / 3600), "hour");
  if (seconds < 30 * 86_400) return relative.format(-Math.round(seconds / 86_400), "day");
  return dateTime.format(new Date(moment));
}

/** Resolve when the browser has nothing better to do. */
export const idle = () => new Promise((resolve) => (globalThis.requestIdleCallback ?? setTimeout)(resolve, { timeout: 1500 }));

/** Return a component whose code is fetched when it is first drawn, or before by its `load`. */
export function lazy(fetchCode) {
  let known = null;
  const Lazy = (props) => {
    const [Component, setComponent] = useState(() => known);
    useEffect(() => {
      if (!Component) Lazy.load().then((loaded) => setComponent(() => loaded)).catch(() => {});
    }, []);
    return Component && html`<${Component} ...${props} />`;
  };
  Lazy.load = async () => (known ??= await fetchCode());
  return Lazy;
}

/** Return the letters that stand for a person, such as MK. */
export const initialsOf = (name) => name.split(/\s+/).filter(Boolean).slice(0, 2).map(([first]) => first.toUpperCase()).join("");

export function Icon({ name, label, class: extra = "" }) {
  const about = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return html`<svg class="icon ${extra}" ...${about}><use href="#icon-${name}" /></svg>`;
}

/** A time that keeps saying how long ago it was. */
export function TimeAgo({ moment }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  if (!moment) return null;
  return html`<time datetime=${moment} title=${formatDate(moment)}>${formatTimeAgo(moment, now)}</time>`;
}

export const STATUS = Object.freeze({
  [ImageStatus.UPLOADED]: { word: t("status.uploaded"), icon: "circle-dashed", tone: "wait" },
  [ImageStatus.QUEUED]: { word: t("status.queued"), icon: "clock", tone: "wait" },
  [ImageStatus.PROCESSING]: { word: t("status.processing"), icon: "loader-circle", tone: "run" },
  [ImageStatus.SEGMENTED]: { word: t("status.segmented"), icon: "circle-check", tone: "ok" },
  [ImageStatus.NO_OBJECTS]: { word: t("status.no_objects"), icon: "circle-slash", tone: "wait" },
  [ImageStatus.FAILED]: { word: t("status.failed"), icon: "triangle-alert", tone: "bad" },
});

/** Which count of ProjectStats an image of each status is in. */
export const COUNT_OF = Object.freeze({
  [ImageStatus.UPLOADED]: "uploadedCount",
  [ImageStatus.QUEUED]: "queuedCount",
  [ImageStatus.PROCESSING]: "processingCount",
  [ImageStatus.SEGMENTED]: "segmentedCount",
  [ImageStatus.NO_OBJECTS]: "noObjectsCount",
  [ImageStatus.FAILED]: "failedCount",
});

/** The state of an image by icon, word and colour, never by colour alone. */
export function StatusBadge({ status }) {
  const { word, icon, tone } = STATUS[status];
  const spin = status === ImageStatus.PROCESSING ? "spin" : "";
  return html`<span class="badge ${tone}"><${Icon} name=${icon} class=${spin} />${word}</span>`;
}

/** A reason to look at a result again, by icon and word. */
export const FlagBadge = ({ flag }) =>
  html`<span class="badge warn" data-flag=${flag.code}><${Icon} name="triangle-alert" />${flag.title}</span>`;

/** Return how much of a project is done, such as "1,030 of 1,240 segmented". */
export function progressWords({ segmentedCount, imageCount, noObjectsCount }) {
  const words = t("progress", { done: segmentedCount, all: imageCount });
  return noObjectsCount ? `${words}, ${t("progress.noObjects", { count: noObjectsCount })}` : words;
}

/** As progressWords, and what became of the others: its numbers add up. */
export function tallyWords(stats) {
  const { pendingCount, failedCount, uploadedCount } = stats;
  return [
    progressWords(stats),
    pendingCount && t("progress.pending", { count: pendingCount }),
    failedCount && t("progress.failed", { count: failedCount }),
    uploadedCount && t("progress.uploaded", { count: uploadedCount }),
  ].filter(Boolean).join(", ");
}

/** Return why an image waits and about how long, in words. */
export function waitingWords({ reason, etaSeconds }) {
  if (!etaSeconds) return reason;
  const [low, high] = etaSeconds.map(roughly);
  return `${reason} ${low === high ? t("waiting.about", { time: low }) : t("waiting.between", { low, high })}`;
}

/** Return why images failed in the language of the page; a cause of a later release as the server says it. */
export const causeWords = ({ code, detail }) => (has(`failure.${code}`) ? t(`failure.${code}`) : detail);

/** Return a time no finer than an estimate is, such as "40 s" or "3 min". */
export function roughly(seconds) {
  if (seconds < 90) return t("time.s", { s: seconds });
  if (seconds < 5400) return t("time.min", { min: Math.round(seconds / 60) });
  return t("time.h", { h: Math.round(seconds / 3600) });
}

/** Return the parameters of a run as one line. */
export const parameterWords = (params) =>
  Object.entries(params ?? {}).map(([name, value]) => `${name} = ${value ?? t("params.automatic")}`).join(", ") || t("params.defaults");

/** What an image is called; the pages of one file share its name. */
export const imageName = ({ filename, page, pages }) => (pages > 1 ? t("image.page", { filename, page: page + 1, pages }) : filename);

/** How far a project is: segmented, empty, running and failed parts of one bar. */
export function SegmentedBar({ stats, label, tall = false }) {
  const part = (count) => ({ width: `${(100 * count) / (stats.imageCount || 1)}%` });
  return html`<div
    class="bar ${tall ? "tall" : ""}"
    role="progressbar"
    aria-label=${label}
    aria-valuemin="0"
    aria-valuemax=${stats.imageCount}
    aria-valuenow=${stats.segmentedCount + stats.noObjectsCount}
    aria-valuetext=${tallyWords(stats)}
  >
    <i class="ok" style=${part(stats.segmentedCount)}></i>
    <i class="none" style=${part(stats.noObjectsCount)}></i>
    <i class="run" style=${part(stats.processingCount)}></i>
    <i class="bad" style=${part(stats.failedCount)}></i>
  </div>`;
}

/** Whether what is shown moves by itself. */
export function ConnPill({ connection }) {
  const state = connection.state.value;
  const first = state === "reconnecting" && !connection.everLive;
  const said = first ? "connecting" : state;
  return html`<span class="pill ${state}" title=${t(`conn.${said}.about`)} data-state=${state}>${t(`conn.${said}`)}</span>
    ${state === "elsewhere" && html`<button type="button" class="button small" onClick=${() => connection.useHere()}>${t("conn.useHere")}</button>`}`;
}

export function Note({ tone = "", icon = "info", children, alert = false }) {
  return html`<div class="note ${tone}" role=${alert ? "alert" : undefined}>
    <${Icon} name=${icon} /><div>${children}</div>
  </div>`;
}

/** What went wrong and, when trying again can help, the button for it. */
export function ErrorNote({ error, onRetry }) {
  return html`<${Note} tone="bad" icon="circle-alert" alert>
    <p>${error.message}</p>
    ${onRetry &&
    html`<button type="button" class="button small" onClick=${onRetry}>
      <${Icon} name="rotate-ccw" />${t("tryAgain")}
    </button>`}
  </${Note}>`;
}

export const CancelButton = ({ words = t("cancel"), about, onClick, class: extra = "" }) =>
  html`<button type="button" class="button small ${extra}" onClick=${onClick}>
    <${Icon} name="x" />${words}${about && html`<span class="visually-hidden"> ${about}</span>`}
  </button>`;

export const Loading = ({ children }) =>
  html`<div class="loading"><${Icon} name="loader-circle" class="spin" />${children}</div>`;

export const Empty = ({ icon, title, children }) =>
  html`<div class="empty"><${Icon} name=${icon} /><h2>${title}</h2>${children}</div>`;
