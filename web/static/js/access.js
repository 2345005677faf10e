// What becomes of the project of this page; loaded when something does.

import { boot } from "./api.js";
import { AccessChange } from "./events.js";
import { t } from "./i18n.js";
import { Empty, html } from "./ui.js";

const farewell = (title, words) => () =>
  html`<section class="panel" role="alert">
    <${Empty} icon="circle-slash" title=${title}>
      <p>${words}</p>
      <a class="button primary" href="/">${t("access.goToTheDashboard")}</a>
    </${Empty}>
  </section>`;

const FAREWELLS = {
  [AccessChange.DELETED]: farewell(t("access.thisProjectWasDeleted"), t("access.itsImagesAndResultsAre")),
  [AccessChange.REVOKED]: farewell(
    t("access.youHaveNoAccessTo"),
    t("access.nothingMoreOfItIs"),
  ),
};

// A channel that ends does not say why, and may come after the message that does.
let deleted = false;

/** Have the page follow a `projectAccessChange`; return what it shows instead, if it must. */
export function becomes({ change, role, title }, project) {
  deleted ||= change === AccessChange.DELETED;
  if (change in FAREWELLS) return FAREWELLS[deleted ? AccessChange.DELETED : change];
  if (change === AccessChange.RENAMED) showTitle(title);
  // What one may do is on the whole page; in again by another share means the same.
  else if (change === AccessChange.SHARED || role !== project.role) location.reload();
  return null;
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
