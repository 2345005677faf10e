// Which projects are shown, in which order and how: the address says it.

import { computed, signal } from "@preact/signals";
import { projectIds } from "./cards.js";
import { projectOf, statsOf } from "./stores.js";

export const OWNERS = ["all", "mine", "shared"];
export const SORTS = ["-updatedAt", "-createdAt", "title", "-title"];
export const VIEWS = ["grid", "list"];

const given = new URLSearchParams(location.search);
const oneOf = (words, name) => (words.includes(given.get(name)) ? given.get(name) : words[0]);

/** The choice of whoever looks; each is a part of the address unless it is the usual one. */
export const choice = {
  q: signal(given.get("q") ?? ""),
  owner: signal(oneOf(OWNERS, "owner")),
  sort: signal(oneOf(SORTS, "sort")),
  view: signal(oneOf(VIEWS, "view")),
};
const USUAL = { q: "", owner: OWNERS[0], sort: SORTS[0], view: VIEWS[0] };

/** Put *values*, by name, into the address of the page; null takes one out. */
export function writeAddress(values) {
  const words = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) words.delete(name);
    else words.set(name, value);
  }
  history.replaceState(null, "", String(words) ? `?${words}` : location.pathname);
}

/** Choose *value* for one of `choice`. */
export function choose(name, value) {
  choice[name].value = value;
  writeAddress({ [name]: value === USUAL[name] ? null : value });
}

export const isNarrowed = computed(() => choice.q.value.trim() !== "" || choice.owner.value !== USUAL.owner);

/** Show all again. */
export function clear() {
  choose("q", USUAL.q);
  choose("owner", USUAL.owner);
}

const ownerOf = ({ role }) => (role === "owner" ? "mine" : "shared");

const changedAt = (project) => [project.updatedAt, statsOf(project.id).peek()?.lastUpdated ?? ""].sort().at(-1);

const ORDERS = {
  "-updatedAt": (a, b) => changedAt(b).localeCompare(changedAt(a)),
  "-createdAt": (a, b) => b.createdAt.localeCompare(a.createdAt),
  title: (a, b) => a.title.localeCompare(b.title),
  "-title": (a, b) => b.title.localeCompare(a.title),
};

/**
 * The ids of the known projects that are chosen. They are sorted when the choice or the projects
 * change and not with each number: no card runs away from the pointer.
 */
export const chosenIds = computed(() => {
  const wanted = choice.q.value.trim().toLocaleLowerCase();
  const projects = projectIds.value.map((id) => projectOf(id).peek());
  const chosen = projects.filter(
    (project) =>
      project.title.toLocaleLowerCase().includes(wanted) &&
      (choice.owner.value === USUAL.owner || ownerOf(project) === choice.owner.value),
  );
  return chosen.sort(ORDERS[choice.sort.value]).map(({ id }) => id);
});
