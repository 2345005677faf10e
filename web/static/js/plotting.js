// The library of charts, fetched when the first one is drawn: a classic script and its style sheet.

const script = new URL("../vendor/uplot.js", import.meta.url);
const style = new URL("../vendor/uplot.css", import.meta.url);

let loading = null;

const added = (name, properties) =>
  new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(name), properties, { onload: resolve });
    element.onerror = () => {
      element.remove();
      reject(new Error(`${properties.src ?? properties.href} could not be loaded`));
    };
    document.head.append(element);
  });

/** Resolve to uPlot; a failure is forgotten, so that asking again tries again. */
export function loadPlot() {
  loading ??= Promise.all([
    added("script", { src: script.href }),
    added("link", { rel: "stylesheet", href: style.href }),
  ]).then(() => globalThis.uPlot);
  loading.catch(() => (loading = null));
  return loading;
}

/** Return a colour of the style sheet as a canvas takes it, such as that of `--accent` today. */
export function colourOf(name) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
