// REST under /api/v1: one function for JSON, one for files; refusals become ApiError.

const ROOT = "/api/v1";
const SIGNED_OUT = "Your session has ended. Reload the page to sign in again.";
const UNREACHABLE = "The server does not answer. Check the connection and try again.";

/** What the server refused, with the sentence it gave for the user. */
export class ApiError extends Error {
  constructor(status, problem = {}) {
    super(status === 401 ? SIGNED_OUT : problem.detail || `The server answered ${status}.`);
    this.status = status;
    this.code = problem.code || "error";
    this.problem = problem;
  }
}

/** The values that the page was served with; the same as REST would answer. */
export const boot = JSON.parse(document.getElementById("boot")?.textContent || "{}");

const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content || "";

/** Ask the API; resolve to the answer, reject with ApiError. */
export async function request(path, { method = "GET", body, opId, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (opId) headers["X-Op-Id"] = opId;

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
  if (!answer.ok) throw new ApiError(answer.status, content || {});
  return content;
}

/**
 * Post files as multipart and resolve to the verdicts `{images, duplicates, rejected}`.
 * XMLHttpRequest, because fetch cannot tell how much has been sent.
 */
export function postFiles(path, files, { onProgress, signal } = {}) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);

  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", ROOT + path);
    call.responseType = "json";
    call.setRequestHeader("X-CSRF-Token", csrfToken());
    call.setRequestHeader("Accept", "application/json");
    call.upload.onprogress = ({ loaded }) => onProgress?.(loaded);
    call.onerror = () => reject(new ApiError(0, { detail: UNREACHABLE, code: "unreachable" }));
    call.onabort = () => reject(new ApiError(0, { detail: "Stopped.", code: "stopped" }));
    call.onload = () => {
      const verdicts = call.response || {};
      // 422 means that all were refused; the verdicts say why, file by file.
      if (call.status < 300 || verdicts.rejected) return resolve(verdicts);
      const refusal = new ApiError(call.status, verdicts);
      refusal.retryAfter = Number(call.getResponseHeader("Retry-After")) || null;
      reject(refusal);
    };
    signal?.addEventListener("abort", () => call.abort(), { once: true });
    call.send(form);
  });
}
