// How the picture and the outlines look: channels with window, gamma and colour; what colours mean.

import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n.js";
import { html } from "../ui.js";
import { columnsOf } from "../viewer/columns.js";
import { COLOURS, firstSettings, rangeOf, windowOf } from "../viewer/luts.js";
import { changeChannels, changeLook, channels, colouredBy, look, objects } from "../viewer/state.js";

const STEPS = 1000; // Of a slider.

export function Display({ projectId, known }) {
  return html`<div class="display">
    <${Channels} projectId=${projectId} />
    <${OutlineLook} known=${known} />
  </div>`;
}

function Channels({ projectId }) {
  if (!channels.value) return html`<p class="meta">${t("display.thePictureIsBeingLoaded")}</p>`;
  const { manifest, settings } = channels.value;
  const coloured = manifest.packing === "colour";
  const change = (at, some) => changeChannels(projectId, settings.map((setting, each) => (each === at ? { ...setting, ...some } : setting)));
  const all = (some) => changeChannels(projectId, settings.map((setting) => ({ ...setting, ...some })));
  return html`<section aria-label=${t("display.picture")}>
    <div class="display-head"><h3>${settings.length > 1 && !coloured ? t("channels") : t("display.picture")}</h3>
      <div class="chips" role="group" aria-label=${t("display.contrast")}>
        ${PRESETS.map(({ mode, title, why }) => html`<button key=${mode} type="button" class="chip" title=${why} aria-pressed=${settings.every((each) => each.mode === mode && each.gamma === 1)} onClick=${() => all({ mode, gamma: 1 })}>${title}</button>`)}
        <button type="button" class="chip" onClick=${() => changeChannels(projectId, firstSettings(manifest))}>${t("display.reset")}</button>
      </div>
    </div>
    ${settings.map((setting, at) => html`<${Channel} key=${at} at=${at} setting=${setting} manifest=${manifest} alone=${settings.length === 1} onChange=${(some) => change(at, some)} />`)}
  </section>`;
}

const PRESETS = [
  { mode: "auto", title: t("display.auto"), why: t("display.fromTheDarkestToThe") },
  { mode: "stored", title: t("display.fullRange"), why: t("display.everyNumberThatTheFile") },
];

function Channel({ at, setting, manifest, alone, onChange }) {
  const channel = manifest.channels[at];
  const [low, high] = windowOf(setting, manifest, at);
  const [least, most] = endsOf(manifest, at, low, high);
  const coloured = manifest.packing === "colour";
  const name = coloured ? t(`colour.${setting.colour}`) : alone ? t("display.brightness") : t("display.channelAt", { at: at + 1 });
  const own = (some) => onChange({ mode: "own", low, high, ...some });
  const slider = (label, value, set) => html`<label class="slider meta">${label}
    <input type="range" min="0" max=${STEPS} aria-label="${name}, ${label.toLowerCase()}" value=${Math.round(((value - least) / (most - least)) * STEPS)}
      onInput=${({ target }) => set(least + ((most - least) * target.value) / STEPS)} />
    <output class="number">${shownNumber(value)}</output>
  </label>`;
  const gap = (most - least) / STEPS;
  return html`<fieldset class="channel" data-channel=${at}>
    <legend class=${alone ? "visually-hidden" : ""}>
      ${alone ? name : html`<label class="check"><input type="checkbox" checked=${setting.on} onChange=${({ target }) => onChange({ on: target.checked })} />${name}</label>`}
      ${!coloured && !alone && html`<select class="input" aria-label=${t("display.nameColour", { name })} onChange=${({ target }) => onChange({ colour: target.value })}>
        ${Object.keys(COLOURS).map((each) => html`<option key=${each} value=${each} selected=${each === setting.colour}>${t(`colour.${each}`)}</option>`)}
      </select>`}
    </legend>
    ${setting.on && html`<${Curve} name=${name} channel=${channel} ends=${[least, most]} window=${[low, high]} gamma=${setting.gamma} />
      ${slider(t("display.black"), low, (value) => own({ low: Math.min(value, high - gap) }))}
      ${slider(t("display.white"), high, (value) => own({ high: Math.max(value, low + gap) }))}
      <label class="slider meta">${t("display.gamma")}
        <input type="range" min="-100" max="100" aria-label=${t("display.nameGamma", { name })} value=${Math.round(Math.log10(setting.gamma) * 100 / Math.log10(5))}
          onInput=${({ target }) => onChange({ gamma: 5 ** (target.value / 100) })} />
        <output class="number">${setting.gamma.toFixed(2)}</output>
      </label>`}
  </fieldset>`;
}

/** Return what sliders reach: what the picture has, and what the window shows. */
function endsOf(manifest, at, low, high) {
  const { minimum, maximum } = manifest.channels[at];
  if (manifest.bits === 8) return rangeOf(manifest, manifest.channels[at]);
  const [least, most] = [Math.min(minimum, low), Math.max(maximum, high)];
  return most > least ? [least, most] : [least, least + 1];
}

/** How often each number occurs, on a logarithmic scale; over it the window and the curve to light. */
function Curve({ name, channel, ends, window: [low, high], gamma }) {
  const canvas = useRef(null);
  useEffect(() => {
    const context = canvas.current.getContext("2d");
    const { width, height } = canvas.current;
    const [least, most] = ends;
    const placeOf = (value) => ((value - least) / (most - least)) * width;
    const [left, right] = [placeOf(low), placeOf(high)];
    const { color, accentColor, backgroundColor } = getComputedStyle(canvas.current);
    context.clearRect(0, 0, width, height);
    context.fillStyle = color;
    for (const bar of barsOf(channel.histogram)) {
      const from = placeOf(bar.from);
      context.globalAlpha = bar.to > low && bar.from <= high ? 0.75 : 0.3; // What the window leaves out is faint.
      context.fillRect(from, height * (1 - bar.share), Math.max(1, placeOf(bar.to) - from), height * bar.share);
    }
    context.globalAlpha = 1;
    drawCurve(context, { left, right, width, height, gamma }, backgroundColor, 6);
    drawCurve(context, { left, right, width, height, gamma }, accentColor, 3);
  });
  const { minimum, maximum } = channel;
  return html`<canvas class="curve" width="480" height="128" ref=${canvas} role="img" aria-label=${t("display.histogram", { name, minimum: shownNumber(minimum), maximum: shownNumber(maximum) })} data-bars=${channel.histogram.counts.length}></canvas>`;
}

/** Return the bars of a histogram that are not empty: `{from, to, share}` of the highest. */
function barsOf({ first, step, counts }) {
  const most = Math.log1p(counts.reduce((a, b) => Math.max(a, b), 1));
  const bars = counts.map((count, at) => ({ from: first + at * step, to: first + (at + 1) * step, share: Math.log1p(count) / most }));
  return bars.filter(({ share }) => share > 0);
}

/** Draw the ends of the window, and how light what lies between is shown. */
function drawCurve(context, { left, right, width, height, gamma }, colour, thickness) {
  context.strokeStyle = colour;
  context.lineWidth = thickness;
  context.beginPath();
  for (let x = 0; x <= width; x += 2) {
    const light = Math.min(Math.max((x - left) / (right - left || 1), 0), 1) ** gamma;
    context.lineTo(x, height - 2 - light * (height - 4));
  }
  for (const x of [left, right]) {
    context.moveTo(x, 0);
    context.lineTo(x, height);
  }
  context.stroke();
}

const shownNumber = (value) => Number(value.toPrecision(4));

function OutlineLook({ known }) {
  const { shown, outlines, fill, labels, opacity } = look.value;
  const columns = columnsOf(objects.value, known).filter(({ key }) => key !== "label");
  const check = (name, title, value) => html`<label class="check"><input type="checkbox" checked=${value} onChange=${({ target }) => changeLook({ [name]: target.checked })} />${title}</label>`;
  return html`<section aria-label=${t("display.outlines")}>
    <h3>${t("display.outlines")}</h3>
    <div class="checks">
      ${check("shown", t("display.show"), shown)}${check("outlines", t("display.outline"), outlines)}${check("fill", t("display.fill"), fill)}${check("labels", t("display.labels"), labels)}
    </div>
    <label class="slider meta">${t("display.opacity")}
      <input type="range" min="10" max="100" value=${Math.round(opacity * 100)} onInput=${({ target }) => changeLook({ opacity: target.value / 100 })} />
      <output class="number">${Math.round(opacity * 100)}%</output>
    </label>
    <label class="slider meta">${t("display.colourBy")}
      <select class="input" onChange=${({ target }) => (colouredBy.value = target.value)}>
        <option value="class" selected=${colouredBy.value === "class"}>${t("display.class")}</option>
        ${columns.map(({ key, title }) => html`<option key=${key} value=${key} selected=${key === colouredBy.value}>${title}</option>`)}
      </select>
    </label>
  </section>`;
}
