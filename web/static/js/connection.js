// One socket to the relay: ticket, hello, subscriptions, resume, back-off, and polling meanwhile.

import { signal, batch } from "@preact/signals";
import { CloseCode, PROTOCOL } from "./events.js";

const BASE_DELAY = 500;
const MAX_DELAY = 30_000;
const STEADY_AFTER = 60_000; // An open socket of this age forgets earlier failures.
const SLOW_DELAY = 5_000; // What the relay asks of a page that reads too slowly.
const SILENCE = 40_000; // The relay pings every 25 s; quieter than this is dead.
const POLL_EVERY = 10_000;
const PAUSED_AFTER = 3; // Failures in a row before the page says so.
const SUBS_AT_ONCE = 50;

// Coming back would only repeat what was refused; the page goes on by polling.
const FINAL = new Set([
  CloseCode.TOO_BIG,
  CloseCode.BAD_MESSAGE,
  CloseCode.FORBIDDEN,
  CloseCode.TOO_MANY_SOCKETS,
]);

const offsetOf = (id) => Number(id.slice(id.lastIndexOf(":") + 1));
const epochOf = (id) => id.slice(0, id.lastIndexOf(":"));

/** Tell whether *id* was seen already, given the last id of its channel. */
function isRepeated(id, last) {
  return Boolean(id && last) && epochOf(id) === epochOf(last) && offsetOf(id) <= offsetOf(last);
}

/**
 * Keeps a page live. `state` is "live", "reconnecting" or "paused".
 *
 * `listen(channel, {onPub, onGap})` subscribes: `onPub` gets every `pub` (and the snapshot
 * of a state channel, in the same shape), once and in order; `onGap` is called when the
 * relay cannot tell what was missed, so that REST must be asked.
 * `poll(refresh)` registers what to do every 10 s while not live.
 */
export class Connection {
  state = signal("reconnecting");
  everLive = false;

  #openTicket;
  #Socket;
  #random;
  #channels = new Map(); // name: {listeners, since, state}
  #refreshers = new Set();
  #socket = null;
  #failures = 0;
  #stopped = false;
  #timers = { retry: 0, silence: 0, poll: 0, steady: 0, session: 0 };
  #ref = 0;
  #inbox = [];
  #drainDelay = 0;

  constructor({ openTicket, Socket = globalThis.WebSocket, random = Math.random }) {
    this.#openTicket = openTicket;
    this.#Socket = Socket;
    this.#random = random;
  }

  start() {
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#hurry();
    });
    // A page kept for the Back button has lost its socket without being told.
    addEventListener("pageshow", (event) => event.persisted && this.#hurry());
    this.#connect();
    return this;
  }

  listen(name, listener) {
    const channel = this.#channels.get(name) || { listeners: new Set(), since: null };
    channel.listeners.add(listener);
    if (!this.#channels.has(name)) {
      this.#channels.set(name, channel);
      if (this.state.peek() === "live") queueMicrotask(() => this.#subscribe([name]));
    }
    return () => {
      channel.listeners.delete(listener);
      if (channel.listeners.size === 0 && this.#channels.delete(name)) {
        this.#send({ m: "unsub", ref: ++this.#ref, chs: [name] });
      }
    };
  }

  poll(refresh) {
    this.#refreshers.add(refresh);
    return () => this.#refreshers.delete(refresh);
  }

  stop(state = "paused") {
    this.#stopped = true;
    this.#clear("retry");
    this.#socket?.close?.(CloseCode.NORMAL);
    this.#setState(state);
  }

  async #connect() {
    this.#clear("retry");
    if (this.#socket || this.#stopped) return;
    const attempt = (this.#socket = {}); // Holds the place while the ticket is fetched.
    try {
      const { ticket, url } = await this.#openTicket();
      if (this.#socket !== attempt || this.#stopped) return;
      this.#open(url, ticket);
    } catch (refusal) {
      this.#socket = null;
      if (refusal.status === 401) this.stop();
      else this.#retry();
    }
  }

  #open(url, ticket) {
    const socket = (this.#socket = new this.#Socket(url));
    this.#heard(); // Also bounds how long an unanswered handshake may hang.
    socket.onopen = () => {
      this.#send({ m: "hello", ticket, proto: PROTOCOL, tab: tabId() });
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#receive(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      if (this.#socket === socket) this.#closed(code);
    };
  }

  #receive(message) {
    this.#heard();
    if (message.m === "ping") this.#send({ m: "pong" });
    else if (message.m === "welcome") this.#welcomed();
    else if (message.m === "drain") this.#drainDelay = message.afterMs;
    else if (message.m === "error" && message.ch) {
      this.#enqueue({ m: "unsub", ch: message.ch, code: message.code });
    } else if (["pub", "subbed", "resync", "unsub"].includes(message.m)) this.#enqueue(message);
  }

  #welcomed() {
    this.everLive = true;
    this.#setState("live");
    this.#timers.steady = setTimeout(() => (this.#failures = 0), STEADY_AFTER);
    this.#subscribe([...this.#channels.keys()]);
  }

  #subscribe(names) {
    for (let at = 0; at < names.length; at += SUBS_AT_ONCE) {
      const subs = names
        .slice(at, at + SUBS_AT_ONCE)
        .filter((ch) => this.#channels.has(ch))
        .map((ch) => {
          const { since } = this.#channels.get(ch);
          return since ? { ch, since } : { ch };
        });
      if (subs.length) this.#send({ m: "sub", ref: ++this.#ref, subs });
    }
  }

  // Messages of one frame are applied together: one render however many there are.
  #enqueue(message) {
    if (this.#inbox.push(message) > 1) return;
    const apply = () => {
      const messages = this.#inbox;
      this.#inbox = [];
      batch(() => messages.forEach((each) => this.#apply(each)));
    };
    if (document.hidden) setTimeout(apply);
    else requestAnimationFrame(apply);
  }

  #apply(message) {
    const channel = this.#channels.get(message.ch);
    if (!channel) return;
    if (message.m === "pub") this.#deliver(channel, message);
    else if (message.m === "resync") this.#subscribe([message.ch]);
    else if (message.m === "unsub") this.#revoked(channel, message);
    else this.#subbed(channel, message);
  }

  #subbed(channel, { id, recovered, snapshot, pubs = [] }) {
    for (const pub of pubs) this.#deliver(channel, pub);
    if (snapshot) channel.listeners.forEach((listener) => listener.onPub(snapshot));
    // Without `since` nothing says what happened between the page and this subscription.
    else if (recovered === false || channel.since === null) {
      channel.listeners.forEach((listener) => listener.onGap?.());
    }
    if (id && !isRepeated(id, channel.since)) channel.since = id;
  }

  #deliver(channel, pub) {
    if (isRepeated(pub.id, channel.since)) return;
    if (pub.id) channel.since = pub.id;
    channel.listeners.forEach((listener) => listener.onPub(pub));
  }

  #revoked(channel, { ch, code }) {
    this.#channels.delete(ch);
    channel.listeners.forEach((listener) => listener.onRevoked?.(code));
  }

  #closed(code) {
    this.#socket = null;
    this.#clear("silence");
    this.#clear("steady");
    if (this.#stopped) return;
    if (FINAL.has(code)) this.stop();
    else if (code === CloseCode.TOO_MUCH) this.#retry(SLOW_DELAY);
    else if (code === CloseCode.RESTARTING) this.#retry(this.#drainDelay);
    else this.#retry();
  }

  // Full jitter: thousands of pages that lost one relay must not come back as one wave.
  #retry(atLeast = 0) {
    this.#drainDelay = 0;
    this.#failures += 1;
    this.#setState(this.#failures >= PAUSED_AFTER ? "paused" : "reconnecting");
    const ceiling = Math.min(MAX_DELAY, BASE_DELAY * 2 ** this.#failures);
    this.#clear("retry");
    this.#timers.retry = setTimeout(
      () => this.#connect(),
      atLeast + this.#random() * ceiling,
    );
  }

  #hurry() {
    if (this.#stopped || this.state.peek() === "live") return;
    this.#connect();
    this.#refresh();
  }

  #heard() {
    this.#clear("silence");
    const socket = this.#socket;
    this.#timers.silence = setTimeout(() => {
      socket.onclose = null; // Over a dead link the browser's own close event may take minutes.
      socket.close();
      if (this.#socket === socket) this.#closed(CloseCode.LATE);
    }, SILENCE);
  }

  #setState(state) {
    this.state.value = state;
    if (state === "live") this.#clear("poll");
    else this.#timers.poll ||= setInterval(() => this.#refresh(), POLL_EVERY);
  }

  #refresh() {
    if (document.hidden) return;
    for (const refresh of this.#refreshers) Promise.resolve(refresh()).catch(() => {});
  }

  #send(message) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  #clear(name) {
    clearTimeout(this.#timers[name]); // One id space: this also ends the interval of polling.
    this.#timers[name] = 0;
  }
}

/** Return the id of this tab, the same after a reload. */
function tabId() {
  // Not randomUUID: over plain http on a laboratory's network it does not exist.
  const made = [...crypto.getRandomValues(new Uint8Array(16))].map((b) =>
    b.toString(16).padStart(2, "0"),
  );
  try {
    return (sessionStorage.tab ||= made.join(""));
  } catch {
    return made.join("");
  }
}
