// The totals of the dashboard, each with what stored facts say of its trend.

import { useEffect } from "preact/hooks";
import { useDashboardMetrics } from "../home_hooks.js";
import { cancel } from "../hooks.js";
import { t } from "../i18n.js";
import { projectIds } from "../cards.js";
import { coarser, throughputOf, totals, watchThroughput } from "../throughput.js";
import { CancelButton, Icon, formatDuration, formatNumber, html, lazy } from "../ui.js";

const SPAN = "24h";
const AN_HOUR = 4; // Points of it.
const WIDTH = 72;
const HEIGHT = 24;

/** A line without axes; the words beside it say what it shows. */
function Sparkline({ values }) {
  const most = Math.max(...values, 1);
  const x = (at) => (at * WIDTH) / (values.length - 1);
  const y = (value) => HEIGHT - 2 - ((HEIGHT - 4) * value) / most;
  const points = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  return html`<svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
    <polyline points=${points} />
  </svg>`;
}

/** How much more or less than in the 24 hours before. */
function Trend({ now, before, values, words }) {
  const by = now - before;
  const icon = by < 0 ? "trending-down" : "trending-up";
  return html`<dd class="kpi-trend number" title=${t("kpi.trend.title")}>
    <span>${by !== 0 && html`<${Icon} name=${icon} />`}${words(by)}</span>
    <${Sparkline} values=${values} />
  </dd>`;
}

const signed = (by) => `${by > 0 ? "+" : "−"}${formatNumber(Math.abs(by))}`;
const counted = (by) => (by === 0 ? t("kpi.trend.same") : t("kpi.trend.by", { by: signed(by) }));
const timed = (by) => (by === 0 ? t("kpi.trend.same") : t("kpi.trend.by", { by: `${by > 0 ? "+" : "−"}${formatDuration(Math.abs(by))}` }));

function CountTrend({ of, name }) {
  if (!of) return null;
  const [now, before] = [totals(of.points)[name], totals(of.before)[name]];
  if (now + before === 0) return null;
  const values = coarser(of.points, AN_HOUR).map((each) => each[name]);
  return html`<${Trend} now=${now} before=${before} values=${values} words=${counted} />`;
}

const pace = ({ runMs, segmented }) => (segmented ? Math.round(runMs / segmented) : 0);

function PaceTrend({ of }) {
  if (!of) return null;
  const [now, before] = [pace(totals(of.points)), pace(totals(of.before))];
  if (!now || !before) return null;
  // An hour without a result has no pace: the line goes on as it was.
  let last = 0;
  const values = coarser(of.points, AN_HOUR).map((each) => (last = pace(each) || last));
  return html`<${Trend} now=${now} before=${before} values=${values} words=${timed} />`;
}

function KpiTile({ name, label, value, more, icon, tone = "", warn = false, act, children }) {
  return html`<div class="panel kpi">
    <dt class="kpi-name">${label}<span class="kpi-icon ${tone}"><${Icon} name=${icon} /></span></dt>
    <dd class="kpi-value number" data-kpi=${name}>${value}</dd>
    <dd class="kpi-more number ${warn ? "warn" : ""}">${more}</dd>
    ${children} ${act && html`<dd class="kpi-act">${act}</dd>`}
  </div>`;
}

const QueueLeft = lazy(async () => (await import("./Left.js")).QueueLeft);

function Queue({ queueLength, processingImages }) {
  const busy = queueLength + processingImages > 0;
  const more = html`${t("kpi.processing", { count: processingImages })}${queueLength > 0 && html`<${QueueLeft} />`}`;
  return html`<${KpiTile} name="Queue" label=${t("kpi.queue")} icon="clock" tone="warn" value=${formatNumber(queueLength)}
    more=${more}
    act=${busy && html`<${CancelButton} words=${t("kpi.cancelMine")} onClick=${() => cancel("/me", t("kpi.cancelMine.about"))} />`} />`;
}

function Pace({ system, of }) {
  const noWorker = system.workersOnline === 0;
  return html`<${KpiTile} name="Time per image" label=${t("kpi.pace")} icon="cpu" warn=${noWorker}
    value=${system.avgProcessingTime ? formatDuration(system.avgProcessingTime) : "–"}
    more=${noWorker ? t("kpi.noWorker") : t("kpi.workers", { count: system.workersOnline })}>
    <${PaceTrend} of=${of} />
  </${KpiTile}>`;
}

export function Kpis() {
  const { metrics } = useDashboardMetrics();
  const some = Boolean(metrics) && projectIds.value.length > 0;
  useEffect(() => (some ? watchThroughput(SPAN) : undefined), [some]);
  if (!some) return null;
  const { recentActivity: recent, systemStats: system } = metrics;
  const of = throughputOf(SPAN).value;
  return html`<dl class="kpis">
    <${KpiTile} name="Objects" label=${t("kpi.objects")} icon="shapes" value=${formatNumber(metrics.totalObjects)}
      more=${t("kpi.inProjects", { count: metrics.totalProjects })}>
      ${metrics.totalSegmented > 0 && html`<dd class="kpi-trend number">${t("kpi.perImage", { each: Math.round(metrics.totalObjects / metrics.totalSegmented) })}</dd>`}
    </${KpiTile}>
    <${KpiTile} name="Images" label=${t("kpi.images")} icon="images" value=${formatNumber(metrics.totalImages)}
      more=${t("kpi.uploadedToday", { count: recent.imagesUploadedToday })}>
      <${CountTrend} of=${of} name="uploaded" />
    </${KpiTile}>
    <${KpiTile} name="Segmented" label=${t("kpi.segmented")} icon="circle-check" tone="ok" value=${formatNumber(metrics.totalSegmented)}
      more=${t("kpi.today", { count: recent.segmentationsCompletedToday })}>
      <${CountTrend} of=${of} name="segmented" />
    </${KpiTile}>
    <${Queue} ...${system} />
    <${Pace} system=${system} of=${of} />
  </dl>`;
}
