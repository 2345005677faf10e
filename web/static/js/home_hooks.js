// What the pages that list projects use beside hooks.js.

import { useEffect, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { boot } from "./api.js";
import { ChannelKind, EventType, channel } from "./events.js";
import { connection } from "./hooks.js";

/** The DashboardMetrics of the user. */
export const metrics = signal(null);

/**
 * Keep *next* unless newer totals are there. Their version counts what was announced: at
 * equal versions what was read later, over REST, is fresher.
 */
export function keepMetrics(next) {
  if (!next || metrics.peek()?.version > next.version) return false;
  metrics.value = next;
  return true;
}

const dashboardUpdated = signal(null);

/** Return the page's one connection and how it is: live, reconnecting, paused, elsewhere or signed-out. */
export function useWebSocket() {
  return { manager: connection, state: connection.state.value };
}

/** Return the user's totals and when they last changed. */
export function useDashboardMetrics({ onChange } = {}) {
  useEffect(() => {
    const onPub = ({ type, data }) => {
      if (type !== EventType.DASHBOARD_METRICS_UPDATE || !keepMetrics(data.metrics)) return;
      dashboardUpdated.value = data.timestamp;
      onChange?.(data);
    };
    return connection.listen(channel(ChannelKind.DASH, boot.user.id), { onPub });
  }, []);
  return { metrics: metrics.value, lastUpdated: dashboardUpdated.value };
}

const NEARLY = "300px";

/** Return whether the element of *ref* is in the window, or nearly. */
export function useSeen(ref) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!ref.current) return undefined;
    const look = (entries) => setSeen(entries.at(-1).isIntersecting);
    const observer = new IntersectionObserver(look, { rootMargin: NEARLY });
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return seen;
}
