// What becomes of the project of this page; loaded when something does.

import { boot } from "./api.js";
import { AccessChange } from "./events.js";
import { t } from "./i18n.js";
import { projectOf } from "./stores.js";
import { Empty, html } from "./ui.js";

const DASHBOARD = { href: "/", text: t("access.goToTheDashboard") };

const farewell = (title, words, { href, text } = DASHBOARD) => () =>
  html`<section class="panel" role="alert">
    <${Empty} icon="circle-slash" title=${title}>
      <p>${words}</p>
      <a class="button primary" href=${href}>${text}</a>
    </${Empty}>
  </section>`;

const FAREWELLS = {
  [AccessChange.DELETED]: farewell(t("access.thisProjectWasDeleted"), t("access.itsImagesAndResultsAre")),
  [AccessChange.REVOKED]: farewell(
    t("access.youHaveNoAccessTo"),
    t("access.nothingMoreOfItIs"),
  ),
};

export const ImageDeleted = farewell(t("access.thisImageWasDeleted"), t("access.whatWasFoundInIt"), {
  href: `/projects/${boot.project?.id}`,
  text: t("access.goToTheProject"),
});

// A channel that ends does not say why, and may come after the message that does.
let deleted = false;

/** Have the page follow a `projectAccessChange`; return what it shows instead, if it must. */
export function becomes({ change, role, title }, project) {
  deleted ||= change === AccessChange.DELETED;
  if (change in FAREWELLS) return FAREWELLS[deleted ? AccessChange.DELETED : change];
  if (change === AccessChange.RENAMED) rename(project.id, title);
  // What one may do is on the whole page; in again by another share means the same.
  else if (change === AccessChange.SHARED || role !== project.role) location.reload();
  return null;
}

function rename(projectId, title) {
  const cell = projectOf(projectId);
  if (cell.peek()) cell.value = { ...cell.peek(), title };
  showTitle(title);
}

let shownTitle = boot.project?.title;

/** Have the parts of the page that the server wrote show another title. */
export function showTitle(title) {
  document.title = document.title.replace(shownTitle, title);
  for (const shown of document.querySelectorAll(".crumbs h1, .crumbs a, .side .nav span")) {
    if (shown.textContent === shownTitle) shown.textContent = title;
  }
  shownTitle = title;
}
