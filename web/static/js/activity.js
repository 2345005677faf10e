// The page of the whole feed, or of that of one project; the newest page of it first.

import { useState } from "preact/hooks";
import { boot } from "./api.js";
import { earlier, keepNewestPage, refresh, showEarlier, useActivities } from "./feed.js";
import { connection, useGone, usePolling } from "./hooks.js";
import { t } from "./i18n.js";
import { keepProject } from "./stores.js";
import { ConnPill, ErrorNote, Icon, html, mount } from "./ui.js";
import { ActivityFeed } from "./components/ActivityFeed.js";
import { Toasts } from "./components/Toasts.js";

function Activity() {
  const activities = useActivities();
  usePolling(refresh);
  return html`<section class="panel feed-page" aria-label=${t("activity.activity")}>
    <${ActivityFeed} activities=${activities} />
    ${earlier.value && html`<${Earlier} />`}
  </section>`;
}

function Earlier() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const show = async () => {
    setBusy(true);
    setError(null);
    await showEarlier().catch(setError);
    setBusy(false);
  };
  if (error) return html`<${ErrorNote} error=${error} onRetry=${show} />`;
  return html`<button type="button" class="button" disabled=${busy} onClick=${show}>
    <${Icon} name="chevron-down" />${t("activity.showEarlier")}
  </button>`;
}

function OfProject() {
  const Gone = useGone(boot.project);
  return Gone ? html`<${Gone} />` : html`<${Activity} />`;
}

if (boot.project) keepProject(boot.project);
keepNewestPage(boot.activity);
mount("conn", html`<${ConnPill} connection=${connection} />`);
mount("island", boot.project ? html`<${OfProject} />` : html`<${Activity} />`);
mount("toasts", html`<${Toasts} />`);
