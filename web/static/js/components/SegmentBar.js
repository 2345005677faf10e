// Choosing an engine and its parameters, and asking for what is to be segmented.

import { useEffect, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { boot, request } from "../api.js";
import { t } from "../i18n.js";
import { statsOf } from "../stores.js";
import { Icon, Note, formatNumber, html } from "../ui.js";
import { Parameters } from "./Parameters.js";

const ASK_SOON = 1000;
const ASK_AGAIN = 10_000;
const AUTOMATIC = "";

/** The engine that is chosen, and its parameters; selected images are segmented with it too. */
const chosen = signal({ name: AUTOMATIC, params: {} });

/** Return what an order says of the engine; nothing when it is to be found by the kind of image. */
export function chosenEngine() {
  const { name, params } = chosen.peek();
  return name === AUTOMATIC ? {} : { engine: name, params };
}

export function SegmentBar({ stats, onSegment }) {
  const engines = useEngines();
  const choice = useChoice(statsOf(boot.project.id).value?.imageCount);
  const [open, setOpen] = useState(false);
  const { name, params } = chosen.value;
  const engine = engines.find((each) => each.name === name);

  const pick = ({ target }) => (chosen.value = { name: target.value, params: {} });
  const setParams = (next) => (chosen.value = { name, params: next });
  return html`<section class="panel segment" aria-label=${t("first.segment")}>
    <div class="segment-row">
      <label class="field-inline">${t("engine")}
        <select class="input" value=${name} onChange=${pick}>
          <option value=${AUTOMATIC}>${t("segmentBar.automaticByTheKindOf")}</option>
          ${engines.map((each) => html`<option key=${each.name} value=${each.name}>${each.available ? each.title : t("resegment.unavailable", { title: each.title })}</option>`)}
        </select>
      </label>
      ${engine &&
      html`<button type="button" class="button" aria-expanded=${open} aria-controls="engine-params" onClick=${() => setOpen(!open)}>
        <${Icon} name="sliders-horizontal" />${t("parameters")}
      </button>`}
      <span class="push"></span>
      <${Buttons} stats=${stats} engine=${engine} ask=${(select) => onSegment({ select, ...chosenEngine(), force: false })} />
    </div>
    ${!engine && choice.engine && stats.imageCount > 0 && html`<p class="hint" data-choice>
      ${t("segmentBar.automaticIsTitleReason", { title: choice.engine.title, reason: choice.chosen.reason })}
    </p>`}
    ${engine && open && html`<${Parameters} key=${name} engine=${engine} values=${params} onChange=${setParams} />`}
    <${Availability} engine=${engine} engines=${engines} />
  </section>`;
}

/** The installed engines; asked again while none of them can be used. */
function useEngines() {
  const [engines, setEngines] = useState(boot.engines);
  const someAvailable = engines.some(({ available }) => available);
  useEffect(() => {
    if (someAvailable) return undefined;
    const ask = () => request("/engines").then(({ items }) => setEngines(items)).catch(() => {});
    const timer = setInterval(ask, ASK_AGAIN);
    return () => clearInterval(timer);
  }, [someAvailable]);
  return engines;
}

/** The engine that is taken when none is named; asked again when the server has images more or less. */
function useChoice(imageCount) {
  const before = boot.project.stats.imageCount;
  const [asked, setAsked] = useState({ imageCount: before, choice: boot.choice, wait: before ? ASK_SOON : 0 });
  const latest = useRef(imageCount);
  latest.current = imageCount;
  const stale = asked.imageCount !== imageCount;
  useEffect(() => {
    if (!stale) return undefined;
    const stop = new AbortController();
    const ask = () => {
      const count = latest.current;
      request(`/projects/${boot.project.id}/engine`, { signal: stop.signal })
        .then((choice) => setAsked({ imageCount: count, choice, wait: ASK_SOON }))
        .catch(() => !stop.signal.aborted && setAsked({ ...asked, wait: ASK_AGAIN }));
    };
    const timer = setTimeout(ask, asked.wait); // While many come, now and then.
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [stale, asked]);
  return asked.choice;
}

function Buttons({ stats, engine, ask }) {
  const { uploadedCount, failedCount: failed } = stats;
  // What is still on its way here cannot be segmented yet.
  const fresh = Math.min(uploadedCount, statsOf(boot.project.id).value.uploadedCount);
  return html`
    ${failed > 0 && engine && html`<button type="button" class="button" onClick=${() => ask("failed")}>
      <${Icon} name="rotate-ccw" />${t("segmentBar.retryFailedFailedWithThis", { failed })}
    </button>`}
    <button type="button" class="button primary" disabled=${fresh === 0} onClick=${() => ask("unprocessed")}>
      <${Icon} name="play" />${t("segmentBar.segmentFreshUnprocessed", { fresh })}
    </button>`;
}

function Availability({ engine, engines }) {
  const chosen = engine ? [engine] : engines;
  if (chosen.length && chosen.some(({ available }) => available)) return null;
  const reason = chosen[0]?.reason || t("segmentBar.noWorkerIsOnline");
  return html`<${Note} tone="warn" icon="triangle-alert">
    <p>${t("segmentBar.reasonImagesCanBeQueued", { reason })}</p>
  </${Note}>`;
}
