// The results of a project: how two measurements are distributed, and tables of images and objects.

import { useEffect, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { boot, request } from "./api.js";
import { ChannelKind, EventType, ImageStatus, channel } from "./events.js";
import { t } from "./i18n.js";
import { connection, useGone, useProjectCardUpdates } from "./hooks.js";
import { keepProject } from "./stores.js";
import { ConnPill, Empty, ErrorNote, Icon, Loading, STATUS, formatNumber, html, lazy, mount } from "./ui.js";
import { Toasts } from "./components/Toasts.js";
import { ResultTable, figure } from "./components/ResultTable.js";
import { titled } from "./components/Charts.js";

const project = boot.project;
const path = `/projects/${project.id}/results`;
const ASK_ON = 400; // While more is being read.
const LOOK_AFTER = 300;

const Histogram = lazy(async () => (await import("./components/Charts.js")).Histogram);
const Scatter = lazy(async () => (await import("./components/Charts.js")).Scatter);

// The address says what is shown; what it leaves out is the usual.
const USUAL = { x: "", y: "", q: "", status: "", table: "images", sort: "" };

const read = () => ({ ...USUAL, ...Object.fromEntries([...new URLSearchParams(location.search)].filter(([name]) => name in USUAL)) });
const view = signal(read());

function choose(changes) {
  view.value = { ...view.peek(), ...changes };
  const words = new URLSearchParams(Object.entries(view.peek()).filter(([name, value]) => value !== USUAL[name]));
  history.replaceState(null, "", String(words) ? `?${words}` : location.pathname);
}

const filterOf = ({ q, status }) => String(new URLSearchParams({ ...(q && { q }), ...(status && { status }) }));

/** Ask for the results, and again while more of them is being read; `edition` counts the answers. */
function useResults({ x, y, q, status }, asked) {
  const [{ found, error, edition }, setAnswer] = useState({ edition: 0 });
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    const ask = async () => {
      const words = filterOf({ q, status });
      const chosen = new URLSearchParams({ ...(x && { x }), ...(y && { y }) });
      try {
        const next = await request(`${path}?${words}&${chosen}`, { signal: stop.signal });
        setAnswer((before) => ({ found: next, edition: before.edition + 1 }));
        if (next.images.read < next.images.sampled) timer = setTimeout(ask, ASK_ON);
      } catch (refusal) {
        if (refusal.name !== "AbortError") setAnswer((before) => ({ ...before, error: refusal }));
      }
    };
    ask();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [x, y, q, status, asked]);
  return { found, error, edition };
}

const hasResult = ({ status }) => status === ImageStatus.SEGMENTED || status === ImageStatus.NO_OBJECTS;

/**
 * Tell whether results came or went since *asked* was counted up, as far as anybody can tell. What
 * happened between the first answer and the moment from which we hear of it, we ask for *again*.
 */
function useNews(asked, isOlder, again) {
  const [news, setNews] = useState(false);
  const [gap, setGap] = useState(false);
  useEffect(() => {
    setNews(false);
    setGap(false);
  }, [asked]);
  useEffect(() => {
    let listening = false;
    const onPub = ({ type, data }) => {
      if (type === EventType.IMAGE_STATUS_UPDATE && data.images.some(hasResult)) setNews(true);
      if (type === EventType.PROJECT_IMAGE_COUNT_CHANGE && data.newCount < data.previousCount) setNews(true);
    };
    const onGap = () => {
      if (listening) return setGap(true);
      listening = true;
      again();
    };
    return connection.listen(channel(ChannelKind.IMAGES, project.id), { onPub, onGap });
  }, []);
  // What was missed in a gap is unknown; that the counts moved on says that something was.
  return news || (gap && isOlder);
}

function Results() {
  const { projectStats: stats } = useProjectCardUpdates(project.id);
  const [asked, setAsked] = useState(0);
  const shown = view.value;
  const { found, error, edition } = useResults(shown, asked);
  const again = () => setAsked((times) => times + 1);
  const news = useNews(asked, Boolean(found) && found.version < stats.version, again);
  const filtered = Boolean(shown.q || shown.status);
  useUsual(found);
  const update = news && html`<${News} onClick=${again} />`;
  if (error) return html`<${ErrorNote} error=${error} onRetry=${again} />`;
  if (!found) return html`<${Loading}>${t("results.reading")}</${Loading}>`;
  if (found.images.total === 0 && !filtered) return html`<div class="stack">${update}<${Nothing} stats=${stats} /></div>`;
  return html`<div class="stack">
    ${update}
    <${Controls} found=${found} shown=${shown} />
    <${Covered} found=${found} />
    ${found.images.total === 0
      ? html`<${Empty} icon="search-x" title=${t("results.noFit")}><p>${t("results.noFitAbout")}</p></${Empty}>`
      : html`<div class="charts">
            <${Distributed} found=${found} />
            <${Together} found=${found} />
          </div>
          <${Tables} found=${found} shown=${shown} edition=${edition} />`}
  </div>`;
}

/** With a pixel size, begin with micrometres. */
function useUsual(found) {
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current || !found?.measurements.length) return;
    begun.current = true;
    const measures = (name) => found.measurements.some((each) => each.name === name);
    if (!view.peek().x && measures("areaUm2") && found.x.measurement.name === "area") choose({ x: "areaUm2" });
  }, [found]);
}

const News = ({ onClick }) =>
  html`<div class="note" role="status"><${Icon} name="refresh-cw" /><div class="news-line">
    <p>${t("results.newer")}</p><button type="button" class="button small" onClick=${onClick}>${t("results.show")}</button>
  </div></div>`;

function Nothing({ stats }) {
  const [title, words] = stats.imageCount
    ? [t("results.none"), t("results.noneAbout")]
    : [t("results.nothing"), t("results.nothingAbout")];
  return html`<section class="panel"><${Empty} icon="shapes" title=${title}>
    <p>${words}</p>
    <a class="button primary" href="/projects/${project.id}">${t("results.toImages")}</a>
  </${Empty}></section>`;
}

let typing = 0;
const look = (value) => {
  clearTimeout(typing);
  typing = setTimeout(() => choose({ q: value.trim() }), value ? LOOK_AFTER : 0);
};

function Controls({ found, shown }) {
  return html`<section class="panel result-controls" aria-label=${t("results.shown")}>
    <${Measurement} words=${t("results.across")} value=${found.x.measurement} all=${found.measurements} onChange=${(x) => choose({ x })} />
    <${Measurement} words=${t("results.up")} value=${found.y.measurement} all=${found.measurements} onChange=${(y) => choose({ y })} />
    <label class="field-inline">${t("results.table.images")}
      <select class="input" value=${shown.status} onChange=${({ target }) => choose({ status: target.value })}>
        <option value="">${t("results.any")}</option>
        ${[ImageStatus.SEGMENTED, ImageStatus.NO_OBJECTS].map((status) => html`<option key=${status} value=${status}>${STATUS[status].word}</option>`)}
      </select>
    </label>
    <form class="name-filter" role="search" onSubmit=${(event) => event.preventDefault()}>
      <${Icon} name="search" />
      <input class="input" type="search" aria-label=${t("nameFilter.only")} placeholder=${t("nameFilter.name")} maxlength="200" autocomplete="off"
        defaultValue=${shown.q} onInput=${({ target }) => look(target.value)} />
    </form>
  </section>`;
}

function Measurement({ words, value, all, onChange }) {
  const offered = all.some(({ name }) => name === value.name) ? all : [value, ...all];
  return html`<label class="field-inline">${words}
    <select class="input" value=${value.name} onChange=${({ target }) => onChange(target.value)}>
      ${offered.map((each) => html`<option key=${each.name} value=${each.name}>${titled(each)}</option>`)}
    </select>
  </label>`;
}

/** Of how much this is, and whether it is a sample. */
function Covered({ found: { images, objects } }) {
  const reading = images.read < images.sampled;
  const sample = images.sampled < images.total;
  const whole = t("results.whole", { objects: objectsOf(objects.total), images: imagesOf(images.total) });
  return html`<p class="covered number" role="status" data-covered>
    <strong>${whole}</strong>
    ${reading && html`<span class="muted"><${Icon} name="loader-circle" class="spin" /> ${t("results.readSoFar", { read: images.read, images: imagesOf(images.sampled) })}</span>`}
    ${!reading && sample && html`<span class="muted">${t("results.sample", { objects: objectsOf(objects.read), images: imagesOf(images.sampled) })}</span>`}
  </p>`;
}

const objectsOf = (count) => t("results.objects", { count });
const imagesOf = (count) => t("results.images", { count });
const span = (low, high) => t("results.span", { low: figure(low), high: figure(high) });

function Distributed({ found: { x } }) {
  const title = titled(x.measurement);
  if (x.count === 0) return html`<figure class="panel chart-panel"><figcaption>${title}</figcaption><p class="muted">${t("results.noMeasurement")}</p></figure>`;
  const beside = x.below + x.above;
  return html`<figure class="panel chart-panel">
    <figcaption>${title}</figcaption>
    <${Histogram} distribution=${x} label=${t("results.histogram", { title, objects: objectsOf(x.count), median: figure(x.median), low: figure(x.q25), high: figure(x.q75) })} />
    <dl class="chart-facts number">
      ${[["count", formatNumber(x.count)], ["median", figure(x.median)], ["mean", figure(x.mean)], ["std", figure(x.std)], ["half", span(x.q25, x.q75)], ["range", span(x.minimum, x.maximum)]].map(
        ([name, value]) => html`<div key=${name}><dt>${t(`results.fact.${name}`)}</dt><dd>${value}</dd></div>`,
      )}
    </dl>
    ${beside > 0 && html`<p class="meta">${t("results.outliers", { count: beside })}</p>`}
  </figure>`;
}

function Together({ found: { x, y, points, objects } }) {
  const title = t("results.by", { y: y.measurement.title, x: x.measurement.title });
  const open = (at) => location.assign(`/projects/${project.id}/images/${points.images[points.image[at]]}?obj=${points.label[at]}`);
  if (points.x.length === 0) return html`<figure class="panel chart-panel"><figcaption>${title}</figcaption><p class="muted">${t("results.noBoth")}</p></figure>`;
  return html`<figure class="panel chart-panel">
    <figcaption>${title}</figcaption>
    <${Scatter} x=${x.measurement} y=${y.measurement} points=${points} onPick=${open} label=${t("results.scatter", { title, objects: objectsOf(points.x.length) })} />
    <p class="meta">${points.x.length < objects.read && t("results.drawn", { shown: points.x.length, objects: objectsOf(objects.read) })} ${t("results.click")}</p>
  </figure>`;
}

function Tables({ found, shown, edition }) {
  const { table } = shown;
  const measured = [found.x.measurement, found.y.measurement].filter((each, at, all) => all.findIndex(({ name }) => name === each.name) === at);
  const known = new Set(["name", table === "images" ? "objectCount" : "label", ...measured.map(({ name }) => name)]);
  const sort = known.has(shown.sort.replace(/^-/, "")) ? shown.sort : table === "images" ? "name" : `-${measured[0].name}`;
  const turn = (next) => choose({ table: next, sort: "" });
  return html`<section class="panel result-tables" aria-labelledby="tables">
    <div class="section-head">
      <h2 id="tables">${t(`results.table.${table}`)}</h2>
      <div class="chips" role="group" aria-label=${t("results.rows")}>
        ${["images", "objects"].map((each) => html`<button type="button" class="chip" key=${each} aria-pressed=${each === table} onClick=${() => turn(each)}>${t(`results.table.${each}`)}</button>`)}
      </div>
    </div>
    <${ResultTable} key=${table} path=${path} kind=${table} measured=${measured} filter=${filterOf(shown)}
      sort=${sort} onSort=${(next) => choose({ sort: next })} edition=${edition} projectId=${project.id} />
  </section>`;
}

function Page() {
  const Gone = useGone(project);
  return Gone ? html`<${Gone} />` : html`<${Results} />`;
}

keepProject(project);
mount("conn", html`<${ConnPill} connection=${connection} />`);
mount("island", html`<${Page} />`);
mount("toasts", html`<${Toasts} />`);
