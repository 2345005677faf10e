// One total of the dashboard.

import { html, Icon } from "../ui.js";

export function KpiTile({ name, value, more, icon, tone = "", warn = false, act }) {
  return html`<div class="panel kpi">
    <dt class="kpi-name">${name}<span class="kpi-icon ${tone}"><${Icon} name=${icon} /></span></dt>
    <dd class="kpi-value number" data-kpi=${name}>${value}</dd>
    <dd class="kpi-more number ${warn ? "warn" : ""}">${more}</dd>
    ${act && html`<dd class="kpi-act">${act}</dd>`}
  </div>`;
}
