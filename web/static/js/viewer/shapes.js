// Outlines as shapes: their boxes, areas, paths, and what lies in them.

/** Return the box around a ring of `[x, y]`. */
export function boxOf(ring) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of ring) {
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return { left, top, right, bottom };
}

/** Return the area within a ring; positive when it runs clockwise on the screen. */
export function signedArea(ring) {
  let twice = 0;
  for (let at = 0, before = ring.length - 1; at < ring.length; before = at++) {
    twice += ring[before][0] * ring[at][1] - ring[at][0] * ring[before][1];
  }
  return twice / 2;
}

/** Return the area of an outline without its holes, in square pixels. */
export const areaOf = ({ polygon, holes = [] }) =>
  holes.reduce((area, hole) => area - Math.abs(signedArea(hole)), Math.abs(signedArea(polygon)));

/** Tell whether a point lies within a ring, by how often a ray from it crosses. */
export function isWithin(ring, x, y) {
  let inside = false;
  for (let at = 0, before = ring.length - 1; at < ring.length; before = at++) {
    const [ax, ay] = ring[at];
    const [bx, by] = ring[before];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

/** Tell whether a point lies in an outline and in none of its holes. */
export const contains = ({ polygon, holes = [] }, x, y) =>
  isWithin(polygon, x, y) && !holes.some((hole) => isWithin(hole, x, y));

/** Return the path that draws an outline, its holes included. */
export function pathOf({ polygon, holes = [] }) {
  const path = new Path2D();
  for (const ring of [polygon, ...holes]) {
    ring.forEach(([x, y], at) => (at ? path.lineTo(x, y) : path.moveTo(x, y)));
    path.closePath();
  }
  return path;
}

/** An object with what drawing and hitting it needs; the path is made when first drawn. */
export class Shape {
  #path = null;

  constructor(object) {
    this.object = object;
    this.label = object.label;
    Object.assign(this, boxOf(object.polygon));
    this.extent = Math.max(this.right - this.left, this.bottom - this.top);
  }

  get path() {
    return (this.#path ??= pathOf(this.object));
  }

  get middle() {
    return [(this.left + this.right) / 2, (this.top + this.bottom) / 2];
  }

  isIn({ left, top, right, bottom }) {
    return this.right >= left && this.left <= right && this.bottom >= top && this.top <= bottom;
  }
}
