// The images of a project as tiles; each tile follows the status of its image.

import { useLayoutEffect } from "preact/hooks";
import { ImageStatus } from "../events.js";
import { t } from "../i18n.js";
import { imageOf } from "../stores.js";
import { CancelButton, Empty, ErrorNote, FlagBadge, Icon, Loading, StatusBadge, TimeAgo, html, imageName, lazy, waitingWords } from "../ui.js";

const FIRST_TILES = 8;
const ALL_UP_TO = 100; // Tiles; of more only those are drawn that are seen.

const VirtualGrid = lazy(async () => (await import("./VirtualGrid.js")).VirtualGrid);

/** Have the code at hand before there are so many: no tile goes and comes again. */
export const prepareForMany = () => VirtualGrid.load();

/** *words*: what the names of the images contain, where somebody looks for that. */
export function ImageGrid({ ids, path, words, picked, loading, failure, onRetry, onSegment, onCancel, onAll }) {
  const pick = useSelection(ids, picked, onAll);
  if (failure) return html`<${ErrorNote} error=${failure} onRetry=${onRetry} />`;
  if (ids.length === 0 && loading) return html`<${Loading}>${t("imageGrid.loadingImages")}</${Loading}>`;
  if (ids.length === 0 && words) {
    return html`<${Empty} icon="search-x" title=${t("nameFilter.nothing", { words })}><p>${t("nameFilter.another")}</p></${Empty}>`;
  }
  if (ids.length === 0) {
    return html`<${Empty} icon="search-x" title=${t("imageGrid.noImageHasThisStatus")}><p>${t("imageGrid.chooseAllToSeeEvery")}</p></${Empty}>`;
  }
  const tile = { picked, onSegment, onCancel };
  return html`<div class="tiles ${picked && picked.value.size ? "picking" : ""}" onPointerDown=${picked && ((event) => beginFrame(event, picked))} onDragStart=${(event) => picked && event.preventDefault()} onClickCapture=${afterFrame}>
    ${ids.length > ALL_UP_TO
      ? html`<${VirtualGrid} ids=${ids} path=${path} Tile=${ImageTile} tile=${tile} onClick=${pick} />`
      : html`<ul class="grid" onClick=${pick}>
          ${ids.map((id, at) => html`<${ImageTile} key=${id} imageId=${id} eager=${at < FIRST_TILES} ...${tile} />`)}
        </ul>`}
  </div>`;
}

/** One image; *place* and *of* say where it stands when not all are drawn. */
export function ImageTile({ imageId, picked, eager, place, of, onSegment, onCancel }) {
  const image = imageOf(imageId).value;
  const standing = place && { "aria-posinset": place, "aria-setsize": of };
  if (!image) return html`<li class="panel tile to-come" data-image=${imageId} aria-busy="true" ...${standing}><div class="tile-thumb"></div></li>`;
  return html`<li class="panel tile" data-image=${image.id} data-status=${image.status} ...${standing}>
    <div class="tile-thumb">
      <${Picture} image=${image} eager=${eager} />
      <${StatusBadge} status=${image.status} />
      ${picked && html`<${Pick} image=${image} picked=${picked} />`}
    </div>
    <div class="tile-body">
      <a class="tile-name" href="/projects/${image.projectId}/images/${image.id}" title=${imageName(image)}>${imageName(image)}</a>
      <p class="tile-line number">
        <span>${counted(image)}</span>
        <${TimeAgo} moment=${image.segmentedAt ?? image.createdAt} />
      </p>
      <${Flags} image=${image} />
      <${Failure} image=${image} mayRetry=${Boolean(picked)} onSegment=${onSegment} />
      <${Pending} image=${image} onCancel=${onCancel} />
    </div>
  </li>`;
}

// Outlines once there is a result, even while it is being made anew.
function Picture({ image, eager }) {
  const source = image.previewUrl || image.thumbnailUrl;
  return html`<img src=${source} alt="" decoding="async" loading=${eager ? "eager" : "lazy"} />`;
}

function counted({ objectCount, width, height }) {
  return objectCount == null ? `${width} × ${height} px` : t("objects.count", { count: objectCount });
}

function Flags({ image }) {
  if (!image.flags?.length) return null;
  return html`<ul class="flags" aria-label=${t("imageGrid.worthASecondLook")}>
    ${image.flags.map((flag) => html`<li key=${flag.code}><${FlagBadge} flag=${flag} /><span class="visually-hidden">. ${flag.detail}</span></li>`)}
  </ul>`;
}

function Failure({ image, mayRetry, onSegment }) {
  if (!image.lastError) return null;
  const retry = mayRetry && image.status === ImageStatus.FAILED;
  return html`<p class="tile-why">${image.lastError.detail}</p>
    ${retry &&
    html`<button type="button" class="button small tile-act" onClick=${() => onSegment(image.id)}>
      <${Icon} name="rotate-ccw" />${t("retry")}<span class="visually-hidden"> ${imageName(image)}</span>
    </button>`}`;
}

function Pending({ image, onCancel }) {
  const { status, waiting } = image;
  if (status !== ImageStatus.QUEUED && status !== ImageStatus.PROCESSING) return null;
  return html`${waiting && html`<p class="tile-waits">${waitingWords(waiting)}</p>`}
    ${onCancel && html`<${CancelButton} class="tile-act" about=${imageName(image)} onClick=${() => onCancel(image.id)} />`}`;
}

const Pick = ({ image, picked }) =>
  html`<label class="tile-check">
    <input type="checkbox" class="tile-pick" aria-label=${t("imageGrid.selectImage", { image: imageName(image) })} checked=${picked.value.has(image.id)} />
  </label>`;

let framed = false; // The click that ends a frame opens nothing.

/** Draw a frame over the tiles with the mouse: it selects what it touches, Ctrl or Shift add to it. */
async function beginFrame(event, picked) {
  framed = false;
  if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("button, label, input")) return;
  const grid = event.currentTarget;
  const before = picked.peek();
  const kept = event.shiftKey || event.ctrlKey || event.metaKey ? before : new Set();
  const onChange = (touched) => (picked.value = new Set([...kept, ...touched]));
  const onEnd = (done, drew) => {
    framed = drew;
    if (drew && !done) picked.value = before;
  };
  let up = false;
  const released = () => (up = true);
  addEventListener("pointerup", released, { once: true, capture: true });
  const { drawFrame } = await import("../marquee.js").catch(() => ({}));
  if (!up && drawFrame) drawFrame(event, grid, { onChange, onEnd });
}

function afterFrame(event) {
  if (!framed) return;
  framed = false;
  event.preventDefault();
  event.stopPropagation();
}

let anchor = null; // Where a range begins: the tile that was clicked before.

/**
 * Return what a click in the grid does to the selection: a box selects its tile, Ctrl a tile
 * without opening it, Shift all from the one before. Ctrl+A calls *onAll*, Escape selects none.
 */
function useSelection(ids, picked, onAll) {
  useLayoutEffect(() => {
    const onKey = (event) => {
      if (!picked || document.querySelector("dialog[open]")) return;
      if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
      const all = event.key === "a" && (event.ctrlKey || event.metaKey) && !event.shiftKey;
      if (all) event.preventDefault();
      if (all) onAll();
      else if (event.key === "Escape" && picked.peek().size) picked.value = new Set();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [picked, onAll]);

  return (event) => {
    const { target, shiftKey, ctrlKey, metaKey } = event;
    const id = target.closest(".tile")?.dataset.image;
    const box = target.closest(".tile-pick");
    if (!picked || !id || (!box && (target.closest("button, label") || !(shiftKey || ctrlKey || metaKey)))) return;
    if (!box) event.preventDefault();
    const on = box ? box.checked : shiftKey || !picked.peek().has(id);
    const next = new Set(picked.peek());
    for (const each of shiftKey ? between(ids, anchor ?? id, id) : [id]) {
      if (on) next.add(each);
      else next.delete(each);
    }
    anchor = id;
    picked.value = next;
  };
}

function between(ids, from, to) {
  const ends = [ids.indexOf(from), ids.indexOf(to)].sort((one, other) => one - other);
  return ends[0] < 0 ? [to] : ids.slice(ends[0], ends[1] + 1);
}
