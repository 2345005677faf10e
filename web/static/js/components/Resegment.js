// Segmenting the selected images with a chosen engine, after a look at what it finds in one of them.
// Loaded when asked for.

import { useEffect, useRef, useState } from "preact/hooks";
import { boot, request } from "../api.js";
import { t } from "../i18n.js";
import { imageOf } from "../stores.js";
import { ErrorNote, Icon, Loading, Note, formatDuration, html, imageName } from "../ui.js";
import { Parameters } from "./Parameters.js";

const ASK_AGAIN = 700;
const FORM = "resegment-params";

/** *ids*: the images; *onSegment* is called with `{engine, params, force}` once somebody decides. */
export function Resegment({ ids, onSegment, onClose }) {
  const dialog = useRef(null);
  const [name, setName] = useState(() => firstOffered(boot.engines, boot.choice)?.name ?? "");
  const [params, setParams] = useState({});
  const [at, setAt] = useState(0);
  const preview = usePreview();
  useEffect(() => dialog.current.showModal(), []);

  const engine = boot.engines.find((each) => each.name === name);
  const forget = (change) => (value) => {
    preview.forget();
    change(value);
  };
  const pick = forget(({ target }) => {
    setName(target.value);
    setParams({});
  });
  const start = (event) => {
    event.preventDefault();
    dialog.current.close();
    onSegment({ engine: name, params, force: true });
  };
  const look = () => preview.ask({ imageId: ids[at], engine: name, params });
  return html`<dialog ref=${dialog} class="resegment" aria-labelledby="resegment" onClose=${onClose}>
    <h2 id="resegment">${t("resegment.title", { count: ids.length })}</h2>
    <form class="form" onSubmit=${start}>
      <div class="resegment-wish"><div class="field">
        <label for="resegment-engine">${t("resegment.engine")}</label>
        <select class="input" id="resegment-engine" value=${name} onChange=${pick}>
          ${boot.engines.map((each) => html`<option key=${each.name} value=${each.name} disabled=${!each.available}>${each.available ? each.title : t("resegment.unavailable", { title: each.title })}</option>`)}
        </select>
      </div>
      ${engine && html`<${Parameters} key=${name} id=${FORM} prefix="again" engine=${engine} values=${params} onChange=${forget(setParams)} />`}</div>
      <section class="look" aria-label=${t("resegment.preview")}>
        <div class="look-head">
          ${ids.length > 1 && html`<button type="button" class="button small square" aria-label=${t("resegment.another")} title=${t("resegment.another")} onClick=${() => forget(setAt)((at + 1) % ids.length)}><${Icon} name="refresh-cw" /></button>`}
          <p class="look-name">${nameOf(ids[at])}</p>
          <span class="push"></span>
          <button type="button" class="button small" disabled=${!engine || preview.waits} onClick=${look}><${Icon} name="eye" />${t("resegment.look")}</button>
        </div>
        <${Look} preview=${preview} image=${imageOf(ids[at]).value} />
      </section>
      <div class="dialog-foot">
        <button type="button" class="button" onClick=${() => dialog.current.close()}>${t("cancel")}</button>
        <button class="button primary" disabled=${!engine}><${Icon} name="play" />${t("resegment.start", { count: ids.length })}</button>
      </div>
    </form>
  </dialog>`;
}

const firstOffered = (engines, choice) =>
  engines.find((each) => each.name === choice?.engine?.name && each.available) ?? engines.find(({ available }) => available);

const nameOf = (id) => (imageOf(id).peek() ? imageName(imageOf(id).peek()) : t("resegment.unloaded"));

/** The one preview: asked for, and asked about until it is there or is not wanted any more. */
function usePreview() {
  const [{ found, error, waits }, setState] = useState({});
  const wanted = useRef(0);
  useEffect(() => () => (wanted.current += 1), []);
  const ask = async (body) => {
    const mine = ++wanted.current;
    const isWanted = () => mine === wanted.current;
    const path = `/projects/${boot.project.id}/previews`;
    setState({ waits: true });
    try {
      let next = await request(path, { method: "POST", body });
      while (isWanted() && (next.status === "queued" || next.status === "running")) {
        await new Promise((done) => setTimeout(done, ASK_AGAIN));
        next = await request(`${path}/${next.id}`);
      }
      if (isWanted()) setState({ found: next });
    } catch (refusal) {
      if (isWanted()) setState({ error: refusal });
    }
  };
  const forget = () => {
    wanted.current += 1;
    setState({});
  };
  return { found, error, waits, ask, forget };
}

function Look({ preview: { found, error, waits }, image }) {
  if (waits) return html`<div class="look-stage"><${Loading}>${t("resegment.looking")}</${Loading}></div>`;
  if (error) return html`<${ErrorNote} error=${error} />`;
  if (found?.status === "failed") return html`<${Note} tone="warn" icon="triangle-alert" alert><p>${found.detail}</p></${Note}>`;
  if (!found) {
    return html`<div class="look-stage">${image?.thumbnailUrl && html`<img src=${image.thumbnailUrl} alt="" />`}</div>
      <p class="meta">${t("resegment.about")}</p>`;
  }
  const { width, height, imageWidth, imageHeight } = found;
  const part = width < imageWidth || height < imageHeight;
  const words = t(part ? "resegment.part" : "resegment.whole", { objects: t("results.objects", { count: found.objectCount }), width, height });
  return html`<div class="look-stage">
      <svg viewBox="0 0 ${width} ${height}" role="img" aria-label=${words}>
        <image href=${found.pictureUrl} width=${width} height=${height} />
        <path d=${pathOf(found.outlines)} vector-effect="non-scaling-stroke" />
      </svg>
    </div>
    <p class="number" role="status" data-preview><strong>${words}</strong> <span class="muted">${t("resegment.took", { duration: formatDuration(found.durationMs) })}</span></p>`;
}

const pathOf = (outlines) => outlines.flat().map((ring) => `M${ring.map(([x, y]) => `${x} ${y}`).join("L")}Z`).join("");
