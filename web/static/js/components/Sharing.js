// The dialog that shares a project; loaded when its owner asks for it.

import { useEffect, useRef, useState } from "preact/hooks";
import { request } from "../api.js";
import { t } from "../i18n.js";
import { ErrorNote, Icon, Loading, formatDate, html } from "../ui.js";

const ROLES = { viewer: t("sharing.mayLookAndExport"), editor: t("sharing.mayAlsoUploadSegmentAnd") };
const STANDING = {
  pending: { word: t("sharing.notAcceptedYet"), tone: "wait" },
  accepted: { word: t("sharing.accepted"), tone: "ok" },
  expired: { word: t("sharing.expired"), tone: "bad" },
};

export function Sharing({ project, onClose }) {
  const path = `/projects/${project.id}/shares`;
  const dialog = useRef(null);
  const [shares, setShares] = useState(null);
  const [error, setError] = useState(null);
  const [said, setSaid] = useState("");

  const act = async (work, words) => {
    setError(null);
    try {
      await work();
      setShares(await open(path));
      setSaid(words);
      return true;
    } catch (refusal) {
      setError(refusal);
      return false;
    }
  };
  useEffect(() => {
    dialog.current.showModal();
    act(() => {}, "");
  }, []);

  const end = (share) =>
    act(() => request(`${path}/${share.id}`, { method: "DELETE" }), t("sharing.shareWasRevoked", { share: whose(share) }));
  return html`<dialog ref=${dialog} class="sharing" aria-labelledby="sharing-title" onClose=${onClose}>
    <h2 id="sharing-title">${t("sharing.shareTitle", { title: project.title })}</h2>
    ${error && html`<${ErrorNote} error=${error} />`}
    <${Offer} onOffer=${(body) => act(() => request(path, { method: "POST", body }), t("sharing.sharedCopyTheLinkAnd"))} />
    <h3>${t("sharing.sharedWith")}</h3>
    ${!shares && !error && html`<${Loading}>${t("loading")}</${Loading}>`}
    ${shares?.length === 0 && html`<p class="muted">${t("sharing.nobodyYet")}</p>`}
    <ul class="shares">
      ${shares?.map((share) => html`<${Share} key=${share.id} share=${share} onEnd=${() => end(share)} onCopied=${setSaid} />`)}
    </ul>
    <p class="meta" role="status">${said}</p>
    <div class="dialog-foot">
      <button type="button" class="button" onClick=${() => dialog.current.close()}>${t("close")}</button>
    </div>
  </dialog>`;
}

/** Return the shares that are not revoked. */
async function open(path) {
  const shares = [];
  let cursor = "";
  do {
    const page = await request(`${path}?limit=200${cursor && `&cursor=${cursor}`}`);
    shares.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor);
  return shares.filter(({ status }) => status in STANDING);
}

function Offer({ onOffer }) {
  const [byLink, setByLink] = useState(false);
  const [busy, setBusy] = useState(false);
  const offer = async (event) => {
    event.preventDefault();
    const form = event.target;
    setBusy(true);
    const done = await onOffer(read(form));
    setBusy(false);
    if (done && form.email) form.email.value = "";
  };
  return html`<form class="form" onSubmit=${offer}>
    <div class="field">
      <label for="share-with">${t("sharing.shareWith")}</label>
      <select class="input" id="share-with" name="with" onChange=${({ target }) => setByLink(target.value === "link")}>
        <option value="email">${t("sharing.onePersonByEMail")}</option>
        <option value="link">${t("sharing.everyoneWhoHasTheLink")}</option>
      </select>
    </div>
    ${!byLink &&
    html`<div class="field">
      <label for="share-email">${t("sharing.eMailAddress")}</label>
      <input class="input" id="share-email" name="email" type="email" required maxlength="254" autocomplete="off" aria-describedby="share-hint" />
      <span class="hint" id="share-hint">${t("sharing.theLinkLetsInOnly")}</span>
    </div>`}
    <div class="field">
      <label for="share-role">${t("sharing.role")}</label>
      <select class="input" id="share-role" name="role">
        ${Object.entries(ROLES).map(([role, words]) => html`<option value=${role}>${words}</option>`)}
      </select>
    </div>
    <div class="field">
      <label for="share-end">${t("sharing.lastDay")} <span class="muted">${t("optional")}</span></label>
      <input class="input" id="share-end" name="end" type="date" min=${today()} />
    </div>
    <button class="button primary" disabled=${busy}><${Icon} name="users" />${t("share")}</button>
  </form>`;
}

function read({ email, role, end }) {
  const body = { ...(email ? { email: email.value } : { link: true }), role: role.value };
  // The whole last day, as the owner's clock has it.
  if (end.value) body.expiresAt = new Date(`${end.value}T23:59:59`).toISOString();
  return body;
}

function today() {
  const now = new Date();
  return new Date(now - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

const whose = ({ email }) => (email ? t("sharing.theShareWithEmail", { email }) : t("sharing.theLink"));

function Share({ share, onEnd, onCopied }) {
  const { word, tone } = STANDING[share.status];
  const name = share.email ?? t("sharing.everyoneWithTheLink");
  const link = useRef(null);
  const copy = async () => {
    link.current.select();
    try {
      await navigator.clipboard.writeText(share.url);
      onCopied(t("sharing.theLinkWasCopied"));
    } catch {
      onCopied(t("sharing.theLinkIsSelectedCopy")); // Over plain http browsers refuse.
    }
  };
  return html`<li data-share=${share.id}>
    <p class="share-who"><strong>${name}</strong> <span class="badge ${tone}">${word}</span></p>
    <p class="meta">
      ${ROLES[share.role]}${share.expiresAt && `, until ${formatDate(share.expiresAt)}`}
      ${share.acceptedBy && ` · ${share.acceptedBy.map((member) => member.name).join(", ")}`}
    </p>
    <div class="share-link">
      <input class="input" ref=${link} readonly value=${share.url} aria-label=${t("sharing.linkForName", { name })} />
      <button type="button" class="button small" onClick=${copy}>${t("sharing.copyLink")}<span class="visually-hidden"> ${t("sharing.forName", { name })}</span></button>
      <button type="button" class="button small" onClick=${onEnd}><${Icon} name="x" />${t("sharing.revoke")}<span class="visually-hidden"> ${name}</span></button>
    </div>
  </li>`;
}
