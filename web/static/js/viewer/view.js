// Where an image lies on the screen: a point at `p` of the image is seen at `k * p + (x, y)`.

export const MOST_ZOOM = 64; // Screen pixels that a pixel of the image may take.

/** Return the view that shows a whole image of *size* in the middle of *box*. */
export function fitted(size, box) {
  const k = Math.min(box.width / size.width, box.height / size.height) || 1;
  return { k, x: (box.width - size.width * k) / 2, y: (box.height - size.height * k) / 2 };
}

/** Return *view* zoomed by *factor* while what is at the screen's point stays there. */
export function zoomed(view, factor, [px, py], least) {
  const k = Math.min(MOST_ZOOM, Math.max(least, view.k * factor));
  const by = k / view.k;
  return { k, x: px - (px - view.x) * by, y: py - (py - view.y) * by };
}

export const panned = ({ k, x, y }, dx, dy) => ({ k, x: x + dx, y: y + dy });

/** Return the view of zoom *k* that has a point of the image in the middle of *box*. */
export const centred = (k, [x, y], box) => ({ k, x: box.width / 2 - x * k, y: box.height / 2 - y * k });

export const toImage = ({ k, x, y }, [px, py]) => [(px - x) / k, (py - y) / k];
export const toScreen = ({ k, x, y }, [ix, iy]) => [ix * k + x, iy * k + y];

/** Return what of the image is seen in *box*, and *beyond* screen pixels around it. */
export function seen(view, box, beyond = 0) {
  const [left, top] = toImage(view, [-beyond, -beyond]);
  const [right, bottom] = toImage(view, [box.width + beyond, box.height + beyond]);
  return { left, top, right, bottom };
}

/** Return how what was drawn for *drawn*, *margin* pixels around the box, comes to lie for *view*. */
export function between(drawn, view, margin) {
  const scale = view.k / drawn.k;
  return { scale, x: view.x + margin.x - scale * (drawn.x + margin.x), y: view.y + margin.y - scale * (drawn.y + margin.y) };
}

/** Return *view* kept so that some of the image stays in *box*. */
export function held({ k, x, y }, size, box) {
  const between = (value, low, high) => Math.min(Math.max(value, low), high);
  const [spareX, spareY] = [Math.min(box.width, size.width * k) / 3, Math.min(box.height, size.height * k) / 3];
  return {
    k,
    x: between(x, spareX - size.width * k, box.width - spareX),
    y: between(y, spareY - size.height * k, box.height - spareY),
  };
}
