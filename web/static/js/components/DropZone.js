// Where files come in: the whole page takes a drop or a paste, the zone also opens the pickers.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n.js";
import { html, Icon } from "../ui.js";
import { notify } from "./Toasts.js";

const ACCEPTED = ".png,.jpg,.jpeg,.bmp,.tif,.tiff,.nd2,.czi,.lif,.zip";

export function DropZone({ project, large, onSettled }) {
  const files = useRef(null);
  const folder = useRef(null);
  const [over, setOver] = useState(false);

  // The code that sends is fetched with the first files, not with the page.
  const take = async (read) => {
    try {
      const [reading, uploads] = await Promise.all([import("../uploads/files.js"), import("../uploads/client.js")]);
      followOnce(uploads, project, onSettled);
      const wanted = (await read(reading)).filter(reading.isWanted);
      if (wanted.length) uploads.add(wanted, { project });
      else notify({ kind: "bad", text: t("dropZone.nothingGiven") });
    } catch {
      notify({ kind: "bad", text: t("dropZone.theUploadCouldNotStart") });
    }
  };
  useLayoutEffect(() => followDrags({ setOver, take }), []);
  useLayoutEffect(() => followPastes(take), []);

  const picking = ({ target }) => {
    const chosen = [...target.files];
    target.value = "";
    if (chosen.length) take((reading) => reading.chosenFiles(chosen));
  };
  return html`<div class="drop ${large ? "large" : ""} ${over ? "over" : ""}">
    <${Icon} name="upload" />
    ${large ? html`<h2>${t("dropZone.dropImagesHere")}</h2>` : html`<strong>${t("dropZone.dropImagesHere")}</strong>`}
    <span class="muted">${t("dropZone.whatIsTaken")}</span>
    <input ref=${files} type="file" hidden multiple accept=${ACCEPTED} onChange=${picking} />
    <input ref=${folder} type="file" hidden webkitdirectory onChange=${picking} />
    <span class="drop-acts">
      <button type="button" class="button ${large ? "primary" : ""}" onClick=${() => files.current.click()}>${t("dropZone.chooseFiles")}</button>
      <button type="button" class="button" onClick=${() => folder.current.click()}>${t("dropZone.chooseFolder")}</button>
    </span>
  </div>`;
}

let following = false;

function followOnce(uploads, project, onSettled) {
  if (following) return;
  following = true;
  uploads.onSettled(({ projectId }) => projectId === project.id && onSettled());
}

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

/** Take drops anywhere on the page; return the function that ends it. */
function followDrags({ setOver, take }) {
  const stop = new AbortController();
  const on = (type, react) =>
    addEventListener(type, (event) => carriesFiles(event) && react(event), stop);
  let depth = 0; // dragenter and dragleave come for every element crossed.
  on("dragenter", () => setOver((depth += 1) > 0));
  on("dragleave", () => setOver((depth -= 1) > 0));
  on("dragover", (event) => event.preventDefault());
  on("drop", (event) => {
    event.preventDefault();
    depth = 0;
    setOver(false);
    takeDropped(event.dataTransfer, take);
  });
  return () => stop.abort();
}

/** Hold on to what was dropped while the code that reads it is fetched: the event ends before. */
function takeDropped({ items, files }, take) {
  const held = {
    files: [...files],
    items: [...items].filter(({ kind }) => kind === "file").map((item) => ({
      handle: item.getAsFileSystemHandle?.().catch(() => null),
      entry: item.webkitGetAsEntry?.(),
      file: item.getAsFile(),
    })),
  };
  take((reading) => reading.droppedFiles(held));
}

function followPastes(take) {
  const stop = new AbortController();
  const react = (event) => {
    const writing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const files = [...(event.clipboardData?.files ?? [])];
    if (writing || files.length === 0) return;
    event.preventDefault();
    take((reading) => reading.pastedFiles({ files }));
  };
  addEventListener("paste", react, stop);
  return () => stop.abort();
}
