// The image with the outlines over it; hovering and choosing go together with the table.

import { useEffect, useRef, useState } from "preact/hooks";
import { ImageStatus } from "../events.js";
import { Stage } from "../stage.js";
import { Icon, html, plural } from "../ui.js";

export function ImageViewer({ image, source, objects, hovered, chosen }) {
  const element = useRef(null);
  const stage = useRef(null);
  const [zoom, setZoom] = useState(1);
  const [outlines, setOutlines] = useState(true);
  const [broken, setBroken] = useState(false);

  useEffect(() => {
    stage.current = new Stage(element.current, {
      hover: (label) => (hovered.value = label),
      choose: (label) => (chosen.value = label),
      zoom: setZoom,
    });
  }, []);
  useEffect(() => {
    const picture = new Image();
    const sources = [source, image.thumbnailUrl]; // A small picture is better than none.
    picture.onload = () => stage.current.setPicture(picture, image);
    picture.onerror = () => (sources.shift() && sources[0] ? (picture.src = sources[0]) : setBroken(true));
    picture.src = sources[0];
    return () => (picture.onload = picture.onerror = null);
  }, [source]);
  useEffect(() => stage.current.setObjects(objects), [objects]);
  useEffect(() => stage.current.showOutlines(outlines), [outlines]);
  useEffect(() => {
    stage.current.mark({ hovered: hovered.value, chosen: chosen.value });
    if (chosen.value !== null) stage.current.reveal(chosen.value);
  }, [hovered.value, chosen.value, objects]);

  return html`<div class="stage" ref=${element}>
    <canvas></canvas>
    <canvas role="img" aria-label="${image.filename}, ${plural(objects.length, "outlined object")}"></canvas>
    <${StageNote} image=${image} broken=${broken} />
    <${Tools} stage=${stage} zoom=${zoom} outlines=${outlines} setOutlines=${setOutlines} />
  </div>`;
}

function StageNote({ image, broken }) {
  if (broken) return html`<p class="stage-note"><${Icon} name="triangle-alert" />The picture could not be loaded. Reload the page to try again.</p>`;
  const said = {
    [ImageStatus.QUEUED]: "Waiting for a worker",
    [ImageStatus.PROCESSING]: "Segmenting…",
  }[image.status];
  if (!said) return null;
  const earlier = image.currentRunId ? " The outlines are those of the earlier run." : "";
  return html`<p class="stage-note"><${Icon} name="loader-circle" class="spin" />${said}${earlier && `.${earlier}`}</p>`;
}

function Tools({ stage, zoom, outlines, setOutlines }) {
  const tool = (name, label, onClick, pressed) =>
    html`<button type="button" aria-label=${label} title=${label} aria-pressed=${pressed} onClick=${onClick}><${Icon} name=${name} /></button>`;
  return html`<div class="stage-tools" role="group" aria-label="View">
    ${tool("zoom-out", "Zoom out", () => stage.current.zoom(1 / 1.4))}
    <output class="number" aria-label="Zoom">${Math.round(zoom * 100)}%</output>
    ${tool("zoom-in", "Zoom in", () => stage.current.zoom(1.4))}
    ${tool("maximize", "Fit the image", () => stage.current.fit())}
    ${tool(outlines ? "eye" : "eye-off", "Show outlines", () => setOutlines(!outlines), outlines)}
  </div>`;
}
