// What is not uploaded yet, in the browser's own database: it survives everything but the files.

const STORE = "uploads";

/** The records of one user; where the browser keeps nothing, nothing is kept. */
export class Records {
  constructor(user) {
    this.database = open(`celltally-uploads-${user}`).catch(() => null);
  }

  /** Return all of them. */
  async all() {
    const store = await this.store("readonly");
    return store ? done(store.getAll()).catch(() => []) : [];
  }

  /** Keep these, all or none. */
  async put(records) {
    const store = await this.store("readwrite");
    for (const record of store ? records : []) store.put(record);
  }

  async delete(ids) {
    const store = await this.store("readwrite");
    for (const id of store ? ids : []) store.delete(id);
  }

  async store(mode) {
    const database = await this.database;
    return database?.transaction(STORE, mode).objectStore(STORE);
  }
}

function open(name) {
  const asked = indexedDB.open(name, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
  return done(asked);
}

const done = (asked) =>
  new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
