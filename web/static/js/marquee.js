// A frame drawn over the tiles of a grid selects what it touches. Loaded when a pointer goes down.

const BEGINS = 6; // Pixels of movement: less is a click.
const EDGE = 48; // From here on to the edge of the window the page scrolls along.
const PACE = 14;

/**
 * Follow the pointer that went down with *event* in *grid*. *onChange* is called with the set of
 * ids that the frame touches whenever that is another, *onEnd* with whether there was a frame and
 * it was not given up.
 */
export function drawFrame(event, grid, { onChange, onEnd }) {
  const from = { x: event.pageX, y: event.pageY };
  const seen = new Map(); // Where tiles are on the page: those that scrolled away too.
  let frame = null;
  let at = event;
  let touched = new Set();
  let turn = 0;

  const box = () => {
    const [x, y] = [at.clientX + scrollX, at.clientY + scrollY];
    return { left: Math.min(from.x, x), top: Math.min(from.y, y), right: Math.max(from.x, x), bottom: Math.max(from.y, y) };
  };
  const look = () => {
    for (const tile of grid.querySelectorAll("[data-image]")) {
      const { left, top, right, bottom } = tile.getBoundingClientRect();
      seen.set(tile.dataset.image, { left: left + scrollX, top: top + scrollY, right: right + scrollX, bottom: bottom + scrollY });
    }
    const drawn = box();
    const next = new Set([...seen].filter(([, tile]) => meet(tile, drawn)).map(([id]) => id));
    place(frame, drawn);
    if (next.size !== touched.size || [...next].some((id) => !touched.has(id))) onChange((touched = next));
  };
  const step = () => {
    turn = requestAnimationFrame(step);
    const down = at.clientY > innerHeight - EDGE ? PACE : at.clientY < EDGE ? -PACE : 0;
    if (down) scrollBy({ top: down, behavior: "instant" });
    look();
  };
  const move = (moved) => {
    at = moved;
    if (frame || Math.hypot(at.pageX - from.x, at.pageY - from.y) < BEGINS) return;
    frame = document.body.appendChild(Object.assign(document.createElement("div"), { className: "marquee" }));
    document.body.classList.add("framing");
    step();
  };
  const end = (kept) => {
    cancelAnimationFrame(turn);
    for (const [name, listener] of listeners) removeEventListener(name, listener, true);
    document.body.classList.remove("framing");
    const drew = Boolean(frame);
    if (drew && kept) look();
    frame?.remove();
    onEnd(drew && kept, drew);
  };
  const listeners = [
    ["pointermove", move],
    ["pointerup", () => end(true)],
    ["pointercancel", () => end(false)],
    ["blur", ({ target }) => target === window && end(false)], // Not of a field.
    [
      "keydown",
      (pressed) => {
        if (pressed.key !== "Escape" || !frame) return;
        pressed.stopPropagation();
        end(false);
      },
    ],
  ];
  for (const [name, listener] of listeners) addEventListener(name, listener, true);
}

const meet = (one, other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;

function place(frame, { left, top, right, bottom }) {
  Object.assign(frame.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
}
