// The parameters of an engine as a form, made of their JSON schema.

import { t } from "../i18n.js";
import { formatNumber, html } from "../ui.js";

/** *values* are those that are not the engine's own; ids of fields begin with *prefix*. */
export function Parameters({ engine, values, onChange, id = "engine-params", prefix = "param" }) {
  const fields = Object.entries(engine.params.properties || {});
  const set = (name, value) => onChange({ ...values, [name]: value });
  return html`<div class="params" id=${id}>
    ${fields.map(([name, schema]) => html`<${Parameter} key=${name} prefix=${prefix} name=${name} schema=${schema} value=${values[name] ?? schema.default} onChange=${set} />`)}
    ${fields.length === 0 && html`<p class="muted">${t("segmentBar.thisEngineHasNoParameters")}</p>`}
  </div>`;
}

/** One parameter as its JSON schema describes it. */
function Parameter({ prefix, name, schema, value, onChange }) {
  const id = `${prefix}-${name}`;
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
  // Left empty means the engine's own choice. A value of the page's would replace what is typed
  // each time the page is drawn anew, as it is while counts change.
  const read = ({ target }) => onChange(target.value === "" ? undefined : numeric ? target.valueAsNumber : target.value);
  return html`<input class="input number" ...${shared} defaultValue=${value ?? ""} placeholder=${t("params.automatic")}
    type=${numeric ? "number" : "text"} step=${whole ? 1 : "any"}
    min=${schema.minimum ?? schema.exclusiveMinimum} max=${schema.maximum ?? schema.exclusiveMaximum} onChange=${read} />`;
}

function Hint({ id, schema }) {
  const { minimum: low, maximum: high } = schema;
  const range = low !== undefined && high !== undefined ? ` ${t("params.range", { low: formatNumber(low), high: formatNumber(high) })}` : "";
  return html`<span class="hint" id="${id}-hint">${schema.description || ""}${range}</span>`;
}
