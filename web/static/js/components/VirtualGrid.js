// A grid of many tiles that draws those rows alone that are seen, and one above and below.
// Loaded when a project has many images.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { load } from "../gallery.js";
import { html } from "../ui.js";

const GAP = 12; // Between rows, as in the style sheet.
const SPARE = 1; // Rows drawn beyond each edge of the window.
const FIRST_GUESS = 236;

/** *Tile* draws the image of an id with the properties *tile*; *path* is the project's. */
export function VirtualGrid({ ids, path, Tile, tile, onClick }) {
  const list = useRef(null);
  const [view, setView] = useState({ columns: 1, from: 0, to: SPARE });
  const heights = useRef(new Map()).current;
  useView(list, ids.length, heights, setView);

  const { columns, from, to } = view;
  const rows = Math.ceil(ids.length / columns);
  const drawn = ids.slice(from * columns, to * columns);
  useLayoutEffect(() => measure(list.current, from, columns, heights));
  useEffect(() => load(path, drawn));
  const space = { paddingTop: `${sum(heights, 0, from)}px`, paddingBottom: `${sum(heights, to, rows)}px` };
  return html`<ul ref=${list} class="grid" onClick=${onClick} style=${space}>
    ${drawn.map((id, at) => html`<${Tile} key=${id} imageId=${id} place=${from * columns + at + 1} of=${ids.length} ...${tile} />`)}
  </ul>`;
}

/** Follow which rows are in the window. */
function useView(list, count, heights, setView) {
  useLayoutEffect(() => {
    let frame = 0;
    let columns = 0;
    const look = () => {
      frame = 0;
      const next = getComputedStyle(list.current).gridTemplateColumns.split(" ").length;
      if (next !== columns) heights.clear(); // Other tiles stand side by side.
      columns = next;
      const top = -list.current.getBoundingClientRect().top;
      setView(rowsIn(top, innerHeight, columns, Math.ceil(count / columns), heights));
    };
    const soon = () => (frame ||= requestAnimationFrame(look));
    look();
    addEventListener("scroll", soon, { passive: true });
    const resized = new ResizeObserver(soon);
    resized.observe(list.current.parentElement);
    return () => {
      removeEventListener("scroll", soon);
      resized.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [count]);
}

function rowsIn(top, height, columns, rows, heights) {
  let from = 0;
  let y = 0;
  while (from < rows - 1 && y + heightOf(heights, from) < top) y += heightOf(heights, from++);
  let to = from;
  while (to < rows && y < top + height) y += heightOf(heights, to++);
  return { columns, from: Math.max(0, from - SPARE), to: Math.min(rows, to + SPARE) };
}

const heightOf = (heights, row) => heights.get(row) ?? heights.get("usual") ?? FIRST_GUESS;

function sum(heights, first, last) {
  let height = 0;
  for (let row = first; row < last; row += 1) height += heightOf(heights, row);
  return height;
}

/** Keep how high the drawn rows are; one that was never drawn is taken to be as the first. */
function measure(list, from, columns, heights) {
  for (let at = 0; at < list.children.length; at += columns) {
    const height = list.children[at].offsetHeight + GAP;
    heights.set(from + at / columns, height);
    if (!heights.has("usual")) heights.set("usual", height);
  }
}
