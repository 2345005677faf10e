// One file on its way: tus-js-client with our headers, and what the server said of the file.

const ADDRESS = "/api/v1/uploads";

/** A file that is as small goes with the request that announces it. */
const SMALL = 4e6;

const RETRY_AFTER = [0, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000, 15_000, 15_000];
/** A line on which nothing moves for so long is dead, though nobody says so: we ask on another. */
const STALLED = 60_000;
/** The server may take longer to look at what it has, and the line to bring the last of it. */
const UNANSWERED = 300_000;

const PASSING = new Set([0, 409, 423, 429, 503]); // 0 is no answer at all.
const REFUSED = new Set([400, 403, 404, 413, 415, 422, 460]);

/**
 * Begin to send *file*, or go on with it where the server says; return what can `abort` it.
 * `on` is told: url(address), progress(bytes), retry(milliseconds), verdict(change of the row).
 */
export async function send(row, file, { csrf, on }) {
  const { Upload } = await import("./tus.js");
  const silence = timerOf(async () => {
    on.retry(0);
    await upload.abort();
    if (!silence.isOver) upload.start();
  });
  const upload = new Upload(file, {
    endpoint: location.origin + ADDRESS,
    uploadUrl: row.url ? new URL(row.url, location.origin).href : null,
    metadata: metadataOf(row),
    headers: { "X-Op-Id": row.opId },
    retryDelays: RETRY_AFTER,
    storeFingerprintForResuming: false,
    uploadDataDuringCreation: row.size <= SMALL,
    onBeforeRequest: (request) => {
      silence.expire(STALLED);
      request.setHeader("X-CSRF-Token", csrf());
    },
    onUploadUrlAvailable: () => on.url(new URL(upload.url).pathname),
    onProgress: (bytes) => {
      silence.expire(bytes < row.size ? STALLED : UNANSWERED);
      on.progress(bytes);
    },
    onAfterResponse: () => silence.rest(),
    onShouldRetry: (error, tries) => {
      silence.rest();
      return mayPass(error, tries, on);
    },
    onSuccess: ({ lastResponse }) => {
      silence.end();
      on.verdict(verdictOf(lastResponse));
    },
    onError: (error) => {
      silence.end();
      on.verdict(refusalOf(error));
    },
  });
  upload.start();
  const abort = () => {
    silence.end();
    return upload.abort();
  };
  return { abort };
}

/** Return a timer that calls *act* unless it is set anew, rests or ends before. */
function timerOf(act) {
  let timer = 0;
  const rest = () => clearTimeout(timer);
  return {
    isOver: false,
    rest,
    expire(milliseconds) {
      rest();
      if (!this.isOver) timer = setTimeout(act, milliseconds);
    },
    end() {
      rest();
      this.isOver = true;
    },
  };
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
