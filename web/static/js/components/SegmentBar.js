// Choosing an engine and its parameters, and asking for what is to be segmented.

import { useEffect, useState } from "preact/hooks";
import { boot, request } from "../api.js";
import { Icon, Note, formatNumber, html } from "../ui.js";

const ASK_AGAIN = 10_000;
const AUTOMATIC = "";

export function SegmentBar({ stats, picked, onSegment }) {
  const engines = useEngines();
  const [name, setName] = useState(AUTOMATIC);
  const [params, setParams] = useState({});
  const [open, setOpen] = useState(false);
  const engine = engines.find((each) => each.name === name);

  const pick = ({ target }) => {
    setName(target.value);
    setParams({});
  };
  const order = (select) => ({ select, ...(engine && { engine: name, params }) });
  return html`<section class="panel segment" aria-label="Segment">
    <div class="segment-row">
      <label class="field-inline">Engine
        <select class="input" value=${name} onChange=${pick}>
          <option value=${AUTOMATIC}>Automatic, by the kind of image</option>
          ${engines.map((each) => html`<option key=${each.name} value=${each.name}>${each.title}${each.available ? "" : " (not available)"}</option>`)}
        </select>
      </label>
      ${engine &&
      html`<button type="button" class="button" aria-expanded=${open} aria-controls="engine-params" onClick=${() => setOpen(!open)}>
        <${Icon} name="sliders-horizontal" />Parameters
      </button>`}
      <span class="push"></span>
      <${Buttons} stats=${stats} engine=${engine} picked=${picked.value} ask=${(select, force) => onSegment({ ...order(select), force })} />
    </div>
    ${engine && open && html`<${Parameters} key=${name} engine=${engine} values=${params} onChange=${setParams} />`}
    <${Availability} engine=${engine} engines=${engines} />
  </section>`;
}

/** The installed engines; asked again while one of them cannot be used. */
function useEngines() {
  const [engines, setEngines] = useState(boot.engines);
  const allAvailable = engines.length > 0 && engines.every(({ available }) => available);
  useEffect(() => {
    if (allAvailable) return undefined;
    const ask = () => request("/engines").then(({ items }) => setEngines(items)).catch(() => {});
    const timer = setInterval(ask, ASK_AGAIN);
    return () => clearInterval(timer);
  }, [allAvailable]);
  return engines;
}

// What is picked by hand is done again, even where it has the very result already.
function Buttons({ stats, engine, picked, ask }) {
  const { uploadedCount: fresh, failedCount: failed } = stats;
  return html`
    ${picked.size > 0 && html`<button type="button" class="button" onClick=${() => ask([...picked], true)}>
      <${Icon} name="scan" />Segment ${formatNumber(picked.size)} selected
    </button>`}
    ${failed > 0 && engine && html`<button type="button" class="button" onClick=${() => ask("failed", false)}>
      <${Icon} name="rotate-ccw" />Retry ${formatNumber(failed)} failed with this engine
    </button>`}
    <button type="button" class="button primary" disabled=${fresh === 0} onClick=${() => ask("unprocessed", false)}>
      <${Icon} name="play" />Segment ${formatNumber(fresh)} unprocessed
    </button>`;
}

function Availability({ engine, engines }) {
  const chosen = engine ? [engine] : engines;
  if (chosen.length && chosen.some(({ available }) => available)) return null;
  const reason = chosen[0]?.reason || "No worker is online.";
  return html`<${Note} tone="warn" icon="triangle-alert">
    <p>${reason} Images can be queued now; they are segmented as soon as a worker can take them.</p>
  </${Note}>`;
}

function Parameters({ engine, values, onChange }) {
  const fields = Object.entries(engine.params.properties || {});
  const set = (name, value) => onChange({ ...values, [name]: value });
  return html`<div class="params" id="engine-params">
    ${fields.map(([name, schema]) => html`<${Parameter} key=${name} name=${name} schema=${schema} value=${values[name] ?? schema.default} onChange=${set} />`)}
    ${fields.length === 0 && html`<p class="muted">This engine has no parameters.</p>`}
  </div>`;
}

/** One parameter as its JSON schema describes it. */
function Parameter({ name, schema, value, onChange }) {
  const id = `param-${name}`;
  const words = schema.title || name[0].toUpperCase() + name.slice(1).replaceAll("_", " ");
  const shared = { id, "aria-describedby": `${id}-hint` };
  if (schema.type === "boolean") {
    return html`<div class="field">
      <label class="check" for=${id}><input type="checkbox" ...${shared} checked=${value} onChange=${({ target }) => onChange(name, target.checked)} />${words}</label>
      <${Hint} id=${id} schema=${schema} />
    </div>`;
  }
  return html`<div class="field">
    <label for=${id}>${words}</label>
    ${schema.enum
      ? html`<select class="input" ...${shared} value=${value} onChange=${({ target }) => onChange(name, schema.enum[target.selectedIndex])}>
          ${schema.enum.map((each) => html`<option key=${each} value=${each}>${String(each)}</option>`)}
        </select>`
      : html`<${Value} shared=${shared} schema=${schema} value=${value} onChange=${(next) => onChange(name, next)} />`}
    <${Hint} id=${id} schema=${schema} />
  </div>`;
}

function Value({ shared, schema, value, onChange }) {
  const types = [schema.type ?? (schema.anyOf || []).map(({ type }) => type)].flat();
  const whole = types.includes("integer") && !types.includes("number");
  const numeric = whole || types.includes("number");
  // Left empty means the engine's own choice.
  const read = ({ target }) => onChange(target.value === "" ? undefined : numeric ? target.valueAsNumber : target.value);
  return html`<input class="input number" ...${shared} value=${value ?? ""} placeholder="automatic"
    type=${numeric ? "number" : "text"} step=${whole ? 1 : "any"}
    min=${schema.minimum ?? schema.exclusiveMinimum} max=${schema.maximum ?? schema.exclusiveMaximum} onChange=${read} />`;
}

function Hint({ id, schema }) {
  const { minimum: low, maximum: high } = schema;
  const range = low !== undefined && high !== undefined ? ` ${formatNumber(low)} to ${formatNumber(high)}.` : "";
  return html`<span class="hint" id="${id}-hint">${schema.description || ""}${range}</span>`;
}
