// The queue of uploads: what waits, what is on its way, and what became of each file.

import { Records } from "./records.js";
import { send } from "./sending.js";
import { fileBehind, findLeft, storedBytes } from "./leftovers.js";
import { watchArchive } from "./archives.js";

const AT_ONCE = 4;
const TELL_AFTER = 150; // However many rows changed meanwhile.

const SETTLED = new Set(["accepted", "duplicate", "rejected"]);
const ON_ITS_WAY = new Set(["sending", "retrying"]);
/** What a row says: `said` are messages with their values, put into words by the page; `detail` the server's. */
const SILENT = { said: [], detail: "" };
/** With what a row can be gone on with when somebody says so. */
const RESTING = new Set(["paused", "failed"]);

export class Engine {
  constructor({ user, tell }) {
    this.tell = tell;
    this.records = new Records(user);
    this.rows = new Map();
    this.files = new Map(); // By row; kept no longer than they are needed.
    this.handles = new Map(); // By row, where the browser offers them.
    this.running = new Map(); // By row, what can be aborted.
    this.changed = new Set();
    this.gone = new Set();
    this.id = randomId();
    this.ready = this.takeOver();
    globalThis.addEventListener?.("online", () => this.retryAfter("network"));
  }

  /** Send from now on as this login. */
  signIn(csrf) {
    if (this.csrf && this.csrf !== csrf) this.retryAfter("session");
    this.csrf = csrf;
  }

  list() {
    return [...this.rows.values()];
  }

  /** Find what an earlier page left, and go on with those whose files can be had. */
  async takeOver() {
    const left = await findLeft(this.records, this.id);
    for (const { handle, owner, ...row } of left) {
      this.rows.set(row.id, { ...row, state: row.batchId ? "unpacking" : "missing" });
      this.handles.set(row.id, handle);
      this.touch(row.id);
      if (row.batchId) this.watch(row.id);
      else if (handle) fileBehind(handle, row).then((file) => file && this.give(row.id, file));
    }
    this.keep(left.map(({ id }) => id)); // From now on they are this one's.
    if (left.some(({ url }) => url)) this.showStored(await storedBytes());
  }

  /** Show how much of each the server has. */
  showStored(stored) {
    for (const { id, url, state } of this.list()) {
      if (state === "missing" && stored.has(url)) this.change(id, { sent: stored.get(url) });
    }
  }

  /**
   * Add files; those that were left unfinished are gone on with. With `onlyKnown` no others are taken.
   * All of one call are one entry of the feed.
   */
  async add({ projectId, project, files, onlyKnown = false }) {
    await this.ready;
    const group = randomId();
    const added = [];
    const known = this.missing(onlyKnown ? null : projectId);
    for (const given of files) {
      const left = known.get(markOfFile(given));
      if (left) this.give(left, given.file);
      else if (!onlyKnown) added.push(this.enrol(given, { projectId, project, group }));
    }
    this.keep(added);
    this.pump();
  }

  /** Return the ids of what waits for its file, of one project or all, by what they are known again by. */
  missing(projectId) {
    const waiting = this.list().filter((row) => row.state === "missing" && (!projectId || row.projectId === projectId));
    return new Map(waiting.map((row) => [markOf(row), row.id]));
  }

  enrol({ file, path, handle }, { projectId, project, group }) {
    const id = randomId();
    const row = {
      id, projectId, project, opId: `${group}/${id}`,
      name: file.name, path: path ?? "", size: file.size, modified: file.lastModified,
      state: "waiting", sent: 0, ...SILENT, url: null,
    };
    this.rows.set(id, row);
    this.files.set(id, file);
    this.handles.set(id, handle);
    this.touch(id);
    return id;
  }

  give(id, file) {
    if (!this.rows.has(id) || this.files.has(id)) return;
    this.files.set(id, file);
    this.change(id, { state: "waiting", ...SILENT });
    this.pump();
  }

  pump() {
    for (const row of this.rows.values()) {
      if (this.running.size >= AT_ONCE) return;
      if (row.state === "waiting" && !this.running.has(row.id)) this.start(row);
    }
  }

  async start(row) {
    const { id } = row;
    const place = {}; // A later start of the same row has another one.
    this.running.set(id, place);
    this.change(id, { state: "sending", ...SILENT });
    const mine = (act) => (...values) => this.running.get(id) === place && act(...values);
    try {
      const upload = await send(row, this.files.get(id), {
        csrf: () => this.csrf,
        on: {
          url: mine((url) => this.begun(id, url)),
          progress: mine((bytes) => this.progress(id, bytes)),
          retry: mine((wait) => this.change(id, { state: "retrying", retryAt: Date.now() + wait })),
          verdict: mine((verdict) => this.settle(id, verdict)),
        },
      });
      if (this.running.get(id) === place) place.upload = upload;
      else upload.abort();
    } catch {
      // The code that sends could not be loaded.
      mine(() => this.settle(id, { state: "failed", said: [["notStarted"]], cause: "network" }))();
    }
  }

  begun(id, url) {
    this.change(id, { url });
    this.keep([id]);
  }

  progress(id, bytes) {
    const { sent, size } = this.rows.get(id);
    // What broke off with the connection is sent again; a bar does not go back for that.
    this.change(id, { state: "sending", sent: Math.min(size, Math.max(sent, bytes)) });
  }

  settle(id, verdict) {
    this.running.delete(id);
    const over = SETTLED.has(verdict.state) || verdict.state === "unpacking";
    this.change(id, { ...SILENT, ...verdict, ...(over ? { sent: this.rows.get(id).size } : {}) });
    if (over) this.letGo(id);
    if (SETTLED.has(verdict.state)) this.records.delete([id]);
    if (verdict.state === "unpacking") {
      this.keep([id]);
      this.watch(id);
    }
    this.pump();
  }

  /** Ten thousand files must not stay in memory. */
  letGo(id) {
    this.files.delete(id);
    this.handles.delete(id);
  }

  async watch(id) {
    await watchArchive(this.rows.get(id), (change) => this.rows.has(id) && this.change(id, change));
    this.records.delete([id]);
  }

  /** Rest; *ids* or all that wait or are on their way. */
  pause({ ids = null }) {
    for (const row of this.chosen(ids)) {
      if (row.state !== "waiting" && !ON_ITS_WAY.has(row.state)) continue;
      this.stop(row.id);
      this.change(row.id, { state: "paused", ...SILENT });
    }
    this.pump();
  }

  /** Go on with what rests or failed. */
  resume({ ids = null }) {
    for (const row of this.chosen(ids)) {
      if (RESTING.has(row.state)) this.change(row.id, { state: this.files.has(row.id) ? "waiting" : "missing" });
    }
    this.pump();
  }

  retryAfter(cause) {
    this.resume({ ids: this.list().filter((row) => row.state === "failed" && row.cause === cause).map(({ id }) => id) });
  }

  /** Give up what is not there yet; the server forgets it too. */
  cancel({ ids = null }) {
    const doomed = this.chosen(ids).filter(({ state }) => !SETTLED.has(state) && state !== "unpacking");
    for (const { id, url } of doomed) {
      this.stop(id);
      if (url) this.forget(url);
    }
    this.drop(doomed.map(({ id }) => id));
    this.pump();
  }

  /** Show no more what is settled. */
  clear() {
    this.drop(this.list().filter(({ state }) => SETTLED.has(state)).map(({ id }) => id));
  }

  stop(id) {
    this.running.get(id)?.upload?.abort();
    this.running.delete(id);
  }

  drop(ids) {
    for (const id of ids) {
      this.rows.delete(id);
      this.letGo(id);
      this.gone.add(id);
    }
    this.records.delete(ids);
    this.tellSoon();
  }

  /** Have the server remove what came of it; what it does not hear, it removes after a week. */
  forget(url) {
    const headers = { "Tus-Resumable": "1.0.0", "X-CSRF-Token": this.csrf };
    fetch(url, { method: "DELETE", headers }).catch(() => {});
  }

  chosen(ids) {
    return ids ? ids.map((id) => this.rows.get(id)).filter(Boolean) : this.list();
  }

  keep(ids) {
    const records = ids
      .filter((id) => this.rows.has(id))
      .map((id) => ({ ...this.rows.get(id), handle: this.handles.get(id), owner: this.id }));
    this.records.put(records);
  }

  change(id, changes) {
    const row = this.rows.get(id);
    if (!row) return;
    this.rows.set(id, { ...row, ...changes });
    this.touch(id);
  }

  touch(id) {
    this.changed.add(id);
    this.tellSoon();
  }

  tellSoon() {
    this.telling ??= setTimeout(() => {
      this.telling = null;
      const rows = [...this.changed].map((id) => this.rows.get(id)).filter(Boolean);
      const gone = [...this.gone];
      this.changed.clear();
      this.gone.clear();
      this.tell({ rows, gone });
    }, TELL_AFTER);
  }
}

/** The same place, name, size and moment: the same file. */
const markOf = ({ path, name, size, modified }) => JSON.stringify([path || "", name, size, modified]);
const markOfFile = ({ file, path }) => markOf({ path, name: file.name, size: file.size, modified: file.lastModified });

// Not randomUUID: over plain http on a laboratory's network it does not exist.
const randomId = () =>
  [...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("");
