// The stage with all that lies over it: zoom, scale bar, small map, legend, and what is under the pointer.

import { useEffect, useRef, useState } from "preact/hooks";
import { useSignalEffect } from "@preact/signals";
import { t } from "../i18n.js";
import { Icon, formatNumber, html } from "../ui.js";
import { addressKeeper } from "./address.js";
import { columnsOf, shownValue } from "./columns.js";
import { NO_CLASS, classesOf, scaleColour } from "./colours.js";
import { STEP, listenTo } from "./gestures.js";
import { firstSettings } from "./luts.js";
import { mapOf, scaleBar } from "./overview.js";
import { Picture } from "./picture.js";
import { Tiles, WholePicture } from "./sources.js";
import { Stage } from "./stage.js";
import { changeLook, channels, choose, chosen, colouredBy, colouring, cursor, filter, firstView, hiddenClasses, hideClasses, hovered, look, matching, objects, order, rememberedChannels, stage, tool, view, visible } from "./state.js";
import { toImage } from "./view.js";

const MAP = 132;
const OPEN_AGAIN = 15_000;
const LATE = 1_200; // Milliseconds after which waiting is told of.

/** *whole* is the address of a file that browsers draw; without one the pixels come in tiles. *notes* and *editor* lie over and beside the stage. */
export function Viewer({ image, whole, known, notes, editor }) {
  const element = useRef(null);
  useStage(element, image);
  const picture = usePicture(image, whole);
  useShown();
  useAddress();
  return html`<div class="stage-frame">
    ${editor}
    <div class="stage" ref=${element}>
      <canvas></canvas>
      <canvas></canvas>
      <canvas
        tabindex="0"
        role="application"
        aria-roledescription=${t("viewer.role")}
        aria-label=${t("viewer.label", { filename: image.filename, count: objects.value.length })}
        class=${hovered.value === null ? "" : "over"}
      ></canvas>
      ${notes}
      <${PictureNote} ...${picture} />
      <${Legend} known=${known} />
      <${SmallMap} image=${image} />
      <${ScaleBar} image=${image} />
      <${ViewTools} />
    </div>
    <${StatusLine} image=${image} picture=${picture.picture} />
  </div>`;
}

function useStage(element, image) {
  useEffect(() => {
    const made = new Stage(element.current, image, (next) => (view.value = next));
    const stopped = new AbortController();
    const act = {
      press: (point, event) => tool.peek()?.press?.(point, event),
      drag: (point, event) => tool.peek()?.drag?.(point, event),
      release: (point, event, clicked) => tool.peek()?.release?.(point, event, clicked),
      cancel: () => tool.peek()?.cancel?.(),
      double: (point, event) => tool.peek()?.double?.(point, event),
      key: (event) => tool.peek()?.key?.(event) || (event.key === "Escape" && chosen.peek().length > 0 && (choose(null), true)),
      click: (point, event) => tool.peek()?.click?.(point, event) || choose(made.hit(point), event.shiftKey || event.ctrlKey || event.metaKey),
      hover: (point, event) => {
        cursor.value = point;
        hovered.value = tool.peek()?.hover?.(point, event) ? null : made.hit(point);
      },
      leave: () => {
        cursor.value = null;
        hovered.value = null;
      },
    };
    listenTo(element.current.querySelector("canvas:last-of-type"), made, act, stopped.signal);
    if (firstView.centre) made.centre(firstView.centre, firstView.zoom ?? made.view.k);
    stage.value = made;
    return () => {
      stopped.abort();
      made.close();
      stage.value = null;
    };
  }, []);
}

/** Open the picture; `{picture, state}` with state opening, ready or failed. */
function usePicture(image, whole) {
  const [shown, setShown] = useState({ picture: null, state: "opening" });
  const [, setChanges] = useState(0);
  useEffect(() => {
    const stopped = new AbortController();
    const source = whole ? new WholePicture(whole, image) : new Tiles(image.id);
    let made = null;
    showPlaceholder(image);
    const open = () => source.open(stopped.signal).then(
      (manifest) => {
        if (stopped.signal.aborted) return;
        const settings = rememberedChannels(image.projectId, manifest) ?? firstSettings(manifest);
        made = new Picture(source, settings, () => {
          stage.peek()?.redraw("picture");
          setChanges((count) => count + 1); // Also what is at the pointer may be there only now.
        });
        stage.peek().showPicture(made);
        channels.value = { manifest, settings };
        setShown({ picture: made, state: "ready" });
      },
      (error) => {
        if (stopped.signal.aborted) return;
        setShown({ picture: null, state: "failed", error });
        if (!error.isFinal) setTimeout(() => stopped.signal.aborted || open(), OPEN_AGAIN);
      },
    );
    open();
    return () => {
      stopped.abort();
      made?.close();
    };
  }, [image.id, whole]);
  useSignalEffect(() => {
    const now = channels.value; // Read at once, or what comes later would not be heard of.
    if (now) shown.picture?.use(now.settings);
  });
  return shown;
}

function showPlaceholder({ thumbnailUrl }) {
  const small = new Image();
  small.onload = () => stage.peek()?.showPlaceholder(small);
  small.src = thumbnailUrl;
}

/** Keep the stage showing what the signals say. */
function useShown() {
  useSignalEffect(() => stage.value?.showObjects(visible.value));
  useSignalEffect(() => {
    const meant = matching.value;
    const isFaint = meant ? ({ label }) => !meant.has(label) : () => false;
    stage.value?.look({ ...look.value, colourOf: colouring.value.colourOf, isFaint });
  });
  useSignalEffect(() => stage.value?.mark({ hovered: hovered.value, chosen: chosen.value }));
  useSignalEffect(() => {
    const last = chosen.value.at(-1);
    if (last !== undefined && objects.value.length && stage.value) revealOnce(last);
  });
}

// A link says where to look itself; and an object that changes is not brought into view again.
let revealed = firstView.centre ? chosen.peek().at(-1) : undefined;

function revealOnce(label) {
  if (label !== revealed) stage.peek().reveal(stage.peek().grid.shapes.get(label));
  revealed = label;
}

function useAddress() {
  const keep = useRef(null);
  keep.current ??= addressKeeper();
  useSignalEffect(() => {
    const [shown, made] = [view.value, stage.value];
    if (!shown || !made) return;
    const { width, height } = made.box;
    const moved = !made.isFitted;
    keep.current({
      chosen: chosen.value,
      zoom: moved && shown.k,
      centre: moved && toImage(shown, [width / 2, height / 2]),
      by: colouredBy.value,
      sort: order.value,
      filter: filter.value,
      hidden: hiddenClasses.value,
    });
  });
}

function PictureNote({ state, error, picture }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LATE);
    return () => clearTimeout(timer);
  }, []);
  if (state === "opening" && late) return html`<p class="stage-note low"><${Icon} name="loader-circle" class="spin" />${t("viewer.preparingTheWholePictureA")}</p>`;
  if (state === "failed") {
    return html`<p class="stage-note bad" role="alert"><${Icon} name="triangle-alert" />${t("viewer.smallCopy", { why: error.message || t("viewer.thePictureCouldNotBe") })}</p>`;
  }
  if (picture?.troubles) return html`<p class="stage-note bad" role="alert"><${Icon} name="wifi-off" />${t("viewer.partsOfThePictureCould")}</p>`;
  return null;
}

function ViewTools() {
  const button = (name, label, onClick, pressed) =>
    html`<button type="button" aria-label=${label} title=${label} aria-pressed=${pressed} onClick=${onClick}><${Icon} name=${name} /></button>`;
  const on = stage.value;
  const { shown } = look.value;
  return html`<div class="stage-tools" role="group" aria-label=${t("list.view")}>
    ${button("zoom-out", t("viewer.zoomOut"), () => on.zoom(1 / STEP))}
    <output class="number" aria-label=${t("viewer.zoom")}><${Zoom} /></output>
    ${button("zoom-in", t("viewer.zoomIn"), () => on.zoom(STEP))}
    ${button("maximize", t("viewer.fitTheImage"), () => on.fit())}
    <button type="button" class="number" aria-label=${t("viewer.11APixelOf")} title=${t("viewer.aPixelOfTheScreen")} onClick=${() => on.zoom(1 / on.view.k)}>1:1</button>
    ${button(shown ? "eye" : "eye-off", t("viewer.showOutlines"), () => changeLook({ shown: !shown }), shown)}
  </div>`;
}

const Zoom = () => (view.value ? `${Math.round(view.value.k * 100)}%` : "");

function ScaleBar({ image }) {
  if (!view.value) return null;
  const { length, words } = scaleBar(view.value.k, image.pixelSizeUm);
  return html`<div class="scale-bar number" style=${{ width: `${length}px` }} data-scale><span>${words}</span></div>`;
}

function SmallMap({ image }) {
  const [shown, made] = [view.value, stage.value];
  if (!shown || !made) return null;
  const { scale, width, height, left, top, wide, high } = mapOf(image, shown, made.box, MAP);
  if (wide > width * 0.97 && high > height * 0.97) return null;
  const go = (event) => {
    if (!event.buttons) return;
    const { left: from, top: over } = event.currentTarget.getBoundingClientRect();
    made.centre([(event.clientX - from) / scale, (event.clientY - over) / scale]);
  };
  // Keys of the canvas move the same view: nothing is here that only a pointer can do.
  return html`<div class="small-map" aria-hidden="true" style=${{ width: `${width}px`, height: `${height}px` }} onPointerDown=${go} onPointerMove=${go}>
    <img src=${image.thumbnailUrl} alt="" draggable="false" />
    <i style=${{ left: `${left}px`, top: `${top}px`, width: `${wide}px`, height: `${high}px` }}></i>
  </div>`;
}

function Legend({ known }) {
  if (!objects.value.length || !look.value.shown) return null;
  const byClass = colouring.value.by === "class";
  return html`<div class="legends">
    ${!byClass && html`<${Scale} known=${known} />`}
    <${Classes} areColoured=${byClass} />
  </div>`;
}

function Classes({ areColoured }) {
  const classes = classesOf(objects.value);
  const hidden = hiddenClasses.value;
  if (classes.length < 2 && !hidden.length) return null;
  const toggle = (name) => hideClasses(hidden.includes(name) ? hidden.filter((each) => each !== name) : [...hidden, name]);
  return html`<fieldset class="legend">
    <legend class="visually-hidden">${t("viewer.classes")}</legend>
    ${classes.map(({ name, colour, count }) => html`<label key=${name}>
      <input type="checkbox" checked=${!hidden.includes(name)} onChange=${() => toggle(name)} />
      ${areColoured && html`<i style=${{ background: colour }}></i>`}${name === NO_CLASS ? t("objectList.noClass") : name}<span class="number">${formatNumber(count)}</span>
    </label>`)}
  </fieldset>`;
}

function Scale({ known }) {
  const { by, low, high } = colouring.value;
  const column = columnsOf(objects.value, known).find(({ key }) => key === by) ?? { title: by };
  const stops = Array.from({ length: 9 }, (_, at) => scaleColour(at / 8)).join(",");
  return html`<figure class="legend" data-legend=${by}>
    <figcaption>${column.title}${column.unit && `, ${column.unit}`}</figcaption>
    <i class="scale" style=${{ background: `linear-gradient(90deg,${stops})` }}></i>
    <div class="number"><span>${shownValue(low, column.whole)}</span><span>${shownValue(high, column.whole)}</span></div>
  </figure>`;
}

function StatusLine({ image, picture }) {
  const point = cursor.value;
  const [x, y] = point ? point.map(Math.floor) : [];
  const inside = point && x >= 0 && y >= 0 && x < image.width && y < image.height;
  const values = inside && picture?.valuesAt(x, y);
  const count = view.value && stage.value ? stage.value.countInView() : 0;
  return html`<div class="status-line number">
    <span>${t("viewer.widthHeightPx", { width: image.width, height: image.height })}</span>
    ${image.pixelSizeUm && html`<span>${t("viewer.toprecisionMPx", { toPrecision: Number(image.pixelSizeUm.toPrecision(4)) })}</span>`}
    ${objects.value.length > 0 && html`<span data-in-view>${t("viewer.countInView", { count })}</span>`}
    <span class="grow"></span>
    ${inside && html`<span data-cursor>x ${x}, y ${y}</span>`}
    ${values && html`<span data-intensity>${intensityWords(values)}</span>`}
  </div>`;
}

/** Return the intensities as text; a grey picture in colours says its number once. */
function intensityWords(values) {
  const words = values.map((value) => (value == null ? "–" : String(Number(value.toPrecision(5)))));
  return new Set(words).size === 1 ? words[0] : words.join(", ");
}
