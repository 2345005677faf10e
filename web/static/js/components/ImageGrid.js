// The images of a project as tiles; each tile follows the status of its image.

import { ImageStatus } from "../events.js";
import { imageOf } from "../stores.js";
import { CancelButton, Empty, ErrorNote, Icon, Loading, StatusBadge, TimeAgo, html, plural, waitingWords } from "../ui.js";

const FIRST_TILES = 8;

export function ImageGrid({ ids, more, picked, loading, failure, onRetry, onSegment, onCancel }) {
  if (failure) return html`<${ErrorNote} error=${failure} onRetry=${onRetry} />`;
  if (ids.length === 0 && loading) return html`<${Loading}>Loading images…</${Loading}>`;
  if (ids.length === 0) {
    return html`<${Empty} icon="search-x" title="No image has this status now"><p>Choose “All” to see every image of the project.</p></${Empty}>`;
  }
  return html`<div class=${picked && picked.value.size ? "picking" : ""}>
    <ul class="grid">
      ${ids.map((id, at) => html`<${ImageTile} key=${id} imageId=${id} picked=${picked} eager=${at < FIRST_TILES} onSegment=${onSegment} onCancel=${onCancel} />`)}
    </ul>
    ${more &&
    html`<div class="grid-foot">
      <button type="button" class="button" disabled=${loading} onClick=${more}>${loading ? "Loading…" : "Show more images"}</button>
    </div>`}
  </div>`;
}

export function ImageTile({ imageId, picked, eager, onSegment, onCancel }) {
  const image = imageOf(imageId).value;
  if (!image) return null;
  return html`<li class="panel tile" data-image=${image.id} data-status=${image.status}>
    <div class="tile-thumb">
      <${Picture} image=${image} eager=${eager} />
      <${StatusBadge} status=${image.status} />
      ${picked && html`<${Pick} image=${image} picked=${picked} />`}
    </div>
    <div class="tile-body">
      <a class="tile-name" href="/projects/${image.projectId}/images/${image.id}" title=${image.filename}>${image.filename}</a>
      <p class="tile-line number">
        <span>${counted(image)}</span>
        <${TimeAgo} moment=${image.segmentedAt ?? image.createdAt} />
      </p>
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
  return objectCount == null ? `${width} × ${height} px` : plural(objectCount, "object");
}

function Failure({ image, mayRetry, onSegment }) {
  if (!image.lastError) return null;
  const retry = mayRetry && image.status === ImageStatus.FAILED;
  return html`<p class="tile-why">${image.lastError.detail}</p>
    ${retry &&
    html`<button type="button" class="button small tile-act" onClick=${() => onSegment(image.id)}>
      <${Icon} name="rotate-ccw" />Retry<span class="visually-hidden"> ${image.filename}</span>
    </button>`}`;
}

function Pending({ image, onCancel }) {
  const { status, waiting } = image;
  if (status !== ImageStatus.QUEUED && status !== ImageStatus.PROCESSING) return null;
  return html`${waiting && html`<p class="tile-waits">${waitingWords(waiting)}</p>`}
    ${onCancel && html`<${CancelButton} class="tile-act" about=${image.filename} onClick=${() => onCancel(image.id)} />`}`;
}

function Pick({ image, picked }) {
  const toggle = ({ target }) => {
    const next = new Set(picked.peek());
    if (target.checked) next.add(image.id);
    else next.delete(image.id);
    picked.value = next;
  };
  return html`<label class="tile-check">
    <input type="checkbox" class="tile-pick" aria-label="Select ${image.filename}" checked=${picked.value.has(image.id)} onChange=${toggle} />
  </label>`;
}
