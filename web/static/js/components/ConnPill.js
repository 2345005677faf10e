// Whether what is shown moves by itself.

import { html } from "../ui.js";
import { useWebSocket } from "../hooks.js";

const SAID = {
  live: ["Live", "Changes appear by themselves."],
  reconnecting: ["Reconnecting…", "The connection was lost and is being made again."],
  paused: ["Live updates paused", "Numbers are refreshed every 10 seconds until the connection is back."],
};

export function ConnPill() {
  const { manager, state } = useWebSocket();
  const first = state === "reconnecting" && !manager.everLive;
  const [word, why] = first ? ["Connecting…", "The live connection is being made."] : SAID[state];
  return html`<span class="pill ${state}" title=${why} data-state=${state}>${word}</span>`;
}
