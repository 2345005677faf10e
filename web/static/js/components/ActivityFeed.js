// The list of what happened; entries appear and grow while one looks.

import { ActivityType } from "../events.js";
import { rich, t } from "../i18n.js";
import { Empty, Icon, TimeAgo, formatDuration, html } from "../ui.js";

const LOOKS = Object.freeze({
  [ActivityType.PROJECT_CREATED]: ["plus", ""],
  [ActivityType.PROJECT_RENAMED]: ["folder", ""],
  [ActivityType.PROJECT_DELETED]: ["x", ""],
  [ActivityType.PROJECT_SHARED]: ["users", ""],
  [ActivityType.IMAGES_UPLOADED]: ["upload", ""],
  [ActivityType.IMAGES_DELETED]: ["circle-slash", ""],
  [ActivityType.SEGMENTATION_COMPLETED]: ["circle-check", "ok"],
  [ActivityType.SEGMENTATION_FAILED]: ["triangle-alert", "bad"],
  [ActivityType.SEGMENTATION_CANCELLED]: ["circle-dashed", ""],
  [ActivityType.SEGMENTATION_EDITED]: ["pencil", ""],
});

/** The icon of an entry; some of its images failed when it is not a *success*. */
export function ActivityIcon({ type, success = true }) {
  const [name, tone] = success ? (LOOKS[type] ?? ["info", ""]) : LOOKS[ActivityType.SEGMENTATION_FAILED];
  return html`<span class="feed-icon ${tone}"><${Icon} name=${name} /></span>`;
}

const OF_PROJECTS = new Set([
  ActivityType.PROJECT_CREATED,
  ActivityType.PROJECT_RENAMED,
  ActivityType.PROJECT_DELETED,
  ActivityType.PROJECT_SHARED,
]);

/** Return which message tells an entry; an entry of very many acts names no project. */
function messageOf({ type, details, projectName }) {
  if (!LOOKS[type]) return "feed.other"; // A kind of a later release.
  if (OF_PROJECTS.has(type) && !projectName) return `feed.${type}.many`;
  const some = type === ActivityType.SEGMENTATION_COMPLETED && details.failed;
  return some ? `feed.${type}.failed` : `feed.${type}`;
}

function valuesOf({ type, actorName, details, projectName }) {
  const count = details.count ?? (OF_PROJECTS.has(type) ? 1 : 0);
  return { actor: actorName, count, failed: details.failed ?? 0, place: projectName ?? t("feed.several") };
}

/** Return an entry as a sentence, such as "Ana uploaded 10 images to Plate 7". */
export const getActivityMessage = (activity) => t(messageOf(activity), valuesOf(activity));

/** *gone*: ids of projects that cannot be opened any more. */
function Entry({ activity, gone }) {
  const { id, type, projectId, details, timestamp } = activity;
  const linked = projectId && !gone.has(projectId);
  const { actor, place, ...counts } = valuesOf(activity);
  const sentence = rich(messageOf(activity), {
    ...counts,
    actor: html`<strong>${actor}</strong>`,
    place: linked ? html`<a href="/projects/${projectId}" title=${place}>${place}</a>` : html`<span>${place}</span>`,
  });
  return html`<li class="feed-entry" data-activity=${id} data-type=${type}>
    <${ActivityIcon} type=${type} success=${details.success} />
    <div>
      <p>${sentence}</p>
      <p class="meta number">
        <${TimeAgo} moment=${timestamp} />${details.duration ? ` · ${t("feed.took", { duration: formatDuration(details.duration) })}` : ""}
      </p>
    </div>
  </li>`;
}

export function ActivityFeed({ activities }) {
  if (activities.length === 0) {
    return html`<${Empty} icon="clock" title=${t("activityFeed.nothingHasHappenedYet")}>
      <p>${t("activityFeed.uploadsResultsAndChangesOf")}</p>
    </${Empty}>`;
  }
  const deletions = activities.filter(({ type }) => type === ActivityType.PROJECT_DELETED);
  const gone = new Set(deletions.map(({ projectId }) => projectId));
  return html`<ol class="feed">
    ${activities.map((activity) => html`<${Entry} key=${activity.id} activity=${activity} gone=${gone} />`)}
  </ol>`;
}
