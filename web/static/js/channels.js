// What a page listens to: the listeners of each channel, the id seen last, and what of a message is new.

const SUBS_AT_ONCE = 50;
const ASK_AGAIN = 1_000;
const LONGEST_WAIT = 30_000;

const offsetOf = (id) => Number(id.slice(id.lastIndexOf(":") + 1));
const epochOf = (id) => id.slice(0, id.lastIndexOf(":"));

/** Tell whether *id* was seen already, given the last id of its channel. */
function isRepeated(id, last) {
  return Boolean(id && last) && epochOf(id) === epochOf(last) && offsetOf(id) <= offsetOf(last);
}

/**
 * The channels of a page. A listener is `{onPub, onGap?, onRevoked?}`: `onPub` gets every `pub`,
 * and the snapshot of a state channel in the same shape, marked by `isSnapshot`, once and in order;
 * `onGap` is called when the relay cannot tell what was missed, so that REST must be asked: again
 * and again while the promise that it returns is rejected.
 */
export class Channels {
  #channels = new Map(); // name: {listeners, since, held}; `held` is a list until `subbed` came.

  get names() {
    return [...this.#channels.keys()];
  }

  /** Add a listener; tell whether the channel is new. */
  add(name, listener) {
    const known = this.#channels.get(name);
    if (known) {
      known.listeners.add(listener);
      if (!known.held) this.#askFor(known, listener); // The answer came before it did.
    }
    else this.#channels.set(name, { listeners: new Set([listener]), since: null, held: [] });
    return !known;
  }

  /** Remove a listener; tell whether it was the channel's last. */
  remove(name, listener) {
    const channel = this.#channels.get(name);
    channel?.listeners.delete(listener);
    return channel?.listeners.size === 0 && this.#channels.delete(name);
  }

  /** Return what to ask of the relay for these channels, in lists that it takes at once. */
  wishes(names) {
    const wishes = names.filter((name) => this.#channels.has(name)).map((name) => this.#wish(name));
    const parts = [];
    for (let at = 0; at < wishes.length; at += SUBS_AT_ONCE) parts.push(wishes.slice(at, at + SUBS_AT_ONCE));
    return parts;
  }

  #wish(ch) {
    const channel = this.#channels.get(ch);
    channel.held ??= [];
    return channel.since ? { ch, since: channel.since } : { ch };
  }

  /** Take in one message about a channel. */
  apply(message) {
    const channel = this.#channels.get(message.ch);
    if (!channel) return;
    if (message.m === "unsub") this.#revoke(channel, message);
    else if (message.m === "subbed") this.#answer(channel, message);
    else if (message.m === "resync") channel.held = []; // What comes now says nothing of the gap.
    // What the relay sends of a channel that it watches unasked comes before what was missed.
    else if (channel.held) channel.held.push(message);
    else this.#deliver(channel, message);
  }

  #answer(channel, { ref, id, recovered, snapshot, pubs = [] }) {
    if (ref === undefined) return; // The relay's own doing; our question is still under way.
    const { held, since } = channel;
    channel.held = null;
    const early = held ?? [];
    if (since === null) early.forEach((pub) => this.#deliver(channel, pub));
    pubs.forEach((pub) => this.#deliver(channel, pub));
    if (snapshot) this.#tell(channel, { ...snapshot, isSnapshot: true });
    // Without `since` nothing says what happened between the page and this subscription.
    else if (recovered === false || since === null) {
      channel.listeners.forEach((listener) => this.#askFor(channel, listener));
    }
    if (id && !isRepeated(id, channel.since)) channel.since = id;
    early.forEach((pub) => this.#deliver(channel, pub));
  }

  #deliver(channel, pub) {
    if (isRepeated(pub.id, channel.since)) return;
    if (pub.id) channel.since = pub.id;
    this.#tell(channel, pub);
  }

  #tell(channel, told) {
    channel.listeners.forEach((listener) => listener.onPub(told));
  }

  /** Have a listener ask for what was missed, until it is answered or refused for good. */
  async #askFor(channel, listener, wait = ASK_AGAIN) {
    try {
      if (channel.listeners.has(listener)) await listener.onGap?.();
    } catch (refusal) {
      if (refusal.isFinal) return;
      // Not all pages at once, which may have been refused together.
      const jittered = wait * (0.5 + Math.random());
      setTimeout(() => this.#askFor(channel, listener, Math.min(2 * wait, LONGEST_WAIT)), jittered);
    }
  }

  #revoke(channel, { ch, code }) {
    this.#channels.delete(ch);
    channel.listeners.forEach((listener) => listener.onRevoked?.(code));
  }
}
