// The stage: the picture, the outlines and what is marked, three canvases under one view.
//
// A gesture only moves the drawn canvases by CSS; they are drawn anew, sharp, once it rests.
// That stays smooth with thousands of outlines, where drawing every frame does not.

import { Grid } from "./grid.js";
import { drawMarks, drawOutlines } from "./outlines.js";
import { Shape } from "./shapes.js";
import { between, centred, fitted, held, panned, seen, toImage, zoomed } from "./view.js";

const REST = 140; // Milliseconds without a move, and all is drawn sharp.
const BEYOND = 0.25; // Of the box, drawn on each side of it, so that no edge is blank at once.
const MOST_PIXELS = 12_000_000; // Of a canvas; beyond, it is drawn less sharp.
const LEAST_ON_SCREEN = 48;
const BEHIND = 0.3; // How strong outlines are while something else lies over them.

const LOOK = {
  colourOf: () => "#3ee0c8",
  isFaint: () => false,
  shown: true,
  outlines: true,
  fill: false,
  labels: false,
  opacity: 1,
};

export class Stage {
  #element;
  #canvases;
  #box = { width: 1, height: 1 };
  #margin = { x: 0, y: 0 };
  #ratio = 1;
  #size = { width: 1, height: 1 };
  #picture = null;
  #placeholder = null;
  #grid = new Grid();
  #look = LOOK;
  #marks = { hovered: null, chosen: [] };
  #sketch = null;
  #overlay = null;
  #view = { k: 1, x: 0, y: 0 };
  #drawn = this.#view;
  #isFitted = true;
  #resting = 0;
  #frame = 0;
  #dirty = new Set();
  #onView;
  #observer;

  /** *element* holds three canvases; *onView* is told each new view. */
  constructor(element, size, onView) {
    this.#element = element;
    this.#canvases = [...element.querySelectorAll("canvas")].slice(0, 3);
    this.#size = size;
    this.#onView = onView;
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(element);
    this.#resize();
  }

  get view() {
    return this.#view;
  }

  get box() {
    return this.#box;
  }

  get size() {
    return this.#size;
  }

  get grid() {
    return this.#grid;
  }

  get isFitted() {
    return this.#isFitted;
  }

  close() {
    this.#observer.disconnect();
    clearTimeout(this.#resting);
    cancelAnimationFrame(this.#frame);
  }

  /** Show *picture*, see `Picture`; until there is one, a small one stretched. */
  showPicture(picture) {
    this.#picture = picture;
    this.redraw("picture");
  }

  showPlaceholder(image) {
    this.#placeholder = image;
    this.redraw("picture");
  }

  showObjects(objects) {
    const known = this.#grid.shapes; // What did not change keeps its path.
    const shapeOf = (object) => (known.get(object.label)?.object === object ? known.get(object.label) : new Shape(object));
    this.#grid = new Grid(objects.map(shapeOf));
    this.#onView({ ...this.#view }); // What is in view is another.
    this.redraw("outlines", "marks");
  }

  /** Change some of how outlines look, see LOOK. */
  look(change) {
    this.#look = { ...this.#look, ...change };
    this.redraw("outlines", "marks");
  }

  /** Mark the object under the pointer and those that are chosen, by their labels. */
  mark(change) {
    this.#marks = { ...this.#marks, ...change };
    this.redraw("marks");
  }

  /** Have *sketch(context, scale)* draw over everything, as tools do; null ends it. */
  sketch(sketch) {
    this.#sketch = sketch;
    this.redraw("marks");
  }

  /** Have *overlay(context, scale, region)* draw over the outlines, which step back for it; null ends it. */
  overlay(overlay) {
    this.#overlay = overlay;
    this.redraw("outlines");
  }

  /** Return the point of the image under an event. */
  pointOf(event) {
    return toImage(this.#view, this.placeOf(event));
  }

  /** Return the point of the element under an event. */
  placeOf(event) {
    const { left, top } = this.#element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** Return the label of the object under a point of the image, or null. */
  hit([x, y]) {
    return this.#grid.hit(x, y)?.label ?? null;
  }

  fit() {
    this.#isFitted = true;
    this.#move(fitted(this.#size, this.#box));
  }

  /** Zoom by *factor* around a point of the element, its middle unless told. */
  zoom(factor, at = [this.#box.width / 2, this.#box.height / 2]) {
    this.#isFitted = false;
    this.#move(zoomed(this.#view, factor, at, this.#leastZoom()));
  }

  pan(dx, dy) {
    this.#isFitted = false;
    this.#move(panned(this.#view, dx, dy));
  }

  /** Show a point of the image in the middle at zoom *k*. */
  centre(point, k = this.#view.k) {
    this.#isFitted = false;
    this.#move(centred(Math.max(k, this.#leastZoom()), point, this.#box));
  }

  /** Bring a shape into view; one that is in view stays where it is. */
  reveal(shape) {
    if (!shape) return;
    const { left, top, right, bottom } = seen(this.#view, this.#box);
    if (shape.left >= left && shape.top >= top && shape.right <= right && shape.bottom <= bottom) return;
    const room = Math.min(this.#box.width, this.#box.height) / (2 * shape.extent || 1);
    this.centre(shape.middle, Math.min(this.#view.k, room));
  }

  /** How many objects are in view. */
  countInView() {
    const region = seen(this.#view, this.#box);
    let count = 0;
    for (const shape of this.#grid.shapes.values()) if (shape.isIn(region)) count += 1;
    return count;
  }

  /** Draw these layers with the next frame: "picture", "outlines", "marks". */
  redraw(...layers) {
    for (const layer of layers) this.#dirty.add(layer);
    if (!this.#resting) this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #leastZoom() {
    const whole = Math.min(this.#box.width / this.#size.width, this.#box.height / this.#size.height);
    return Math.min(1, whole, LEAST_ON_SCREEN / Math.min(this.#size.width, this.#size.height)) / 2;
  }

  #move(view) {
    this.#view = held(view, this.#size, this.#box);
    const { scale, x, y } = between(this.#drawn, this.#view, this.#margin);
    const transform = `matrix(${scale},0,0,${scale},${x - this.#margin.x},${y - this.#margin.y})`;
    for (const canvas of this.#canvases) canvas.style.transform = transform;
    this.#onView(this.#view);
    this.#dirty = new Set(["picture", "outlines", "marks"]);
    if (this.#showsBlank(scale, x, y)) this.#frame ||= requestAnimationFrame(() => this.#draw());
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => {
      this.#resting = 0;
      this.#draw();
    }, REST);
  }

  /** Tell whether the box reaches beyond what was drawn, at its new place and size. */
  #showsBlank(scale, x, y) {
    const [right, bottom] = [x + scale * (this.#box.width + 2 * this.#margin.x), y + scale * (this.#box.height + 2 * this.#margin.y)];
    return x > this.#margin.x || y > this.#margin.y || right < this.#box.width + this.#margin.x || bottom < this.#box.height + this.#margin.y;
  }

  #resize() {
    const { width, height } = this.#element.getBoundingClientRect();
    if (!width || !height) return;
    const middle = toImage(this.#view, [this.#box.width / 2, this.#box.height / 2]);
    this.#box = { width, height };
    this.#margin = { x: Math.round(width * BEYOND), y: Math.round(height * BEYOND) };
    const [across, down] = [width + 2 * this.#margin.x, height + 2 * this.#margin.y];
    this.#ratio = Math.min(devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / (across * down)));
    for (const canvas of this.#canvases) {
      canvas.width = Math.round(across * this.#ratio);
      canvas.height = Math.round(down * this.#ratio);
      Object.assign(canvas.style, { width: `${across}px`, height: `${down}px` });
    }
    if (this.#isFitted) this.fit();
    else this.#move(centred(this.#view.k, middle, this.#box));
    clearTimeout(this.#resting);
    this.#resting = 0;
    this.#draw();
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const moved = this.#drawn !== this.#view;
    const layers = moved ? ["picture", "outlines", "marks"] : [...this.#dirty];
    this.#dirty.clear();
    this.#drawn = this.#view;
    const place = `translate(${-this.#margin.x}px,${-this.#margin.y}px)`;
    for (const canvas of this.#canvases) canvas.style.transform = place;
    const region = seen(this.#view, this.#box, Math.max(this.#margin.x, this.#margin.y));
    for (const layer of layers) this.#layers[layer](region);
  }

  #layers = {
    picture: (region) => {
      const context = this.#begin(0);
      if (this.#placeholder && !this.#picture) {
        context.drawImage(this.#placeholder, 0, 0, this.#size.width, this.#size.height);
      }
      this.#picture?.draw(context, region, this.#view.k * this.#ratio);
    },
    outlines: (region) => {
      const context = this.#begin(1);
      const opacity = this.#look.opacity * (this.#overlay ? BEHIND : 1);
      if (this.#look.shown) drawOutlines(context, this.#grid.shapes.values(), region, this.#view.k, { ...this.#look, opacity });
      this.#overlay?.(context, this.#view.k, region);
    },
    marks: () => {
      const context = this.#begin(2);
      const { colourOf, shown } = this.#look;
      if (shown) drawMarks(context, this.#grid.shapes, this.#view.k, { ...this.#marks, colourOf });
      this.#sketch?.(context, this.#view.k);
    },
  };

  #begin(layer) {
    const canvas = this.#canvases[layer];
    const context = canvas.getContext("2d");
    const { k, x, y } = this.#view;
    const scale = k * this.#ratio;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, (x + this.#margin.x) * this.#ratio, (y + this.#margin.y) * this.#ratio);
    return context;
  }
}
