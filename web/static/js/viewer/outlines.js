// Drawing shapes: the outlines of all, and over them what is hovered or chosen.

import { CHOSEN } from "./colours.js";

const LINE = 1.5; // Screen pixels, as all widths here.
const DOT_BELOW = 3; // Smaller than this on the screen, a shape is a dot.
const DOT = 2.5;
const LABEL_FROM = 22; // A shape that is smaller on the screen has no room for its label.
const MOST_LABELS = 800;
const FAINT = 0.22; // What a filter leaves out.

/** Draw *shapes* that are in *region*; *look* has colourOf, isFaint, outlines, fill, labels, opacity. */
export function drawOutlines(context, shapes, region, scale, look) {
  context.lineJoin = "round";
  context.lineWidth = LINE / scale;
  const visible = [];
  for (const shape of shapes) if (shape.isIn(region)) visible.push(shape);
  for (const shape of visible) {
    const colour = look.colourOf(shape.object);
    const strength = look.isFaint(shape.object) ? FAINT : 1;
    if (shape.extent * scale < DOT_BELOW) drawDot(context, shape, scale, colour, strength * look.opacity);
    else drawShape(context, shape, colour, strength, look);
  }
  context.globalAlpha = 1;
  if (look.labels) drawLabels(context, visible, scale, look);
}

function drawShape(context, { path }, colour, strength, { outlines, fill, opacity }) {
  if (fill) {
    context.globalAlpha = 0.45 * opacity * strength;
    context.fillStyle = colour;
    context.fill(path, "evenodd");
  }
  if (outlines) {
    context.globalAlpha = opacity * strength;
    context.strokeStyle = colour;
    context.stroke(path);
  }
}

function drawDot(context, { middle: [x, y] }, scale, colour, alpha) {
  const side = DOT / scale;
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.fillRect(x - side / 2, y - side / 2, side, side);
}

function drawLabels(context, shapes, scale, look) {
  const roomy = shapes.filter((shape) => shape.extent * scale >= LABEL_FROM && !look.isFaint(shape.object));
  if (roomy.length > MOST_LABELS) return;
  context.font = `600 ${11 / scale}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3 / scale;
  context.strokeStyle = "rgb(7 9 11 / 0.75)";
  context.fillStyle = "#ffffff";
  for (const { middle, label } of roomy) {
    context.strokeText(label, ...middle);
    context.fillText(label, ...middle);
  }
}

/** Draw what is hovered and what is *chosen* (labels) so that it stands out on any picture. */
export function drawMarks(context, shapes, scale, { hovered, chosen, colourOf }) {
  context.lineJoin = "round";
  const marked = [...chosen.filter((label) => label !== hovered), hovered];
  for (const label of marked) {
    const shape = shapes.get(label);
    if (!shape) continue;
    const isChosen = chosen.includes(label);
    context.globalAlpha = isChosen ? 0.32 : 0.16;
    context.fillStyle = isChosen ? colourOf(shape.object) : CHOSEN;
    context.fill(shape.path, "evenodd");
    context.globalAlpha = 1;
    stroke(context, shape.path, (isChosen ? 5 : 3.5) / scale, "rgb(7 9 11 / 0.7)");
    stroke(context, shape.path, (isChosen ? 2.5 : 1.5) / scale, CHOSEN);
  }
}

function stroke(context, path, width, colour) {
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke(path);
}
