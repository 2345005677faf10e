// The feed: what happened in the user's projects; of one entry the highest version stays.

import { useEffect } from "preact/hooks";
import { signal } from "@preact/signals";
import { boot, request } from "./api.js";
import { ChannelKind, EventType, channel } from "./events.js";
import { useWebSocket } from "./home_hooks.js";

/** The entries that are known, newest first; an entry that grows stays where it began. */
export const entries = signal([]);
/** The `before` of the page after the oldest entry; null at the end. */
export const earlier = signal(null);

const ofProject = boot.project ? `project=${boot.project.id}` : "";

const moment = ({ timestamp }) => new Date(timestamp).getTime();
const newestFirst = (a, b) => moment(b) - moment(a);

/** Return *known* with *news*, each entry once. */
export function merged(known, news) {
  const byId = new Map(known.map((entry) => [entry.id, entry]));
  for (const entry of news) {
    const before = byId.get(entry.id);
    if (!before || before.version < entry.version) byId.set(entry.id, entry);
  }
  return [...byId.values()].sort(newestFirst);
}

export const keepActivities = (news) => (entries.value = merged(entries.peek(), news));

/**
 * Begin with the newest page. What is older and known stays if nothing can be missing between;
 * what the page should have and has not may not be seen any more.
 */
export function keepNewestPage({ items, nextCursor }) {
  const known = entries.peek();
  const ids = new Set(items.map(({ id }) => id));
  const joins = known.some(({ id }) => ids.has(id));
  if (nextCursor === null || !joins) {
    entries.value = items;
    earlier.value = nextCursor;
    return;
  }
  const oldest = moment(items.at(-1));
  const kept = known.filter((entry) => ids.has(entry.id) || moment(entry) < oldest);
  entries.value = merged(kept, items);
}

export async function refresh() {
  const before = new Set(entries.peek());
  const page = await request(`/activity?${ofProject}`);
  const toldMeanwhile = entries.peek().filter((entry) => !before.has(entry));
  keepNewestPage(page);
  keepActivities(toldMeanwhile);
}

/** Fetch the page before the oldest entry. */
export async function showEarlier() {
  const { items, nextCursor } = await request(`/activity?before=${earlier.peek()}&${ofProject}`);
  keepActivities(items);
  earlier.value = nextCursor;
}

/** Return the newest *most* entries of the feed and keep them so; *onGap* when some were missed. */
export function useActivities(most = Infinity, onGap = refresh) {
  const { manager } = useWebSocket();
  useEffect(() => {
    const onPub = ({ type, data }) => {
      if (type !== EventType.USER_ACTIVITY_UPDATE) return;
      if (!boot.project || data.activity.projectId === boot.project.id) keepActivities([data.activity]);
    };
    return manager.listen(channel(ChannelKind.ACTIVITY, boot.user.id), { onPub, onGap });
  }, []);
  return entries.value.slice(0, most);
}
