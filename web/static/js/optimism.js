// What a click will do is shown before the server confirms it.

import { batch } from "@preact/signals";
import { request } from "./api.js";
import { randomId } from "./connection.js";
import { useProjectCardUpdates } from "./hooks.js";
import { expectChange, keepStats, settle } from "./stores.js";

/**
 * As useProjectCardUpdates, and `change(delta, ask, opId)`: show the counts with *delta* at once, and
 * call `ask(opId)`, whose request shows that id as its X-Op-Id. What it answers or, earlier, an event
 * that names the id takes the place of *delta*; when it throws, the counts go back and the caller says
 * why.
 */
export function useOptimisticProjectUpdates(projectId) {
  const { projectStats } = useProjectCardUpdates(projectId);
  return { projectStats, change: (...args) => changeOptimistically(projectId, ...args) };
}

export async function changeOptimistically(projectId, delta, ask, opId = randomId()) {
  expectChange(projectId, opId, delta);
  try {
    const answer = await ask(opId);
    batch(() => {
      keepStats(answer.stats);
      settle(projectId, opId);
    });
    return answer;
  } catch (refusal) {
    settle(projectId, opId);
    // Without an answer it may have happened all the same.
    if (!refusal.status) refetchStats(projectId);
    throw refusal;
  }
}

const refetchStats = (projectId) => request(`/projects/${projectId}/stats`).then(keepStats).catch(() => {});
