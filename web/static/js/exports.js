// The exports of a project: a form to ask for one, and the list of them, live.

import { useEffect } from "preact/hooks";
import { batch, signal } from "@preact/signals";
import { boot, request } from "./api.js";
import { maker } from "./asking.js";
import { ChannelKind, EventType, ExportStatus, channel } from "./events.js";
import { connection, useGone, usePolling, useProjectCardUpdates } from "./hooks.js";
import { t } from "./i18n.js";
import { keepProject } from "./stores.js";
import { ConnPill, Empty, Icon, html, mount } from "./ui.js";
import { ExportForm, forgetPicked } from "./components/ExportForm.js";
import { ExportList } from "./components/ExportList.js";
import { Toasts, notify } from "./components/Toasts.js";

const project = boot.project;
const path = `/projects/${project.id}/exports`;
const PAGE = 50;

const items = signal(boot.exports.items);
const cursor = signal(boot.exports.nextCursor);
const ENDED = new Set([ExportStatus.DONE, ExportStatus.FAILED, ExportStatus.CANCELLED]);

function keepPage({ items: found, nextCursor }, before = []) {
  batch(() => {
    items.value = [...before, ...found];
    cursor.value = nextCursor;
  });
}

// Of two questions that overlap the later one has the newer answer.
let asked = 0;
async function refresh() {
  const mine = ++asked;
  const page = await request(`${path}?limit=${Math.max(PAGE, Math.min(200, items.peek().length))}`);
  if (mine === asked) keepPage(page);
}

const refreshQuietly = () => refresh().catch(() => {});

async function more() {
  try {
    keepPage(await request(`${path}?limit=${PAGE}&cursor=${cursor.peek()}`), items.peek());
  } catch (refusal) {
    notify({ key: "exports", kind: "bad", text: refusal.message });
  }
}

/** Show how far an export is; what else became of it REST tells. */
function follow({ exportId, status, done, total, detail }) {
  const known = items.peek().find(({ id }) => id === exportId);
  if (!known || ENDED.has(status)) return refreshQuietly();
  if (ENDED.has(known.status)) return undefined; // The event is older than the page.
  items.value = items.peek().map((each) => (each === known ? { ...known, status, done, total, detail } : each));
  return undefined;
}

function useExportUpdates() {
  useEffect(() => {
    const onPub = ({ type, data }) => {
      if (type === EventType.EXPORT_UPDATE && data.projectId === project.id) follow(data);
    };
    return connection.listen(channel(ChannelKind.USER, boot.user.id), { onPub, onGap: refresh });
  }, []);
}

const make = maker(path);

async function ask(body) {
  const made = await make(body);
  forgetPicked(project.id);
  if (!items.peek().some(({ id }) => id === made.id)) items.value = [made, ...items.peek()];
}

async function end(each) {
  try {
    await request(`/exports/${each.id}`, { method: "DELETE" });
    await refresh();
  } catch (refusal) {
    notify({ key: "exports", kind: "bad", text: refusal.message });
    refreshQuietly();
  }
}

function Exports() {
  const { projectStats: stats } = useProjectCardUpdates(project.id);
  useExportUpdates();
  usePolling(refresh);
  const hasImages = stats.imageCount > 0;
  return html`<div class="exports">
    ${hasImages
      ? html`<${ExportForm} projectId=${project.id} stats=${stats} onAsk=${ask} />`
      : html`<section class="panel"><${Empty} icon="images" title=${t("exports.nothingToExportYet")}>
          <p>${t("exports.uploadImagesAndSegmentThem")}</p>
          <a class="button primary" href="/projects/${project.id}">${t("exports.goToTheProject")}</a>
        </${Empty}></section>`}
    <section class="panel exports-list" aria-labelledby="exports-made">
      <h2 id="exports-made">${t("exports.yourExports")}</h2>
      <${ExportList} items=${items.value} onEnd=${end} />
      ${cursor.value && html`<button type="button" class="button" onClick=${more}><${Icon} name="chevron-down" />${t("activity.showEarlier")}</button>`}
    </section>
  </div>`;
}

function Page() {
  const Gone = useGone(project);
  return Gone ? html`<${Gone} />` : html`<${Exports} />`;
}

keepProject(project);
mount("conn", html`<${ConnPill} connection=${connection} />`);
mount("island", html`<${Page} />`);
mount("toasts", html`<${Toasts} />`);
