// REST under /api/v1; refusals become ApiError.

import { t } from "./i18n.js";

const ROOT = "/api/v1";
const SIGNED_OUT = t("api.yourSessionHasEndedReload");
const UNREACHABLE = t("api.theServerDoesNotAnswer");

/** What the server refused, with the sentence it gave for the user. */
export class ApiError extends Error {
  constructor(status, problem = {}) {
    super(status === 401 ? SIGNED_OUT : problem.detail || t("api.theServerAnsweredStatus", { status }));
    this.status = status;
    this.code = problem.code || "error";
    this.problem = problem;
    /** Whether asking again would change nothing. */
    this.isFinal = status >= 400 && status < 500 && status !== 429;
  }
}

/** The values that the page was served with; the same as REST would answer. */
export const boot = JSON.parse(document.getElementById("boot")?.textContent || "{}");

export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content || "";

/** Ask the API; resolve to the answer, reject with ApiError. */
export async function request(path, { method = "GET", body, opId, key, version, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (opId) headers["X-Op-Id"] = opId;
  if (key) headers["Idempotency-Key"] = key;
  if (version !== undefined) headers["If-Match"] = `"${version}"`;

  let answer;
  try {
    answer = await fetch(ROOT + path, {
      method,
      headers,
      signal,
      credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new ApiError(0, { detail: UNREACHABLE, code: "unreachable" });
  }
  const content = answer.status === 204 ? null : await answer.json().catch(() => null);
  signal?.throwIfAborted(); // In the middle of the content it looks like none.
  if (!answer.ok) throw new ApiError(answer.status, content || {});
  return content;
}
