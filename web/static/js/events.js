// The words of the wire. A contract test holds them to shared/domain, one by one.

export const EventType = Object.freeze({
  PROJECT_STATS_UPDATE: "projectStatsUpdate",
  SHARED_PROJECT_UPDATE: "sharedProjectUpdate",
  IMAGE_STATUS_UPDATE: "imageStatusUpdate",
  PROJECT_IMAGE_COUNT_CHANGE: "projectImageCountChange",
  DASHBOARD_METRICS_UPDATE: "dashboardMetricsUpdate",
  USER_ACTIVITY_UPDATE: "userActivityUpdate",
  PROJECT_ACCESS_CHANGE: "projectAccessChange",
  EXPORT_UPDATE: "exportUpdate",
  NOTICE: "notice",
});

export const Operation = Object.freeze({
  IMAGES_ADDED: "images_added",
  IMAGES_DELETED: "images_deleted",
  SEGMENTATION_QUEUED: "segmentation_queued",
  SEGMENTATION_STARTED: "segmentation_started",
  SEGMENTATION_COMPLETED: "segmentation_completed",
  SEGMENTATION_FAILED: "segmentation_failed",
  SEGMENTATION_CANCELLED: "segmentation_cancelled",
  SEGMENTATION_EDITED: "segmentation_edited",
  PROJECT_UPDATED: "project_updated",
  RECONCILED: "reconciled",
});

export const ActivityType = Object.freeze({
  PROJECT_CREATED: "project_created",
  PROJECT_RENAMED: "project_renamed",
  PROJECT_DELETED: "project_deleted",
  PROJECT_SHARED: "project_shared",
  IMAGES_UPLOADED: "images_uploaded",
  IMAGES_DELETED: "images_deleted",
  SEGMENTATION_COMPLETED: "segmentation_completed",
  SEGMENTATION_FAILED: "segmentation_failed",
  SEGMENTATION_CANCELLED: "segmentation_cancelled",
  SEGMENTATION_EDITED: "segmentation_edited",
});

export const ExportStatus = Object.freeze({
  QUEUED: "queued",
  RUNNING: "running",
  DONE: "done",
  FAILED: "failed",
  CANCELLED: "cancelled",
});

export const NoticeLevel = Object.freeze({
  INFO: "info",
  WARNING: "warning",
  ERROR: "error",
});

export const AccessChange = Object.freeze({
  CREATED: "created",
  RENAMED: "renamed",
  DELETED: "deleted",
  SHARED: "shared",
  ROLE_CHANGED: "role_changed",
  REVOKED: "revoked",
});

export const ImageStatus = Object.freeze({
  UPLOADED: "uploaded",
  QUEUED: "queued",
  PROCESSING: "processing",
  SEGMENTED: "segmented",
  NO_OBJECTS: "no_objects",
  FAILED: "failed",
});

export const ChannelKind = Object.freeze({
  PROJECT: "project",
  IMAGES: "images",
  DASH: "dash",
  ACTIVITY: "activity",
  USER: "user",
});

export const CloseCode = Object.freeze({
  NORMAL: 1000,
  TOO_BIG: 1009,
  INTERNAL: 1011,
  RESTARTING: 1012,
  BAD_MESSAGE: 4400,
  NOT_SIGNED_IN: 4401,
  FORBIDDEN: 4403,
  LATE: 4408,
  TOO_MANY_SOCKETS: 4409,
  TOO_MUCH: 4429,
  REDIS_LOST: 4503,
});

/** Version of the socket's protocol, told in `hello`. */
export const PROTOCOL = 1;

/** Return a channel's name, such as `project:6f…`. */
export const channel = (kind, id) => `${kind}:${id}`;
