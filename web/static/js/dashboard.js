// The dashboard: totals, what was done lately, what went wrong, and one live card a project.

import { computed } from "@preact/signals";
import { boot, request } from "./api.js";
import { NewProjectButton, Dialogs, openNewProject } from "./dialogs.js";
import { t } from "./i18n.js";
import { chosenIds } from "./listing.js";
import { keepMetrics } from "./home_hooks.js";
import { keepProjects, projectIds } from "./cards.js";
import { shownStatsOf } from "./stores.js";
import { connection, useAccessChanges, usePolling } from "./hooks.js";
import { keepActivities, useActivities } from "./feed.js";
import { ConnPill, Empty, Icon, html, idle, lazy, mount } from "./ui.js";
import { ActivityFeed } from "./components/ActivityFeed.js";
import { Kpis } from "./components/Kpis.js";
import { Count, ListTools, ProjectList } from "./components/ProjectList.js";
import { Toasts } from "./components/Toasts.js";

const LATEST = 5; // Entries of the feed; the whole of it has a page of its own.

function keepDashboard({ metrics, projects, activity }, cardsBefore) {
  keepMetrics(metrics);
  keepProjects(projects, cardsBefore);
  keepActivities(activity);
}

/** Have the cards follow what became of a project; the code comes with the first of it. */
const followLater = (change) => import("./following.js").then(({ follow }) => follow(change)).catch(() => {});

async function refresh() {
  const before = projectIds.peek();
  keepDashboard(await request("/dashboard"), before);
}

let refreshing = null;
/** Refresh once for all that miss something at the same time, as when the connection is made. */
const refreshOnce = () => (refreshing ??= refresh().finally(() => (refreshing = null)));

function Projects() {
  usePolling(refresh);
  useAccessChanges({ onChange: followLater, onGap: refreshOnce });
  if (projectIds.value.length === 0) return html`<${FirstSteps} />`;
  const ids = chosenIds.value;
  return html`<section aria-labelledby="projects">
    <div class="section-head">
      <h2 id="projects">${t("projects.title")}</h2><${Count} count=${ids.length} />
      <a href="/projects">${t("projects.all")}</a><span class="push"></span><${ListTools} />
    </div>
    <${ProjectList} ids=${ids} />
  </section>`;
}

const Chart = lazy(async () => (await idle(), await import("./components/Throughput.js")).Throughput);

function Lately() {
  const activities = useActivities(LATEST, refreshOnce);
  const charted = projectIds.value.length > 0;
  if (!charted && activities.length === 0) return null;
  return html`<div class="lately">
    ${charted && html`<section class="panel throughput" aria-labelledby="throughput"><${Chart} /></section>`}
    <section class="panel recent" aria-labelledby="recent">
      <div class="section-head">
        <h2 id="recent">${t("recent.title")}</h2><a class="push" href="/activity">${t("recent.all")}</a>
      </div>
      <${ActivityFeed} activities=${activities} />
    </section>
  </div>`;
}

const Attention = lazy(async () => (await import("./components/Attention.js")).Attention);
const failedIds = computed(() => projectIds.value.filter((id) => shownStatsOf(id).value?.failedCount > 0));

const Failed = () => failedIds.value.length > 0 && html`<${Attention} ids=${failedIds.value} />`;

function FirstSteps() {
  return html`<section class="panel" aria-labelledby="first">
    <${Empty} icon="microscope" title=${html`<span id="first">${t("first.title")}</span>`}>
      <p>${t("first.about")}</p>
      <button type="button" class="button primary" onClick=${openNewProject}><${Icon} name="plus" />${t("newProject")}</button>
    </${Empty}>
    <ol class="steps">
      ${["project", "images", "segment"].map((step) => html`<li key=${step}><h3>${t(`first.${step}`)}</h3><p>${t(`first.${step}.about`)}</p></li>`)}
    </ol>
  </section>`;
}

const Dashboard = () =>
  html`<div class="stack"><${Kpis} /><${Lately} /><${Failed} /><${Projects} /><${Dialogs} /></div>`;

keepDashboard(boot);
mount("conn", html`<${ConnPill} connection=${connection} />`);
mount("actions", html`<${NewProjectButton} />`);
mount("island", html`<${Dashboard} />`);
mount("toasts", html`<${Toasts} />`);
