// Unsaved changes, kept in this browser until the server has them: a lost connection or a reload loses none.

const NAME = "celltally";
const STORE = "drafts";

let opening = null;

function opened() {
  opening ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  return opening;
}

async function work(mode, act) {
  const database = await opened();
  return new Promise((done, failed) => {
    const transaction = database.transaction(STORE, mode);
    const asked = act(transaction.objectStore(STORE));
    transaction.commit(); // Else it waits for an answer, and is undone when the page is left before that.
    transaction.oncomplete = () => done(asked.result);
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
}

// A browser may refuse to keep anything; then changes live as long as the page.

/** Keep what a user changed in an image: `{version, removed, changed, added}`. */
export const keepDraft = (key, draft) => work("readwrite", (store) => store.put(draft, key)).then(() => true, () => false);

export const forgetDraft = (key) => work("readwrite", (store) => store.delete(key)).catch(() => {});

export const findDraft = (key) => work("readonly", (store) => store.get(key)).catch(() => undefined);
