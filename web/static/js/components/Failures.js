// Why images of a project failed: one line a cause, each with its retry.

import { useEffect, useState } from "preact/hooks";
import { request } from "../api.js";
import { t } from "../i18n.js";
import { Icon, causeWords, formatNumber, html } from "../ui.js";

const ASK_AFTER = 200;

export function Failures({ path, failedCount, mayChange, onRetry }) {
  const causes = useCauses(path, failedCount);
  if (failedCount === 0 || causes.length === 0) return null;
  const again = (code) => onRetry({ select: "failed", again: true, ...(code && { failureCode: code }) });
  return html`<section class="panel failures" aria-labelledby="failures">
    <div class="failures-head">
      <h2 id="failures"><${Icon} name="triangle-alert" />${t("failures.title", { count: failedCount })}</h2>
      ${mayChange && causes.length > 1 && html`<${Retry} words=${t("failures.retryAll", { count: failedCount })} onClick=${() => again()} />`}
    </div>
    <ul>
      ${causes.map(
        ({ code, detail, count }) => html`<li key=${code} data-cause=${code}>
          <p><strong class="number">${formatNumber(count)} ×</strong> ${causeWords({ code, detail })}</p>
          ${mayChange && html`<${Retry} words=${t("failures.retry", { count })} onClick=${() => again(code)} />`}
        </li>`,
      )}
    </ul>
  </section>`;
}

/** The causes of now; asked for again when the number of failed images is another. */
function useCauses(path, failedCount) {
  const [causes, setCauses] = useState([]);
  useEffect(() => {
    if (failedCount === 0) return setCauses([]);
    const stop = new AbortController();
    const ask = () =>
      request(`${path}/failures`, { signal: stop.signal }).then(({ items }) => setCauses(items)).catch(() => {});
    const timer = setTimeout(ask, ASK_AFTER);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [failedCount]);
  return causes;
}

const Retry = ({ words, onClick }) =>
  html`<button type="button" class="button small" onClick=${onClick}><${Icon} name="rotate-ccw" />${words}</button>`;
