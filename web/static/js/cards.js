// Which projects are shown as cards or rows, and in which order.

import { batch, signal } from "@preact/signals";
import { keepProject } from "./stores.js";

/** The ids of the projects on the dashboard, in the order of the server. */
export const projectIds = signal([]);

/** Keep a project and show its card, first when it is new. */
export function addProject(project) {
  batch(() => {
    keepProject(project);
    if (!projectIds.peek().includes(project.id)) projectIds.value = [project.id, ...projectIds.peek()];
  });
}

/** Show the project's card no more. */
export function dropProject(projectId) {
  projectIds.value = projectIds.peek().filter((id) => id !== projectId);
}

/** Show these projects' cards, but for what came or went since there were those *before*. */
export function keepProjects(projects, before = projectIds.peek()) {
  const now = projectIds.peek();
  const came = now.filter((id) => !before.includes(id));
  const went = before.filter((id) => !now.includes(id));
  batch(() => {
    projects.forEach(keepProject);
    const told = projects.map(({ id }) => id).filter((id) => !went.includes(id));
    projectIds.value = [...new Set([...came, ...told])];
  });
}
