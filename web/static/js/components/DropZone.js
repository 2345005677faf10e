// Where files come in: the whole page takes a drop, the zone also opens the picker.

import { useEffect, useRef, useState } from "preact/hooks";
import { html, Icon } from "../ui.js";
import { notify } from "./Toasts.js";

const ACCEPTED = ".png,.jpg,.jpeg,.bmp,.tif,.tiff";

export function DropZone({ path, large, onVerdicts }) {
  const picker = useRef(null);
  const [over, setOver] = useState(false);
  const [Uploads, setUploads] = useState(null);

  // The code that sends is fetched with the first files, not with the page.
  const take = async (files) => {
    try {
      const uploads = await import("./UploadList.js");
      uploads.enqueue(await files, { path, onVerdicts });
      setUploads(() => uploads.UploadList);
    } catch {
      notify({ kind: "bad", text: "The upload could not start. Check the connection and drop the files again." });
    }
  };
  useEffect(() => followDrags({ setOver, take }), []);

  const picking = ({ target }) => {
    if (target.files.length) take([...target.files]);
    target.value = "";
  };
  return html`<div class="stack">
    <div class="drop ${large ? "large" : ""} ${over ? "over" : ""}">
      <${Icon} name="upload" />
      ${large ? html`<h2>Drop images here</h2>` : html`<strong>Drop images here</strong>`}
      <span class="muted">PNG, JPEG, BMP or TIFF, 8 or 16 bit or float</span>
      <input ref=${picker} type="file" hidden multiple accept=${ACCEPTED} onChange=${picking} />
      <button type="button" class="button ${large ? "primary" : ""}" onClick=${() => picker.current.click()}>Choose files</button>
    </div>
    ${Uploads && html`<${Uploads} />`}
  </div>`;
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
    take(filesOf(event.dataTransfer));
  });
  return () => stop.abort();
}

/** Return the dropped files, those inside of folders too. */
function filesOf(dropped) {
  // The list is emptied when this event ends, so the entries are taken at once.
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...dropped.files];
  return Promise.all(entries.map(filesIn)).then((lists) => lists.flat());
}

async function filesIn(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A reader gives a hundred entries at a time, and none when it is through.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return (await Promise.all(found.map(filesIn))).flat();
    found.push(...some);
  }
}
