// One socket to the relay: ticket, hello, heartbeat, back-off, a new ticket in time, and polling meanwhile.

import { signal, batch } from "@preact/signals";
import { Channels } from "./channels.js";
import { CloseCode, PROTOCOL } from "./events.js";

const BASE_DELAY = 500;
const MAX_DELAY = 30_000;
const STEADY_AFTER = 60_000; // An open socket of this age forgets earlier failures.
const SLOW_DELAY = 5_000; // What the relay asks of a page that reads too slowly.
const SILENCE = 40_000; // The relay pings every 25 s; quieter than this is dead.
const PROBE = 5_000; // For an answer, after a sleep or another network.
const HANDSHAKE = 15_000; // Some proxies take a socket and never answer it.
const POLL_EVERY = 10_000;
const PAUSED_AFTER = 3; // Failures in a row before the page says so.
const RENEW_BEFORE = 60_000;
const RENEW_AT_MOST = 5_000; // Apart, however short the login still is.
const LONGEST_TIMER = 2 ** 31 - 1; // A browser runs a longer one at once.

// Coming back would only repeat what was refused; the page goes on by polling.
const FINAL = new Set([CloseCode.TOO_BIG, CloseCode.BAD_MESSAGE, CloseCode.FORBIDDEN]);

const ABOUT_A_CHANNEL = new Set(["pub", "subbed", "resync", "unsub"]);

/**
 * Keeps a page live. `state` is "live", "reconnecting", "paused" (it polls, and tries again where
 * that can help), "elsewhere" (too many pages of this user: `useHere` takes over) or "signed-out".
 *
 * `listen(channel, listener)` subscribes, see Channels; `poll(refresh)` registers what to do
 * every 10 s while not live.
 */
export class Connection {
  state = signal("reconnecting");
  everLive = false;

  #openTicket;
  #onSignedOut;
  #Socket;
  #random;
  #channels = new Channels();
  #refreshers = new Set();
  #socket = null;
  #failures = 0;
  #unwelcome = 0; // Tickets in a row that the relay did not take.
  #stopped = false;
  #timers = { retry: 0, silence: 0, poll: 0, steady: 0, renew: 0 };
  #ref = 0;
  #inbox = [];
  #drainDelay = 0;

  constructor({ openTicket, onSignedOut, Socket = globalThis.WebSocket, random = Math.random }) {
    this.#openTicket = openTicket;
    this.#onSignedOut = onSignedOut;
    this.#Socket = Socket;
    this.#random = random;
  }

  start() {
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#looked());
    // A page kept for the Back button has lost its socket without being told.
    addEventListener("pageshow", (event) => event.persisted && this.#hurry());
    this.#connect();
    return this;
  }

  listen(name, listener) {
    const isNew = this.#channels.add(name, listener);
    if (isNew && this.state.peek() === "live") queueMicrotask(() => this.#subscribe([name]));
    return () => {
      if (this.#channels.remove(name, listener)) this.#send({ m: "unsub", ref: ++this.#ref, chs: [name] });
    };
  }

  poll(refresh) {
    this.#refreshers.add(refresh);
    return () => this.#refreshers.delete(refresh);
  }

  /** Be the page that is live, after another one was. */
  useHere() {
    this.#stopped = false;
    this.#setState("reconnecting");
    this.#connect();
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
      if (this.#socket !== attempt) return;
      this.#socket = null;
      if (refusal.status === 401) this.#signedOut();
      else this.#retry();
    }
  }

  #open(url, ticket) {
    const socket = (this.#socket = new this.#Socket(url));
    this.#expectWithin(HANDSHAKE);
    socket.onopen = () => this.#send({ m: "hello", ticket, proto: PROTOCOL, tab: tabId() });
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#receive(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      if (this.#socket === socket) this.#closed(code);
    };
  }

  #receive(message) {
    this.#expectWithin(SILENCE);
    if (message.m === "ping") this.#send({ m: "pong" });
    else if (message.m === "welcome") this.#welcomed(message);
    else if (message.m === "authed") this.#renewBefore(message.exp);
    else if (message.m === "drain") this.#drainDelay = message.afterMs;
    else if (message.m === "error" && message.ch) {
      this.#enqueue({ m: "unsub", ch: message.ch, code: message.code });
    } else if (ABOUT_A_CHANNEL.has(message.m)) this.#enqueue(message);
  }

  #welcomed({ exp }) {
    this.#renewBefore(exp);
    this.everLive = true;
    this.#unwelcome = 0;
    this.#setState("live");
    this.#timers.steady = setTimeout(() => (this.#failures = 0), STEADY_AFTER);
    if (document.hidden) this.#send({ m: "vis", hidden: true });
    this.#subscribe(this.#channels.names);
  }

  #subscribe(names) {
    for (const subs of this.#channels.wishes(names)) this.#send({ m: "sub", ref: ++this.#ref, subs });
  }

  // The login goes on: its next ticket is shown before the one of this socket ends.
  #renewBefore(exp) {
    this.#clear("renew");
    const left = new Date(exp).getTime() - Date.now();
    if (Number.isNaN(left)) return;
    const wait = Math.max(left - RENEW_BEFORE, left / 2, RENEW_AT_MOST);
    this.#timers.renew = setTimeout(() => this.#renew(exp), Math.min(wait, LONGEST_TIMER));
  }

  async #renew(exp) {
    const socket = this.#socket;
    this.#renewBefore(exp); // Until the relay answers with a later end.
    try {
      const { ticket } = await this.#openTicket();
      if (this.#socket === socket) this.#send({ m: "auth", ticket });
    } catch (refusal) {
      if (refusal.status === 401) this.#signedOut();
    }
  }

  // Messages of one frame are applied together: one render however many there are.
  #enqueue(message) {
    if (this.#inbox.push(message) > 1) return;
    if (document.hidden) setTimeout(() => this.#applyAll());
    else requestAnimationFrame(() => this.#applyAll());
  }

  #applyAll() {
    const messages = this.#inbox;
    this.#inbox = [];
    batch(() => messages.forEach((each) => this.#channels.apply(each)));
    this.#subscribe(messages.filter(({ m }) => m === "resync").map(({ ch }) => ch));
  }

  #closed(code) {
    this.#socket = null;
    for (const name of ["silence", "steady", "renew"]) this.#clear(name);
    if (this.#stopped) return;
    if (FINAL.has(code)) this.stop();
    else if (code === CloseCode.TOO_MANY_SOCKETS) this.stop("elsewhere");
    else if (code === CloseCode.NOT_SIGNED_IN) this.#showAnotherTicket();
    else if (code === CloseCode.TOO_MUCH) this.#retry({ atLeast: SLOW_DELAY });
    else if (code === CloseCode.RESTARTING) this.#retry({ atLeast: this.#drainDelay });
    else this.#retry({ paused: code === CloseCode.REDIS_LOST });
  }

  #showAnotherTicket() {
    this.#unwelcome += 1;
    if (this.#unwelcome > 1) return this.#signedOut();
    this.#setState("reconnecting");
    this.#connect();
  }

  #signedOut() {
    this.stop("signed-out");
    this.#onSignedOut?.();
  }

  // Full jitter: thousands of pages that lost one relay must not come back as one wave.
  #retry({ atLeast = 0, paused = false } = {}) {
    this.#drainDelay = 0;
    const ceiling = Math.min(MAX_DELAY, BASE_DELAY * 2 ** this.#failures);
    this.#failures += 1;
    this.#setState(paused || this.#failures >= PAUSED_AFTER ? "paused" : "reconnecting");
    this.#clear("retry");
    this.#timers.retry = setTimeout(() => this.#connect(), atLeast + this.#random() * ceiling);
  }

  #looked() {
    this.#send({ m: "vis", hidden: document.hidden });
    if (document.hidden) return;
    if (this.#inbox.length) this.#applyAll(); // A hidden page draws no frames.
    this.#hurry();
  }

  #hurry() {
    if (this.#stopped) return;
    if (this.state.peek() === "live") {
      this.#send({ m: "ping" });
      this.#expectWithin(PROBE);
      return;
    }
    this.#connect();
    this.#refresh();
  }

  #expectWithin(patience) {
    this.#clear("silence");
    const socket = this.#socket;
    this.#timers.silence = setTimeout(() => {
      socket.onclose = null; // Over a dead link the browser's own close event may take minutes.
      socket.close();
      if (this.#socket === socket) this.#closed(CloseCode.LATE);
    }, patience);
  }

  #setState(state) {
    this.state.value = state;
    if (state === "live" || state === "signed-out") this.#clear("poll");
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
  try {
    return (sessionStorage.tab ||= randomId());
  } catch {
    return randomId();
  }
}

/** Return an id that nothing else has. */
export function randomId() {
  // Not randomUUID: over plain http on a laboratory's network it does not exist.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
