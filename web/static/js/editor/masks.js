// Outlines as sets of pixels and back: a pixel belongs to an outline that has its middle, as on the server.

/** A rectangle of pixels, of which some are set. */
export class Mask {
  constructor(left, top, width, height) {
    Object.assign(this, { left, top, width, height });
    this.pixels = new Uint8Array(width * height);
  }

  has(x, y) {
    const [column, row] = [x - this.left, y - this.top];
    return column >= 0 && row >= 0 && column < this.width && row < this.height && this.pixels[row * this.width + column] === 1;
  }

  set(x, y, value = 1) {
    this.pixels[(y - this.top) * this.width + x - this.left] = value;
  }

  get count() {
    let count = 0;
    for (const pixel of this.pixels) count += pixel;
    return count;
  }
}

/** Return the pixels of outlines together, with *margin* empty ones around. */
export function maskOf(outlines, margin = 0) {
  const xs = outlines.flatMap(({ polygon }) => polygon.map(([x]) => x));
  const ys = outlines.flatMap(({ polygon }) => polygon.map(([, y]) => y));
  const least = (values) => Math.floor(values.reduce((a, b) => Math.min(a, b))) - margin;
  const most = (values) => Math.ceil(values.reduce((a, b) => Math.max(a, b))) + margin;
  const [left, top] = [least(xs), least(ys)];
  const mask = new Mask(left, top, most(xs) - left, most(ys) - top);
  for (const { polygon, holes = [] } of outlines) {
    const own = filled(mask, polygon);
    for (const hole of holes) filled(mask, hole).forEach((pixel, at) => pixel && (own[at] = 0));
    own.forEach((pixel, at) => pixel && (mask.pixels[at] = 1));
  }
  return mask;
}

/** Return which pixels have their middle inside a ring, by even and odd. */
function filled({ left, top, width, height }, ring) {
  const pixels = new Uint8Array(width * height);
  ring.forEach(([endX, endY], at) => {
    const [x, y] = ring[(at || ring.length) - 1];
    const [low, high] = [Math.min(y, endY), Math.max(y, endY)];
    const first = Math.max(0, Math.ceil(low - 0.5 - top));
    const last = Math.min(height, Math.ceil(high - 0.5 - top));
    for (let row = first; row < last; row += 1) {
      const crossing = x + ((row + top + 0.5 - y) / (endY - y)) * (endX - x);
      const column = Math.max(0, Math.ceil(crossing - 0.5 - left));
      for (let each = column; each < width; each += 1) pixels[row * width + each] ^= 1;
    }
  });
  return pixels;
}

/**
 * Return the connected pieces of a mask, the largest first. Neighbours touch by a side, unless
 * *isCut(x, y, nextX, nextY)* parts them.
 */
export function piecesOf(mask, isCut = () => false) {
  const seen = new Uint8Array(mask.pixels.length);
  const pieces = [];
  mask.pixels.forEach((pixel, start) => {
    if (!pixel || seen[start]) return;
    const piece = new Mask(mask.left, mask.top, mask.width, mask.height);
    const waiting = [start];
    seen[start] = 1;
    while (waiting.length) {
      const at = waiting.pop();
      piece.pixels[at] = 1;
      const [x, y] = [(at % mask.width) + mask.left, Math.floor(at / mask.width) + mask.top];
      for (const [nextX, nextY] of [[x + 1, y], [x - 1, y], [x, y + 1], [x, y - 1]]) {
        if (!mask.has(nextX, nextY)) continue;
        const next = (nextY - mask.top) * mask.width + nextX - mask.left;
        if (seen[next] || isCut(x, y, nextX, nextY)) continue;
        seen[next] = 1;
        waiting.push(next);
      }
    }
    pieces.push(piece);
  });
  return pieces.sort((a, b) => b.count - a.count);
}

/** Return the outline `{polygon, holes}` of a mask in one piece, along the edges of its pixels. */
export function outlineOf(mask) {
  const rings = ringsOf(mask);
  const turns = (ring) => ring.reduce((sum, [x, y], at) => sum + x * ring[(at + 1) % ring.length][1] - y * ring[(at + 1) % ring.length][0], 0);
  const [polygon] = rings.filter((ring) => turns(ring) > 0);
  return { polygon, holes: rings.filter((ring) => turns(ring) < 0) };
}

/** Return the closed rings around the pixels, those always on the right; holes run the other way. */
function ringsOf(mask) {
  const edges = edgesOf(mask);
  const rings = [];
  for (const [start, ends] of edges) {
    while (ends.length) rings.push(straightened(walked(edges, start)));
  }
  return rings;
}

const pointKey = (x, y) => `${x},${y}`;

function edgesOf(mask) {
  const edges = new Map();
  const add = (x, y, toX, toY) => {
    const key = pointKey(x, y);
    if (!edges.has(key)) edges.set(key, []);
    edges.get(key).push([x, y, toX, toY]);
  };
  for (let y = mask.top; y < mask.top + mask.height; y += 1) {
    for (let x = mask.left; x < mask.left + mask.width; x += 1) {
      if (!mask.has(x, y)) continue;
      if (!mask.has(x, y - 1)) add(x, y, x + 1, y);
      if (!mask.has(x + 1, y)) add(x + 1, y, x + 1, y + 1);
      if (!mask.has(x, y + 1)) add(x + 1, y + 1, x, y + 1);
      if (!mask.has(x - 1, y)) add(x, y + 1, x, y);
    }
  }
  return edges;
}

function walked(edges, start) {
  const ring = [];
  let [x, y, toX, toY] = edges.get(start).pop();
  for (;;) {
    ring.push([x, y]);
    const key = pointKey(toX, toY);
    const ends = edges.get(key);
    // Where pixels touch by a corner only, the sharp turn to the right stays at the same one.
    const right = ends.findIndex(([, , nextX, nextY]) => nextX - toX === -(toY - y) && nextY - toY === toX - x);
    if (key === start && right < 0) return ring;
    [[x, y, toX, toY]] = ends.splice(Math.max(0, right), 1);
  }
}

/** Return a ring without the corners at which it goes straight on. */
function straightened(ring) {
  return ring.filter(([x, y], at) => {
    const [beforeX, beforeY] = ring[(at || ring.length) - 1];
    const [afterX, afterY] = ring[(at + 1) % ring.length];
    return (x - beforeX) * (afterY - y) !== (y - beforeY) * (afterX - x);
  });
}
