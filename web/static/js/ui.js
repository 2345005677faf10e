// What every component is made of: templates, icons, badges, bars, words and numbers.

import { h, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import htm from "htm";
import { ImageStatus } from "./events.js";

export const html = htm.bind(h);

/** Replace the content of the element *id* by a component. */
export function mount(id, vnode) {
  const root = document.getElementById(id);
  if (!root) return;
  root.replaceChildren();
  render(vnode, root);
}

const locale = document.documentElement.lang || "en";
const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

export const formatNumber = (value) => number.format(value);
export const plural = (count, one, many = `${one}s`) =>
  `${formatNumber(count)} ${count === 1 ? one : many}`;
export const formatDate = (moment) => dateTime.format(new Date(moment));

/** Return a duration as people say it, such as "840 ms" or "1.84 s". */
export function formatDuration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** Return a size such as "3.4 MB". */
export function formatBytes(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${step && value < 10 ? value.toFixed(1) : Math.round(value)} ${["B", "kB", "MB", "GB", "TB"][step]}`;
}

/** Return how long ago *moment* was, in words. */
export function formatTimeAgo(moment, now = Date.now()) {
  const seconds = Math.round((now - new Date(moment).getTime()) / 1000);
  if (seconds < 45) return "just now";
  if (seconds < 3600) return relative.format(-Math.max(1, Math.round(seconds / 60)), "minute");
  if (seconds < 86_400) return relative.format(-Math.round(seconds / 3600), "hour");
  if (seconds < 30 * 86_400) return relative.format(-Math.round(seconds / 86_400), "day");
  return dateTime.format(new Date(moment));
}

/** Return a component whose code is fetched when it is first drawn. */
export function lazy(load) {
  return function Lazy(props) {
    const [Component, setComponent] = useState(null);
    useEffect(() => {
      load().then((loaded) => setComponent(() => loaded)).catch(() => {});
    }, []);
    return Component && html`<${Component} ...${props} />`;
  };
}

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
  [ImageStatus.UPLOADED]: { word: "Not segmented", icon: "circle-dashed", tone: "wait" },
  [ImageStatus.QUEUED]: { word: "Queued", icon: "clock", tone: "wait" },
  [ImageStatus.PROCESSING]: { word: "Segmenting", icon: "loader-circle", tone: "run" },
  [ImageStatus.SEGMENTED]: { word: "Segmented", icon: "circle-check", tone: "ok" },
  [ImageStatus.NO_OBJECTS]: { word: "No objects", icon: "circle-slash", tone: "wait" },
  [ImageStatus.FAILED]: { word: "Failed", icon: "triangle-alert", tone: "bad" },
});

/** The state of an image by icon, word and colour, never by colour alone. */
export function StatusBadge({ status }) {
  const { word, icon, tone } = STATUS[status];
  const spin = status === ImageStatus.PROCESSING ? "spin" : "";
  return html`<span class="badge ${tone}"><${Icon} name=${icon} class=${spin} />${word}</span>`;
}

/** Return how much of a project is done, such as "1,030 of 1,240 segmented". */
export function progressWords({ segmentedCount, imageCount, noObjectsCount }) {
  const words = `${formatNumber(segmentedCount)} of ${formatNumber(imageCount)} segmented`;
  return noObjectsCount ? `${words}, ${formatNumber(noObjectsCount)} without objects` : words;
}

/** Return why an image waits and about how long, in words. */
export function waitingWords({ reason, etaSeconds }) {
  if (!etaSeconds) return reason;
  const [low, high] = etaSeconds.map(roughly);
  return `${reason} ${low === high ? `About ${low}.` : `About ${low} to ${high}.`}`;
}

// No finer than an estimate is.
const roughly = (seconds) => (seconds < 90 ? `${seconds} s` : `${formatNumber(Math.round(seconds / 60))} min`);

/** Return the parameters of a run as one line. */
export const parameterWords = (params) =>
  Object.entries(params ?? {}).map(([name, value]) => `${name} = ${value ?? "automatic"}`).join(", ") || "defaults";

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
    aria-valuetext=${progressWords(stats)}
  >
    <i class="ok" style=${part(stats.segmentedCount)}></i>
    <i class="none" style=${part(stats.noObjectsCount)}></i>
    <i class="run" style=${part(stats.processingCount)}></i>
    <i class="bad" style=${part(stats.failedCount)}></i>
  </div>`;
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
      <${Icon} name="rotate-ccw" />Try again
    </button>`}
  </${Note}>`;
}

export const CancelButton = ({ words = "Cancel", about, onClick, class: extra = "" }) =>
  html`<button type="button" class="button small ${extra}" onClick=${onClick}>
    <${Icon} name="x" />${words}${about && html`<span class="visually-hidden"> ${about}</span>`}
  </button>`;

export const Loading = ({ children }) =>
  html`<div class="loading"><${Icon} name="loader-circle" class="spin" />${children}</div>`;

export const Empty = ({ icon, title, children }) =>
  html`<div class="empty"><${Icon} name=${icon} /><h2>${title}</h2>${children}</div>`;
