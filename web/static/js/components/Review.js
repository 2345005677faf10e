// What differs from what others saved: drawn over the picture, counted, and gone through one by one.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n.js";
import { Icon, html } from "../ui.js";
import { ROW, rowsInView, showRow } from "../viewer/ObjectList.js";
import { NO_CLASS, classOf } from "../viewer/colours.js";
import { Shape } from "../viewer/shapes.js";
import { stage } from "../viewer/state.js";

// Never told by colour alone: kinds have their signs, and lines of theirs are broken.
const SIGNS = { added: "+", removed: "−", outline: "~", class: "◆" };
const COUNTED = { added: "review.added", removed: "review.removed", outline: "review.outlines", class: "review.classes" };
const WORDS = {
  added: { mine: "review.added.mine", theirs: "review.added.theirs" },
  removed: { mine: "review.removed.mine", theirs: "review.removed.theirs" },
  outline: { mine: "review.outline.mine", theirs: "review.outline.theirs", both: "review.outline.both" },
  class: { mine: "review.class.mine", theirs: "review.class.theirs", both: "review.class.both" },
};
const THEIRS = { colour: "#8ab4ff", dash: [6, 5] };
const MINE = { colour: "#ffb547", dash: [] };
const SIGN = 8; // Screen pixels from the middle of a sign to its edge, as all lengths here.
const SIGN_FROM = 14; // A shape that is smaller has no room for a sign.

/** *session* is in conflict; *say* tells the user. */
export function Review({ session, say }) {
  const found = useDifferences(session, say);
  const [chosen, setPlace] = useState(0);
  const place = Math.min(chosen, (found?.length ?? 0) - 1);
  useOverlay(found, place);
  useEffect(() => {
    if (found?.length) stage.peek().reveal(found[place].shapes[0].shape);
  }, [found, place]);
  if (!found) return null;
  if (!found.length) return html`<p class="meta" role="status">${t("review.none")}</p>`;
  const go = (to) => setPlace(Math.min(found.length - 1, Math.max(0, to)));
  return html`<section class="review" aria-label=${t("review")}>
    <${Head} found=${found} place=${place} go=${go} />
    <${Differences} found=${found} place=${place} go=${go} />
  </section>`;
}

/** Return what differs, with the shapes that show it; null while theirs are being loaded. */
function useDifferences(session, say) {
  const [theirs, setTheirs] = useState(null);
  const told = session.saver.detail.value; // Another when they saved again.
  useEffect(() => void session.fetchTheirs().then(setTheirs, (refusal) => say(refusal.message)), [told]);
  return useMemo(() => theirs && session.differencesFrom(theirs).map(shown), [theirs, session.revision.value]);
}

function shown(difference) {
  const { mine, theirs } = difference;
  const shapes = [mine && { shape: new Shape(mine), line: MINE }, theirs && { shape: new Shape(theirs), line: THEIRS }];
  return { ...difference, shapes: shapes.filter(Boolean) };
}

function useOverlay(found, place) {
  useEffect(() => {
    if (!found) return;
    stage.peek()?.overlay((context, scale, region) => {
      const visible = found.filter(({ shapes }) => shapes.some(({ shape }) => shape.isIn(region)));
      for (const each of visible) drawLines(context, each, scale, each === found[place]);
      for (const each of visible) drawSign(context, each, scale, each === found[place]);
    });
  }, [found, place]);
  useEffect(() => () => stage.peek()?.overlay(null), []);
}

function drawLines(context, { shapes }, scale, isActive) {
  context.lineJoin = "round";
  for (const { shape, line } of [...shapes].reverse()) {
    context.setLineDash([]);
    if (isActive) strokePath(context, shape.path, 8 / scale, "#ffffff");
    strokePath(context, shape.path, (isActive ? 6 : 4) / scale, "rgb(7 9 11 / 0.85)");
    context.setLineDash(line.dash.map((length) => length / scale));
    strokePath(context, shape.path, (isActive ? 3 : 2) / scale, line.colour);
  }
  context.setLineDash([]);
}

function strokePath(context, path, width, colour) {
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke(path);
}

function drawSign(context, { kind, shapes: [{ shape }] }, scale, isActive) {
  if (!isActive && shape.extent * scale < SIGN_FROM) return;
  const [x, y] = shape.middle;
  const beside = kind === "class" ? (2 * SIGN) / scale : 0; // Of the sign of the outline.
  context.beginPath();
  context.arc(x + beside, y, SIGN / scale, 0, 2 * Math.PI);
  context.fillStyle = isActive ? "#ffffff" : "rgb(7 9 11 / 0.85)";
  context.fill();
  context.fillStyle = isActive ? "#07090b" : "#ffffff";
  context.font = `700 ${13 / scale}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(SIGNS[kind], x + beside, y);
}

function Head({ found, place, go }) {
  const counts = Object.keys(SIGNS).map((kind) => [kind, found.filter((each) => each.kind === kind).length]);
  const step = (icon, label, to) => html`<button type="button" class="button square quiet" aria-label=${label} title=${label} disabled=${to < 0 || to >= found.length} onClick=${() => go(to)}><${Icon} name=${icon} /></button>`;
  return html`<div class="review-head">
    <ul class="review-counts" data-differences=${found.length}>
      ${counts.filter(([, count]) => count).map(([kind, count]) => html`<li key=${kind}><b aria-hidden="true">${SIGNS[kind]}</b>${t(COUNTED[kind], { count })}</li>`)}
    </ul>
    <p class="review-lines meta"><span><i></i>${t("review.mine")}</span><span><i class="theirs"></i>${t("review.theirs")}</span></p>
    <div class="review-steps">
      ${step("chevron-left", t("review.previous"), place - 1)}
      <output class="number">${place + 1} / ${found.length}</output>
      ${step("chevron-right", t("review.next"), place + 1)}
    </div>
  </div>`;
}

function Differences({ found, place, go }) {
  const scroller = useRef(null);
  const [top, setTop] = useState(0);
  const [from, to] = rowsInView(found.length, top, scroller.current?.clientHeight ?? 4 * ROW);
  useEffect(() => showRow(scroller.current, place), [place]);
  const onKey = (event) => {
    const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: found.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    go(next);
  };
  return html`<div class="review-rows" role="listbox" tabindex="0" aria-label=${t("review")} aria-activedescendant="difference-${place}" ref=${scroller} onScroll=${({ target }) => setTop(target.scrollTop)} onKeyDown=${onKey}>
    <div role="presentation" style=${{ height: `${from * ROW}px` }}></div>
    ${found.slice(from, to).map((each, at) => html`<${Row} key=${from + at} difference=${each} at=${from + at} count=${found.length} isActive=${from + at === place} go=${go} />`)}
    <div role="presentation" style=${{ height: `${(found.length - to) * ROW}px` }}></div>
  </div>`;
}

function Row({ difference: { kind, by, label, mine, theirs }, at, count, isActive, go }) {
  const name = (object) => (classOf(object) === NO_CLASS ? t("objectList.noClass") : classOf(object));
  const words = t(WORDS[kind][by]) + (kind === "class" ? `: ${t("review.classNames", { mine: name(mine), theirs: name(theirs) })}` : "");
  return html`<div class="review-row" role="option" id="difference-${at}" title=${words} aria-selected=${isActive} aria-posinset=${at + 1} aria-setsize=${count} onClick=${() => go(at)}>
    <b aria-hidden="true">${SIGNS[kind]}</b>
    <span class="number">${t("objectList.objectLabel", { label })}</span>
    <span>${words}</span>
  </div>`;
}
