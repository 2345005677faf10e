// Pointer, wheel and keys on the stage: what they mean for the view, and for the tool in hand.

const CLICK_SLOP = 4; // Pixels that a press may move and still be a click.
export const STEP = 1.4; // Of zooming, by keys and buttons.
const PAN = 80;
const PAN_FAST = 240;

/**
 * Listen on *canvas* until *signal* aborts. *act* has `hover(point, event)`, `click(point, event)`,
 * `leave()` and, where a tool takes part, `press(point, event)` (true: it takes the drag),
 * `drag(point, event)`, `release(point, event, clicked)`, `cancel()`, `double(point, event)` (true: it was for it) and
 * `key(event)` (true: likewise).
 */
export function listenTo(canvas, stage, act, signal) {
  const hands = new Hands(canvas, stage, act);
  const on = (type, listener, options) => canvas.addEventListener(type, listener, { signal, ...options });
  on("wheel", (event) => hands.wheel(event), { passive: false });
  on("pointerdown", (event) => hands.down(event));
  on("pointermove", (event) => hands.moved(event));
  on("pointerup", (event) => hands.up(event));
  on("pointercancel", (event) => hands.lost(event));
  on("pointerleave", () => act.leave());
  on("dblclick", (event) => act.double?.(stage.pointOf(event), event) || stage.zoom(2, stage.placeOf(event)));
  on("keydown", (event) => (act.key?.(event) || viewKey(stage, event)) && event.preventDefault());
  on("contextmenu", (event) => event.preventDefault());
}

class Hands {
  #canvas;
  #stage;
  #act;
  #pointers = new Map(); // By id: where each is.
  #travel = 0;
  #tooled = false;

  constructor(canvas, stage, act) {
    this.#canvas = canvas;
    this.#stage = stage;
    this.#act = act;
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1; // Some browsers count lines.
    // A pinch on a pad comes as a wheel with Ctrl, in much smaller steps.
    this.#stage.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016)), this.#stage.placeOf(event));
  }

  down(event) {
    if (event.button > 1) return;
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#stage.placeOf(event));
    if (this.#pointers.size > 1) return void this.#cancelDrag();
    this.#travel = 0;
    const mine = event.button === 0 && !event.altKey;
    this.#tooled = mine && Boolean(this.#act.press?.(this.#stage.pointOf(event), event));
  }

  moved(event) {
    const at = this.#stage.placeOf(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) return this.#act.hover(this.#stage.pointOf(event), event);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, at);
    this.#travel += Math.hypot(at[0] - before[0], at[1] - before[1]);
    if (other) this.#pinch(before, at, other);
    else if (this.#tooled) this.#act.drag(this.#stage.pointOf(event), event);
    else if (this.#travel >= CLICK_SLOP) this.#pan(before, at);
  }

  up(event) {
    const clicked = this.#pointers.size === 1 && this.#travel < CLICK_SLOP && event.button === 0;
    if (this.#tooled) this.#act.release(this.#stage.pointOf(event), event, clicked);
    else if (clicked) this.#act.click(this.#stage.pointOf(event), event);
    this.lost(event);
  }

  lost(event) {
    if (event.type === "pointercancel") this.#cancelDrag();
    this.#pointers.delete(event.pointerId);
    this.#tooled = false;
    this.#canvas.classList.remove("moving");
  }

  /** A second finger, or the system, took the drag: it is the tool's no more. */
  #cancelDrag() {
    if (this.#tooled) this.#act.cancel();
    this.#tooled = false;
  }

  #pan([fromX, fromY], [toX, toY]) {
    this.#canvas.classList.add("moving");
    this.#stage.pan(toX - fromX, toY - fromY);
  }

  #pinch(before, at, other) {
    const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]) || 1;
    this.#stage.zoom(apart(at) / apart(before), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
    this.#stage.pan((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  }
}

/** Move the view by a key; tell whether it was one of the view's. */
export function viewKey(stage, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const step = event.shiftKey ? PAN_FAST : PAN;
  const acts = {
    "+": () => stage.zoom(STEP),
    "=": () => stage.zoom(STEP),
    "-": () => stage.zoom(1 / STEP),
    0: () => stage.fit(),
    1: () => stage.zoom(1 / stage.view.k),
    ArrowLeft: () => stage.pan(step, 0),
    ArrowRight: () => stage.pan(-step, 0),
    ArrowUp: () => stage.pan(0, step),
    ArrowDown: () => stage.pan(0, -step),
  };
  acts[event.key]?.();
  return event.key in acts;
}
