// What an earlier page, or a browser that was closed, left unfinished.

const lockOf = (owner) => `celltally-uploads-${owner}`;

/** Hold a lock for as long as this engine lives; return the records of those that live no more. */
export async function findLeft(records, id) {
  // Without locks (over plain http) nobody can tell; then everything is taken for left.
  navigator.locks?.request(lockOf(id), () => new Promise(() => {}));
  const [left, alive] = await Promise.all([records.all(), owners()]);
  return left.filter(({ owner }) => !alive.has(lockOf(owner)));
}

async function owners() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return new Set(held.map(({ name }) => name));
}

/** Return the file of a handle that may still be read, if it is as it was; else null. */
export async function fileBehind(handle, { size, modified }) {
  try {
    if ((await handle.queryPermission?.({ mode: "read" })) === "prompt") return null;
    const file = await handle.getFile();
    return file.size === size && file.lastModified === modified ? file : null;
  } catch {
    return null; // Moved, deleted, or not ours to read any more.
  }
}

/** Return how many bytes the server has of each unfinished upload, by its address. */
export async function storedBytes() {
  try {
    const answer = await fetch("/api/v1/uploads", { headers: { Accept: "application/json" } });
    const { items } = await answer.json();
    return new Map(items.map(({ url, offset }) => [url, offset]));
  } catch {
    return new Map(); // It is told when they go on.
  }
}
