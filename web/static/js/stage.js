// The drawing of an image and its outlines, under one transform.
//
// Two canvases: the picture with all outlines, and what is hovered or chosen. A gesture only
// moves the drawn canvases by CSS; they are drawn anew, sharp, once it rests. That stays
// smooth with thousands of outlines, where drawing every frame does not.

const SETTLE = 120;
const MOST_ZOOM = 40;
const CLICK_SLOP = 4; // Pixels a press may move and still be a click.
const OUTLINE = "#3ee0c8";
const CHOSEN = "#ffffff";

/** Return the path of an object, its holes included. */
function pathOf({ polygon, holes = [] }) {
  const path = new Path2D();
  for (const ring of [polygon, ...holes]) {
    ring.forEach(([x, y], at) => (at ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  }
  return path;
}

function boxOf({ polygon }) {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

export class Stage {
  #element;
  #base;
  #marks;
  #report;
  #picture = null;
  #size = { width: 1, height: 1 };
  #shapes = [];
  #view = { k: 1, x: 0, y: 0 };
  #drawn = { k: 1, x: 0, y: 0 };
  #fitted = true;
  #outlines = true;
  #hovered = null;
  #chosen = null;
  #settling = 0;
  #pointers = new Map();
  #travel = 0;

  /** *report* has `hover(label)`, `choose(label)` and `zoom(factor)`. */
  constructor(element, report) {
    this.#element = element;
    [this.#base, this.#marks] = element.querySelectorAll("canvas");
    this.#report = report;
    this.#listen();
    new ResizeObserver(() => this.#resize()).observe(element);
  }

  /** Show *picture*, stretched over an image of *size* pixels. */
  setPicture(picture, size) {
    this.#picture = picture;
    this.#size = size;
    this.#resize();
  }

  setObjects(objects) {
    this.#shapes = objects.map((object) => ({ label: object.label, path: pathOf(object), ...boxOf(object) }));
    this.#draw();
  }

  showOutlines(shown) {
    this.#outlines = shown;
    this.#draw();
  }

  mark({ hovered, chosen }) {
    this.#hovered = hovered;
    this.#chosen = chosen;
    this.#drawMarks();
  }

  /** Bring an object into view; one that is in view stays where it is. */
  reveal(label) {
    const shape = this.#shapes.find((each) => each.label === label);
    if (!shape) return;
    const { k, x, y } = this.#view;
    const { width, height } = this.#element.getBoundingClientRect();
    const [left, top, right, bottom] = [shape.left * k + x, shape.top * k + y, shape.right * k + x, shape.bottom * k + y];
    if (left >= 0 && top >= 0 && right <= width && bottom <= height) return;
    this.#fitted = false;
    this.#move({ k, x: x + width / 2 - (left + right) / 2, y: y + height / 2 - (top + bottom) / 2 });
  }

  fit() {
    const { width, height } = this.#element.getBoundingClientRect();
    const k = Math.min(width / this.#size.width, height / this.#size.height);
    this.#fitted = true;
    this.#move({ k, x: (width - this.#size.width * k) / 2, y: (height - this.#size.height * k) / 2 });
  }

  /** Zoom by *factor* around a point of the element, its middle unless told. */
  zoom(factor, at) {
    const { width, height } = this.#element.getBoundingClientRect();
    const [px, py] = at ?? [width / 2, height / 2];
    const { k, x, y } = this.#view;
    const least = Math.min(1, width / this.#size.width, height / this.#size.height) / 2;
    const next = Math.min(MOST_ZOOM, Math.max(least, k * factor));
    this.#fitted = false;
    this.#move({ k: next, x: px - ((px - x) * next) / k, y: py - ((py - y) * next) / k });
  }

  #move(view) {
    this.#view = view;
    this.#report.zoom(view.k);
    const { k, x, y } = this.#drawn;
    const scale = view.k / k;
    const transform = `matrix(${scale},0,0,${scale},${view.x - x * scale},${view.y - y * scale})`;
    this.#base.style.transform = this.#marks.style.transform = transform;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#draw(), SETTLE);
  }

  #resize() {
    const { width, height } = this.#element.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    for (const canvas of [this.#base, this.#marks]) {
      canvas.width = Math.max(1, Math.round(width * ratio));
      canvas.height = Math.max(1, Math.round(height * ratio));
    }
    if (this.#fitted) this.fit();
    this.#draw();
  }

  #begin(canvas) {
    const context = canvas.getContext("2d");
    const ratio = devicePixelRatio || 1;
    const { k, x, y } = this.#view;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(k * ratio, 0, 0, k * ratio, x * ratio, y * ratio);
    context.lineJoin = "round";
    return context;
  }

  #draw() {
    clearTimeout(this.#settling);
    this.#drawn = { ...this.#view };
    this.#base.style.transform = this.#marks.style.transform = "none";
    const context = this.#begin(this.#base);
    if (this.#picture) {
      context.imageSmoothingEnabled = this.#view.k < 3; // Pixels are seen as pixels when near.
      context.drawImage(this.#picture, 0, 0, this.#size.width, this.#size.height);
    }
    if (this.#outlines) {
      context.strokeStyle = OUTLINE;
      context.lineWidth = 1.5 / this.#view.k;
      for (const shape of this.#visible()) context.stroke(shape.path);
    }
    this.#drawMarks();
  }

  *#visible() {
    const { k, x, y } = this.#view;
    const { width, height } = this.#element.getBoundingClientRect();
    for (const shape of this.#shapes) {
      const beside = shape.right * k + x < 0 || shape.left * k + x > width;
      const above = shape.bottom * k + y < 0 || shape.top * k + y > height;
      if (!beside && !above) yield shape;
    }
  }

  #drawMarks() {
    // While moved by CSS the canvas has the transform it was drawn with.
    if (this.#marks.style.transform !== "none" && this.#marks.style.transform !== "") return;
    const context = this.#begin(this.#marks);
    context.strokeStyle = CHOSEN;
    for (const shape of this.#shapes) {
      const chosen = shape.label === this.#chosen;
      if (!chosen && shape.label !== this.#hovered) continue;
      context.lineWidth = (chosen ? 2.5 : 1.75) / this.#view.k;
      context.fillStyle = chosen ? "rgb(62 224 200 / 0.34)" : "rgb(255 255 255 / 0.12)";
      context.fill(shape.path, "evenodd");
      context.stroke(shape.path);
    }
  }

  #at(event) {
    const { left, top } = this.#element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** Return the label of the smallest object under a point of the element. */
  #hit([px, py]) {
    const [x, y] = [(px - this.#view.x) / this.#view.k, (py - this.#view.y) / this.#view.k];
    const area = (s) => (s.right - s.left) * (s.bottom - s.top);
    const context = this.#marks.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    const under = this.#shapes
      .filter((s) => x >= s.left && x <= s.right && y >= s.top && y <= s.bottom)
      .filter((s) => context.isPointInPath(s.path, x, y, "evenodd"))
      .sort((a, b) => area(a) - area(b));
    return under[0]?.label ?? null;
  }

  #listen() {
    const marks = this.#marks;
    marks.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), this.#at(event));
    });
    marks.addEventListener("pointerdown", (event) => {
      marks.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, this.#at(event));
      if (this.#pointers.size === 1) this.#travel = 0;
    });
    marks.addEventListener("pointermove", (event) => this.#pointerMoved(event));
    marks.addEventListener("pointerup", (event) => {
      if (this.#pointers.size === 1 && this.#travel < CLICK_SLOP) this.#report.choose(this.#hit(this.#at(event)));
      this.#released(event);
    });
    marks.addEventListener("pointercancel", (event) => this.#released(event));
    marks.addEventListener("pointerleave", () => this.#report.hover(null));
    marks.addEventListener("dblclick", (event) => this.zoom(2, this.#at(event)));
  }

  #released(event) {
    this.#pointers.delete(event.pointerId);
    this.#marks.classList.remove("moving");
  }

  #pointerMoved(event) {
    const at = this.#at(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      const label = this.#hit(at);
      this.#marks.classList.toggle("over", label !== null);
      this.#report.hover(label);
      return;
    }
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, at);
    this.#travel += Math.hypot(at[0] - before[0], at[1] - before[1]);
    if (other) this.#pinch(before, at, other);
    else if (this.#travel >= CLICK_SLOP) this.#pan(before, at);
  }

  #pan(before, at) {
    this.#marks.classList.add("moving");
    const { k, x, y } = this.#view;
    this.#fitted = false;
    this.#move({ k, x: x + at[0] - before[0], y: y + at[1] - before[1] });
  }

  #pinch(before, at, other) {
    const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]) || 1;
    this.zoom(apart(at) / apart(before), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
  }
}
