// What pointer and keys do while a tool is in hand. Each is made for a session and says what it drew on the picture.

import { t } from "../i18n.js";
import { chosen, cursor, stage } from "../viewer/state.js";
import { cleaned, distanceTo, mergeOf, simplified, splitBy } from "./reshaping.js";

const GRIP = 9; // Screen pixels around a corner that hold it; twice for fingers.
const ROOM = 9; // Corners nearer to each other than this on the screen are too crowded to show.
const FREE = 4; // Screen pixels that a freehand line goes between two points.
const FAST = 10;
const HANDLE = 4.5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const gripOf = (event) => (event.pointerType === "touch" ? 2 : 1) * (GRIP / stage.peek().view.k);
const only = (session) => (chosen.peek().length === 1 ? session.find(chosen.peek()[0]) : undefined);
const redraw = () => stage.peek().redraw("marks");

/** What every tool has: `say` tells the user, `sketch(context, scale)` draws over the picture. */
class Tool {
  constructor(session, say) {
    Object.assign(this, { session, say });
  }

  sketch() {}
  quit() {}
}

export class SelectTool extends Tool {
  static key = "v";
  static title = "editor.tool.select";
  static icon = "mouse-pointer-2";
  static hint = "";
}

/** Corners of the chosen object: drag one, arrows nudge it; a click on the outline adds one. */
export class CornerTool extends Tool {
  static key = "e";
  static title = "editor.tool.corners";
  static icon = "spline";
  static hint = "editor.hint.corners";
  static keys = "editor.keys.corners";
  #corner = 0;
  #held = null; // The ring while a corner is dragged.
  #rings = { of: null, ring: null };

  /** Return the corners of an object that can be held; as few as show its form. */
  #ring(object) {
    if (this.#rings.of !== object) this.#rings = { of: object, ring: object.reduced ?? simplified(object.polygon) };
    return this.#rings.ring;
  }

  press(point, event) {
    const object = only(this.session);
    if (!object) return false;
    const ring = this.#ring(object);
    const at = nearestCorner(ring, point, gripOf(event));
    if (at !== null) this.#hold(ring, at);
    else if (!this.addTo(ring, point, gripOf(event))) return false;
    redraw();
    return true;
  }

  addTo(ring, point, grip) {
    const side = nearestSide(ring, point, grip);
    if (side === null) return false;
    const more = [...ring];
    more.splice(side + 1, 0, point.map(Math.round));
    this.#hold(more, side + 1, true);
    return true;
  }

  #hold(ring, at, isNew = false) {
    this.#corner = at;
    this.#held = { ring: [...ring], isNew, moved: false };
  }

  cancel() {
    this.#held = null;
    redraw();
  }

  drag(point) {
    if (!this.#held) return;
    this.#held.ring[this.#corner] = point.map((each) => Math.round(each * 2) / 2);
    this.#held.moved = true;
    redraw();
  }

  release(point, event, clicked) {
    const held = this.#held;
    this.#held = null;
    if (held && ((held.moved && !clicked) || held.isNew)) this.#commit(held.isNew ? t("editor.step.addCorner") : t("editor.step.moveCorner"), held.ring);
    redraw();
  }

  key(event) {
    const object = only(this.session);
    if (!object || event.ctrlKey || event.metaKey) return false;
    const ring = this.#ring(object);
    const steps = { ".": 1, ",": -1 };
    if (event.key in steps) this.#corner = (this.#corner + steps[event.key] + ring.length) % ring.length;
    else if (event.key in ARROWS) this.#nudge(ring, ARROWS[event.key], event.shiftKey ? FAST : 1);
    else if (event.key === "Insert") this.#insert(ring);
    else if (event.key === "Delete" || event.key === "Backspace") this.#remove(ring);
    else return false;
    redraw();
    return true;
  }

  #nudge(ring, [dx, dy], by) {
    const [x, y] = ring[this.#corner % ring.length];
    const next = [...ring];
    next[this.#corner % ring.length] = [x + dx * by, y + dy * by];
    this.#commit(t("editor.step.moveCorner"), next);
  }

  #insert(ring) {
    const at = this.#corner % ring.length;
    const [[x, y], [nextX, nextY]] = [ring[at], ring[(at + 1) % ring.length]];
    const next = [...ring];
    next.splice(at + 1, 0, [(x + nextX) / 2, (y + nextY) / 2]);
    this.#corner = at + 1;
    this.#commit(t("editor.step.addCorner"), next);
  }

  #remove(ring) {
    if (ring.length <= 3) return this.say(t("editor.threeCorners"));
    this.#commit(t("editor.step.deleteCorner"), ring.filter((_, at) => at !== this.#corner % ring.length));
    this.#corner = Math.max(0, this.#corner - 1);
    return undefined;
  }

  #commit(words, polygon) {
    const { label, holes, class: name } = only(this.session);
    this.session.apply(words, [label], [{ label, polygon, holes, reduced: polygon, ...(name ? { class: name } : {}) }]);
  }

  sketch(context, scale) {
    const object = only(this.session);
    if (!object) return;
    const ring = this.#held?.ring ?? this.#ring(object);
    drawLine(context, ring, scale, true);
    if (!isRoomy(ring, scale)) return;
    ring.forEach(([x, y], at) => drawHandle(context, x, y, scale, at === this.#corner % ring.length));
  }
}

/** Adds a corner where the outline is clicked; the same as with the tool above, for the outline alone. */
export class AddCornerTool extends CornerTool {
  static key = "a";
  static title = "editor.tool.addCorners";
  static icon = "circle-plus";
  static hint = "editor.hint.addCorners";
  static keys = "";

  press(point, event) {
    const object = only(this.session);
    if (!object) return false;
    return this.addTo(object.reduced ?? simplified(object.polygon), point, 2 * gripOf(event));
  }
}

/** A line that is drawn point by point, or freely; keys move a cross and put points with it. */
class LineTool extends Tool {
  points = [];
  #before = []; // The points when the pointer came down.
  #cross = null;
  #free = false;

  press(point) {
    this.#cross = null;
    this.#free = false;
    this.#before = [...this.points];
    this.points.push(point);
    redraw();
    return true;
  }

  drag(point) {
    const [x, y] = this.points.at(-1);
    if (Math.hypot(point[0] - x, point[1] - y) < FREE / stage.peek().view.k) return;
    this.#free = true;
    this.points.push(point);
    redraw();
  }

  release(point, event, clicked) {
    if (this.#free && !clicked) this.#finish();
    redraw();
  }

  /** A second finger moves the picture: what was set before stays. */
  cancel() {
    this.points = this.#before;
    this.#free = false;
    redraw();
  }

  double() {
    if (this.points.length > 1) this.#finish();
    return true;
  }

  hover() {
    redraw();
    return true;
  }

  key(event) {
    if (event.ctrlKey || event.metaKey) return false;
    if (event.key === "Escape" && (this.points.length || this.#cross)) this.quit();
    else if (event.key === "Backspace" && this.points.length) this.points.pop();
    else if (event.key === "Enter" && this.points.length) this.#finish();
    else if (event.key === " ") this.points.push([...this.#crossing()]);
    else if (event.key in ARROWS) this.#moveCross(ARROWS[event.key], event.shiftKey ? FAST : 1);
    else return false;
    redraw();
    return true;
  }

  quit() {
    this.points = [];
    this.#cross = null;
    this.#free = false;
  }

  #finish() {
    const drawn = this.points;
    this.quit();
    this.finish(drawn);
  }

  #crossing() {
    const { view, box } = stage.peek();
    return (this.#cross ??= [(box.width / 2 - view.x) / view.k, (box.height / 2 - view.y) / view.k].map(Math.round));
  }

  #moveCross([dx, dy], by) {
    const [x, y] = this.#crossing();
    this.#cross = [x + dx * by, y + dy * by];
  }

  sketch(context, scale) {
    const tip = this.#cross ?? (this.#free ? null : cursor.peek());
    const line = tip && this.points.length ? [...this.points, tip] : this.points;
    if (line.length > 1) drawLine(context, line, scale, false);
    if (!this.#free) for (const [x, y] of this.points) drawHandle(context, x, y, scale, false);
    if (this.#cross) drawCross(context, ...this.#cross, scale);
  }
}

export class DrawTool extends LineTool {
  static key = "n";
  static title = "editor.tool.draw";
  static icon = "pencil";
  static hint = "editor.hint.draw";
  static keys = "editor.keys.draw";

  finish(points) {
    const outline = cleaned(points, stage.peek().size);
    if (!outline) return this.say(t("editor.noPixel"));
    this.session.apply(t("editor.step.draw"), [], [{ label: this.session.newLabel(), ...outline }]);
    return undefined;
  }
}

export class SplitTool extends LineTool {
  static key = "s";
  static title = "editor.tool.split";
  static icon = "scissors";
  static hint = "editor.hint.split";
  static keys = "editor.keys.split";

  finish(line) {
    const parted = this.#objects(line).map((object) => [object, splitBy(object, line)]).find(([, pieces]) => pieces.length > 1);
    if (!parted) return this.say(t("editor.noCrossing"));
    const [{ label, class: name }, pieces] = parted;
    const into = pieces.map((outline, at) => ({ label: at ? this.session.newLabel() : label, ...outline, ...(name ? { class: name } : {}) }));
    this.session.apply(t("editor.step.split"), [label], into);
    return undefined;
  }

  /** Return the object that is chosen, else those that the line comes over. */
  #objects(line) {
    const mine = only(this.session);
    if (mine) return [mine];
    const labels = new Set();
    line.slice(1).forEach((end, at) => {
      for (let share = 0; share <= 1; share += 0.02) {
        const label = stage.peek().hit([0, 1].map((axis) => line[at][axis] + share * (end[axis] - line[at][axis])));
        if (label !== null) labels.add(label);
      }
    });
    return [...labels].map((label) => this.session.find(label));
  }
}

export const TOOLS = [SelectTool, CornerTool, AddCornerTool, DrawTool, SplitTool];

/** Make one object of all that are chosen. */
export function mergeChosen(session, say) {
  const meant = chosen.peek().map((label) => session.find(label)).filter(Boolean);
  if (meant.length < 2) return say(t("editor.chooseTwo"));
  const outline = mergeOf(meant);
  if (!outline) return say(t("editor.apart"));
  const [{ label, class: name }] = meant;
  session.apply(t("editor.step.merge"), meant.map((each) => each.label), [{ label, ...outline, ...(name ? { class: name } : {}) }]);
  return undefined;
}

export function deleteChosen(session) {
  const labels = chosen.peek().filter((label) => session.find(label));
  if (!labels.length) return false;
  session.apply(t("editor.step.delete", { count: labels.length }), labels, []);
  return true;
}

/** Give all that are chosen a class; an empty name takes it away. */
export function classifyChosen(session, name) {
  const meant = chosen.peek().map((label) => session.find(label)).filter((object) => object && (object.class ?? "") !== name);
  const into = meant.map(({ class: _, ...object }) => (name ? { ...object, class: name } : object));
  if (into.length) session.apply(t("editor.step.classify"), meant.map(({ label }) => label), into);
}

function nearestCorner(ring, [x, y], grip) {
  let [found, least] = [null, grip];
  ring.forEach(([cornerX, cornerY], at) => {
    const distance = Math.hypot(cornerX - x, cornerY - y);
    if (distance <= least) [found, least] = [at, distance];
  });
  return found;
}

/** Return the corner behind which the side begins that is nearest to a point, within *grip*. */
function nearestSide(ring, point, grip) {
  let [found, least] = [null, grip];
  ring.forEach((corner, at) => {
    const { distance } = distanceTo(point, corner, ring[(at + 1) % ring.length]);
    if (distance <= least) [found, least] = [at, distance];
  });
  return found;
}

function isRoomy(ring, scale) {
  const around = ring.reduce((sum, [x, y], at) => sum + Math.hypot(x - ring[(at + 1) % ring.length][0], y - ring[(at + 1) % ring.length][1]), 0);
  return (around / ring.length) * scale >= ROOM;
}

function drawLine(context, points, scale, isClosed) {
  context.beginPath();
  points.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
  if (isClosed) context.closePath();
  for (const [width, colour] of [[4, "rgb(7 9 11 / 0.7)"], [1.75, "#ffb547"]]) {
    context.lineWidth = width / scale;
    context.strokeStyle = colour;
    context.stroke();
  }
}

function drawHandle(context, x, y, scale, isActive) {
  context.beginPath();
  context.arc(x, y, (isActive ? HANDLE + 1.5 : HANDLE) / scale, 0, 2 * Math.PI);
  context.fillStyle = isActive ? "#ffb547" : "#ffffff";
  context.fill();
  context.lineWidth = 1.5 / scale;
  context.strokeStyle = "#07090b";
  context.stroke();
}

function drawCross(context, x, y, scale) {
  const arm = 14 / scale;
  context.beginPath();
  context.moveTo(x - arm, y);
  context.lineTo(x + arm, y);
  context.moveTo(x, y - arm);
  context.lineTo(x, y + arm);
  context.lineWidth = 2 / scale;
  context.strokeStyle = "#ffb547";
  context.stroke();
}
