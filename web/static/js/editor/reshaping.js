// Outlines in, outlines out: split, merge, clean, and with fewer corners to hold.

import { Mask, maskOf, outlineOf, piecesOf } from "./masks.js";

const WIDEST_GAP = 3; // Pixels between objects that count as touching.
const NEAR = 1.25; // Pixels that an outline may move when corners are left out.

/** Return the parts of an outline, the largest first, parted along a *line* of points; one part: it does not cross. */
export function splitBy(outline, line) {
  const cuts = line.slice(1).map((end, at) => [line[at], end]);
  const isCut = (x, y, nextX, nextY) => cuts.some(([from, to]) => crosses([x + 0.5, y + 0.5], [nextX + 0.5, nextY + 0.5], from, to));
  return piecesOf(maskOf([outline]), isCut).map(outlineOf);
}

/** Tell whether two lines cross, each given by its ends. */
function crosses(a, b, c, d) {
  const side = ([px, py], [qx, qy], [rx, ry]) => (qx - px) * (ry - py) - (qy - py) * (rx - px) >= 0;
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}

/** Return one outline around all, small gaps between them filled; null when they do not touch. */
export function mergeOf(outlines) {
  const together = maskOf(outlines, 2 * WIDEST_GAP);
  for (let gap = 0; gap <= WIDEST_GAP; gap += 1) {
    const pieces = piecesOf(gap ? closed(together, gap) : together);
    if (pieces.length === 1) return outlineOf(pieces[0]);
  }
  return null;
}

/** Return a mask without gaps narrower than twice *by*: grown and shrunk again. */
function closed(mask, by) {
  const grown = spread(mask, by, (pixel) => pixel);
  const rest = spread(grown, by, (pixel) => 1 - pixel);
  rest.pixels.forEach((pixel, at) => (rest.pixels[at] = pixel && !mask.pixels[at] ? 0 : 1));
  return rest;
}

/** Return a mask of all that is near a pixel that *counts*. */
function spread(mask, by, counts) {
  const { left, top, width, height } = mask;
  const result = new Mask(left, top, width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!counts(mask.pixels[y * width + x])) continue;
      for (let row = Math.max(0, y - by); row <= Math.min(height - 1, y + by); row += 1) {
        result.pixels.fill(1, row * width + Math.max(0, x - by), row * width + Math.min(width - 1, x + by) + 1);
      }
    }
  }
  return result;
}

/** Return a ring as drawn by hand as an outline in one piece, within an image; null when it covers no pixel. */
export function cleaned(ring, { width, height }) {
  const within = ring.map(([x, y]) => [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)]);
  if (within.length < 3) return null;
  const [piece] = piecesOf(maskOf([{ polygon: within }]));
  return piece ? outlineOf(piece) : null;
}

/** Return a ring with fewer corners, nowhere farther than *near* pixels from what it was. */
export function simplified(ring, near = NEAR) {
  if (ring.length <= 4) return ring;
  const far = (from) => ring.reduce((best, point, at) => (apart(point, ring[from]) > apart(ring[best], ring[from]) ? at : best), from);
  const first = far(0);
  const second = far(first);
  const [begin, end] = [Math.min(first, second), Math.max(first, second)];
  const there = thinned(ring.slice(begin, end + 1), near);
  const back = thinned([...ring.slice(end), ...ring.slice(0, begin + 1)], near);
  const left = [...there.slice(0, -1), ...back.slice(0, -1)];
  return left.length >= 3 ? left : ring;
}

const apart = ([ax, ay], [bx, by]) => Math.hypot(ax - bx, ay - by);

/** Keep the ends of a line, and what is farther than *near* from the straight way. */
function thinned(line, near) {
  let [worst, at] = [near, 0];
  for (let each = 1; each < line.length - 1; each += 1) {
    const distance = distanceTo(line[each], line[0], line.at(-1)).distance;
    if (distance > worst) [worst, at] = [distance, each];
  }
  if (!at) return [line[0], line.at(-1)];
  return [...thinned(line.slice(0, at + 1), near).slice(0, -1), ...thinned(line.slice(at), near)];
}

/** Return how far a point is from a line between two others, and where on it is nearest. */
export function distanceTo([x, y], [ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const share = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
  const point = [ax + share * dx, ay + share * dy];
  return { distance: apart([x, y], point), point };
}
