// A question before something that cannot be taken back; loaded when it is asked.

import { useEffect, useRef } from "preact/hooks";
import { render } from "preact";
import { rich, t } from "../i18n.js";
import { Icon, html } from "../ui.js";

/**
 * Ask, and resolve to the answer. With *typed* the question is answered by typing that text;
 * *danger* gives the button its colour.
 */
export function confirm({ title, words, yes, no = t("confirm.keep"), typed, danger = true }) {
  const place = document.body.appendChild(document.createElement("div"));
  return new Promise((resolve) => {
    const onAnswer = (answer) => {
      render(null, place);
      place.remove();
      resolve(answer);
    };
    render(html`<${Question} ...${{ title, words, yes, no, typed, danger, onAnswer }} />`, place);
  });
}

function Question({ title, words, yes, no, typed, danger, onAnswer }) {
  const dialog = useRef(null);
  const agreed = useRef(false);
  useEffect(() => dialog.current.showModal(), []);
  const agree = (event) => {
    event.preventDefault();
    agreed.current = true;
    dialog.current.close();
  };
  return html`<dialog ref=${dialog} class="question" aria-labelledby="question-title" aria-describedby="question-words" onClose=${() => onAnswer(agreed.current)}>
    <h2 id="question-title">${title}</h2>
    <p id="question-words">${words}</p>
    <form onSubmit=${agree}>
      ${typed && html`<${Typed} wanted=${typed} />`}
      <div class="dialog-foot">
        <button type="button" class="button" autofocus=${!typed} onClick=${() => dialog.current.close()}>${no}</button>
        <button class="button ${danger ? "danger" : "primary"}">${danger && html`<${Icon} name="trash-2" />`}${yes}</button>
      </div>
    </form>
  </dialog>`;
}

function Typed({ wanted }) {
  const check = ({ target }) => {
    const same = target.value.trim() === wanted.trim();
    target.setCustomValidity(same ? "" : t("confirm.typeWantedToConfirm", { wanted }));
  };
  const start = useRef(null);
  useEffect(() => check({ target: start.current }), []);
  return html`<div class="field">
    <label for="question-typed">${rich("confirm.typeToConfirm", { wanted: html`<strong>${wanted}</strong>` })}</label>
    <input class="input" ref=${start} id="question-typed" required autofocus autocomplete="off" spellcheck="false" onInput=${check} />
  </div>`;
}
