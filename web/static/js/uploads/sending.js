// One file on its way: tus-js-client with our headers, and what the server said of the file.

const ADDRESS = "/api/v1/uploads";

/** A file that is as small goes with the request that announces it. */
const SMALL = 4e6;

const RETRY_AFTER = [0, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000, 15_000, 15_000];
const PASSING = new Set([0, 409, 423, 429, 503]); // 0 is no answer at all.
const REFUSED = new Set([400, 403, 404, 413, 415, 422, 460]);

/**
 * Begin to send *file*, or go on with it where the server says; return what can `abort` it.
 * `on` is told: url(address), progress(bytes), retry(milliseconds), verdict(change of the row).
 */
export async function send(row, file, { csrf, on }) {
  const { Upload } = await import("./tus.js");
  const upload = new Upload(file, {
    endpoint: location.origin + ADDRESS,
    uploadUrl: row.url ? new URL(row.url, location.origin).href : null,
    metadata: metadataOf(row),
    headers: { "X-Op-Id": row.opId },
    retryDelays: RETRY_AFTER,
    storeFingerprintForResuming: false,
    uploadDataDuringCreation: row.size <= SMALL,
    onBeforeRequest: (request) => request.setHeader("X-CSRF-Token", csrf()),
    onUploadUrlAvailable: () => on.url(new URL(upload.url).pathname),
    onProgress: (bytes) => on.progress(bytes),
    onShouldRetry: (error, tries) => mayPass(error, tries, on),
    onSuccess: ({ lastResponse }) => on.verdict(verdictOf(lastResponse)),
    onError: (error) => on.verdict(refusalOf(error)),
  });
  upload.start();
  return upload;
}

function metadataOf({ name, projectId, path, modified }) {
  const known = { filename: name, projectId, lastModified: String(modified) };
  return path ? { ...known, relativePath: path } : known;
}

function mayPass(error, tries, on) {
  const status = error.originalResponse?.getStatus() ?? 0;
  const passes = PASSING.has(status) || status >= 500;
  if (passes) on.retry(RETRY_AFTER[tries] ?? 0);
  return passes;
}

function verdictOf(answer) {
  const header = (name) => answer?.getHeader(name);
  const batchId = header("Celltally-Batch-Id");
  if (batchId) return { state: "unpacking", batchId };
  if (header("Celltally-Duplicate")) {
    return { state: "duplicate", said: [["sameContent"]] };
  }
  return { state: "accepted", images: Number(header("Celltally-Images")) || 1 };
}

function refusalOf(error) {
  const answer = error.originalResponse;
  const status = answer?.getStatus() ?? 0;
  if (!status) return { state: "failed", said: [["unreachable"]], cause: "network" };
  if (status === 401) return { state: "failed", said: [["signedOut"]], cause: "session" };
  const problem = problemOf(answer);
  if (problem.code === "csrf") return { state: "failed", ...problem, cause: "session" };
  return REFUSED.has(status) ? { state: "rejected", ...problem } : { state: "failed", ...problem, cause: "server" };
}

function problemOf(answer) {
  try {
    const { detail, code } = JSON.parse(answer.getBody());
    return { detail, code };
  } catch {
    return { said: [["answered", { status: answer.getStatus() }]], code: "error" };
  }
}
