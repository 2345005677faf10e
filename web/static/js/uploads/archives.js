// A ZIP that was uploaded: its files are taken in by the workers, one after the other.

const ASK_AGAIN = 2000;
const REFUSALS_TOLD = 5;

/** Tell *show* how far the archive of *row* is, until all its files have their verdicts. */
export async function watchArchive({ batchId }, show) {
  for (;;) {
    await new Promise((resume) => setTimeout(resume, ASK_AGAIN));
    const batch = await ask(`/api/v1/batches/${batchId}`);
    if (batch?.done) return show(verdictOf(batch));
    if (batch?.gone) return show({ state: "rejected", said: [["gone"]] });
    if (batch) show({ said: [["lookedAt", { done: batch.queued - batch.waiting, count: batch.queued }]] });
  }
}

/** Return the batch, that it is gone, or null when nobody can tell just now. */
async function ask(address) {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (answer.status === 404) return { gone: true };
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function verdictOf({ images, duplicates, rejected, detail, cancelled }) {
  const told = rejected.slice(0, REFUSALS_TOLD).map((each) => each.detail);
  const more = rejected.length - told.length;
  const said = [
    ["images", { count: images }],
    duplicates.length && ["known", { count: duplicates.length }],
    rejected.length && ["refused", { count: rejected.length }],
    cancelled && ["left", { count: cancelled }],
    more > 0 && ["more", { count: more }],
  ];
  return {
    state: rejected.length || cancelled ? "rejected" : "accepted",
    said: said.filter(Boolean),
    detail: [detail, ...told].filter(Boolean).join(" "),
  };
}
