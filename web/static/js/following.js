// What becomes of projects while one looks at them: news, cards that come and cards that go.

import { request } from "./api.js";
import { AccessChange } from "./events.js";
import { t } from "./i18n.js";
import { addProject, dropProject } from "./cards.js";
import { notify } from "./components/Toasts.js";

const NEWS = {
  [AccessChange.SHARED]: "news.shared",
  [AccessChange.REVOKED]: "news.revoked",
  [AccessChange.DELETED]: "news.deleted",
};

/** Have the cards follow what became of a project. */
export async function follow({ projectId, change, title }) {
  const values = { title: title ?? t("news.aProject") };
  if (NEWS[change]) notify({ key: `${projectId}:access`, text: t(NEWS[change], values) });
  if (change === AccessChange.REVOKED || change === AccessChange.DELETED) return dropProject(projectId);
  try {
    addProject(await request(`/projects/${projectId}`));
  } catch (refusal) {
    if (refusal.status === 404) dropProject(projectId); // It went away again meanwhile.
  }
}
