// The drawer of uploads: how far all are and each, what became of them, and what can be done.

import { useEffect, useRef, useState } from "preact/hooks";
import { locale, rich, t } from "../i18n.js";
import { Icon, formatBytes, html } from "../ui.js";
import { act, add, shown, uploads } from "../uploads/client.js";
import { chosenFiles } from "../uploads/files.js";
import { Pace, secondsLeft } from "../uploads/pace.js";

const LOOKS = {
  waiting: ["wait", "clock"],
  sending: ["run", "upload"],
  retrying: ["warn", "rotate-ccw"],
  paused: ["wait", "pause"],
  missing: ["warn", "clock"],
  unpacking: ["run", "loader-circle"],
  accepted: ["ok", "check"],
  duplicate: ["wait", "circle-slash"],
  rejected: ["bad", "triangle-alert"],
  failed: ["bad", "triangle-alert"],
};

const stateWord = (state) => t(`uploads.state.${state}`);

const LISTED = 100;
const PROJECTS_NAMED = 3;
// What needs attention stands first; of thousands of others a number is enough.
const ORDER = ["sending", "retrying", "unpacking", "failed", "rejected", "duplicate", "missing", "paused", "waiting", "accepted"];
const TOLD = ["unpacking", "accepted", "duplicate", "rejected", "failed", "paused", "missing"];
const ACTIVE = ["waiting", "sending", "retrying"];
const pace = new Pace();

export function UploadDrawer() {
  const [open, setOpen] = useState(true);
  shown.value; // Drawn anew when it changes.
  const groups = byState();
  const busy = count(groups, ACTIVE) > 0;
  useEnd(busy, groups);
  if (uploads.size === 0) return null;
  return html`<section class="panel uploads" aria-label=${t("uploads.title")}>
    <${Head} groups=${groups} busy=${busy} open=${open} onFold=${() => setOpen(!open)} />
    ${open && html`<${Unfinished} rows=${groups.missing} />`}
    ${open && html`<${Files} groups=${groups} busy=${busy} />`}
  </section>`;
}

function byState() {
  const groups = Object.fromEntries(ORDER.map((state) => [state, []]));
  for (const row of uploads.values()) groups[row.state].push(row);
  return groups;
}

const count = (groups, states) => states.reduce((sum, state) => sum + groups[state].length, 0);

/** Tell those who do not see it when all is done. */
function useEnd(busy, groups) {
  const was = useRef(false);
  useEffect(() => {
    const region = document.getElementById("announcements");
    if (was.current && !busy && region) region.textContent = [t("uploads.title"), ...told(groups)].join(" · ");
    was.current = busy;
  }, [busy]);
}

const told = (groups) =>
  TOLD.filter((state) => groups[state].length).map((state) => t(`uploads.count.${state}`, { count: groups[state].length }));

function Head({ groups, busy, open, onFold }) {
  const { bytes, sent } = totals();
  const resting = count(groups, ["paused", "failed"]);
  const title = t(busy ? "uploads.uploading" : resting + groups.missing.length ? "uploads.title" : "uploads.uploaded");
  const again = groups.paused.length ? [t("uploads.resume"), "play"] : [t("uploads.sendAgain", { count: resting }), "rotate-ccw"];
  return html`<div class="uploads-head number">
    <h2>${title}</h2>
    <span class="push"></span>
    ${busy && html`<${Act} words=${t("uploads.pause")} icon="pause" onClick=${() => act("pause")} />`}
    ${resting > 0 && html`<${Act} words=${again[0]} icon=${again[1]} onClick=${() => act("resume")} />`}
    ${busy || resting > 0 ? html`<${Act} words=${t("cancel")} icon="x" onClick=${() => act("cancel")} />` : !groups.missing.length && html`<${Act} words=${t("uploads.close")} icon="x" onClick=${() => act("clear")} />`}
    <button type="button" class="button small quiet" aria-expanded=${open} aria-label=${t("uploads.fold")} onClick=${onFold}><${Icon} name="chevron-down" class=${open ? "" : "folded"} /></button>
    <p class="meta uploads-sum" data-uploads>${[t("uploads.sum", { count: uploads.size, bytes: formatBytes(bytes) }), ...told(groups)].join(" · ")}</p>
    <${Progress} label=${t("uploads.title")} sent=${sent} size=${bytes} />
    ${busy && html`<p class="meta" data-pace>${paceWords(bytes, sent)}</p>`}
  </div>`;
}

function totals() {
  let bytes = 0;
  let sent = 0;
  for (const row of uploads.values()) {
    bytes += row.size;
    sent += row.sent;
  }
  return { bytes, sent };
}

function paceWords(bytes, sent) {
  pace.note(sent);
  const rate = pace.rate();
  const share = t("uploads.share", { share: Math.floor((100 * sent) / (bytes || 1)) });
  const words = rate ? [share, t("uploads.rate", { bytes: formatBytes(rate) }), leftWords(secondsLeft(bytes - sent, rate))] : [share];
  return words.join(" · ");
}

/** No finer than an estimate is. */
function leftWords(seconds) {
  if (seconds < 5) return t("uploads.left.moment");
  if (seconds < 90) return t("uploads.left.seconds", { count: 5 * Math.ceil(seconds / 5) });
  if (seconds < 5400) return t("uploads.left.minutes", { count: Math.round(seconds / 60) });
  return t("uploads.left.hours", { count: Math.round(seconds / 3600) });
}

function Progress({ label, sent, size }) {
  const share = size ? Math.floor((100 * sent) / size) : 100;
  return html`<div class="bar" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${share}>
    <i class="run" style=${{ width: `${share}%` }}></i>
  </div>`;
}

/** What an earlier page left: only the same files can go on with it. */
function Unfinished({ rows }) {
  const files = useRef(null);
  const folder = useRef(null);
  if (rows.length === 0) return null;
  const given = ({ target }) => {
    add(chosenFiles(target.files), { onlyKnown: true });
    target.value = "";
  };
  return html`<div class="uploads-left" data-unfinished>
    <p>${rich("uploads.unfinished", { unfinished: html`<strong>${t("uploads.unfinished.count", { count: rows.length })}</strong>`, projects: projectsOf(rows) })}</p>
    <input ref=${files} type="file" hidden multiple onChange=${given} />
    <input ref=${folder} type="file" hidden webkitdirectory onChange=${given} />
    <div class="uploads-acts">
      <button type="button" class="button small" onClick=${() => files.current.click()}>${t("uploads.chooseFiles")}</button>
      <button type="button" class="button small" onClick=${() => folder.current.click()}>${t("uploads.chooseFolder")}</button>
      <button type="button" class="button small quiet" onClick=${() => act("cancel", rows.map(({ id }) => id))}>${t("uploads.forget")}</button>
    </div>
  </div>`;
}

function projectsOf(rows) {
  const titles = [...new Set(rows.map(({ project }) => project).filter(Boolean))];
  return new Intl.ListFormat(locale).format(titles.slice(0, PROJECTS_NAMED));
}

function Files({ groups, busy }) {
  // When all is done, only what went otherwise than hoped for is still listed.
  const states = busy ? ORDER : ORDER.filter((state) => state !== "accepted");
  const total = count(groups, states);
  if (total === 0) return null;
  const listed = [];
  for (const state of states) listed.push(...groups[state].slice(0, LISTED - listed.length));
  return html`<ul class="uploads-list" tabindex="0" role="list" aria-label=${t("uploads.files")}>
    ${listed.map((row) => html`<${Row} key=${row.id} row=${row} />`)}
    ${total > listed.length && html`<li class="why">${t("uploads.andMore", { count: total - listed.length })}</li>`}
  </ul>`;
}

function Row({ row }) {
  const [tone, icon] = LOOKS[row.state];
  const name = row.path || row.name;
  const moving = row.state === "sending" || row.state === "retrying";
  const share = row.size ? Math.floor((100 * row.sent) / row.size) : 0;
  const word = row.state === "sending" && share < 100 ? t("uploads.share", { share }) : stateWord(row.state === "sending" ? "checking" : row.state);
  const why = [...(row.said ?? []).map(([name, values]) => t(`uploads.said.${name}`, values)), row.detail].filter(Boolean).join(" ");
  return html`<li data-upload=${row.state}>
    <span class="name" title=${name}>${name}</span>
    <span class="badge ${tone}"><${Icon} name=${icon} />${word}</span>
    <${RowActs} row=${row} name=${name} />
    ${(moving || row.state === "paused") && html`<${Progress} label=${name} sent=${row.sent} size=${row.size} />`}
    ${why && html`<span class="why">${why}</span>`}
  </li>`;
}

function RowActs({ row, name }) {
  const ids = [row.id];
  const button = (word, icon, type) => html`<button type="button" class="button small quiet" aria-label=${t(`uploads.act.${word}`, { name })} onClick=${() => act(type, ids)}><${Icon} name=${icon} /></button>`;
  const canPause = ACTIVE.includes(row.state);
  const canResume = row.state === "paused" || row.state === "failed";
  return html`<span class="uploads-acts">
    ${canPause && button("pause", "pause", "pause")}
    ${canResume && button(row.state === "paused" ? "resume" : "again", row.state === "paused" ? "play" : "rotate-ccw", "resume")}
    ${(canPause || canResume || row.state === "missing") && button("cancel", "x", "cancel")}
  </span>`;
}

const Act = ({ words, icon, onClick }) =>
  html`<button type="button" class="button small" onClick=${onClick}><${Icon} name=${icon} />${words}</button>`;
