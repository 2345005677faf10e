// Files as they are given to a page: dropped, chosen or pasted; each as {file, path, handle}.

import { t } from "../i18n.js";

/** Return what was dropped, the content of folders too; `items` are what an event's items held. */
export async function droppedFiles({ items, files }) {
  if (items.length === 0) return files.map((file) => ({ file }));
  return (await Promise.all(items.map(filesOf))).flat();
}

async function filesOf({ handle, entry, file }) {
  const held = await handle;
  if (held) return filesBehind(held);
  if (entry) return filesIn(entry);
  return file ? [{ file }] : [];
}

async function filesBehind(handle, folder = "") {
  const path = folder + handle.name;
  if (handle.kind === "file") return [{ file: await handle.getFile(), path: folder && path, handle }];
  const found = [];
  for await (const child of handle.values()) found.push(filesBehind(child, `${path}/`));
  return (await Promise.all(found)).flat();
}

async function filesIn(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    const path = entry.fullPath.slice(1);
    return [{ file, path: path.includes("/") ? path : "" }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A reader gives a hundred entries at a time, and none when it is through.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return (await Promise.all(found.map(filesIn))).flat();
    found.push(...some);
  }
}

/** Return what was chosen in a field for files or for a folder. */
export const chosenFiles = (files) => [...files].map((file) => ({ file, path: file.webkitRelativePath }));

/** Return pasted pictures; those that have no name are called by the moment. */
export function pastedFiles({ files }) {
  const now = new Date().toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
  return [...files].map((file, at) => {
    if (file.name && file.name !== "image.png") return { file };
    const name = `${[t("uploads.pasted"), now, at ? at + 1 : ""].filter(Boolean).join(" ")}.${file.type.split("/")[1] ?? "png"}`;
    return { file: new File([file], name, { type: file.type, lastModified: file.lastModified }) };
  });
}

/** What file managers hide in folders is no image. */
export const isWanted = ({ file }) => !file.name.startsWith(".") && !/^thumbs\.db$/i.test(file.name);
