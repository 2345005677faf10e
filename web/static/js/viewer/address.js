// What is seen, chosen and filtered, in the page's address: a link shows the same.

const WAIT = 250;

const numbersOf = (text) => (text ?? "").split(",").filter((part) => part !== "").map(Number).filter(Number.isFinite);
const short = (value) => Number(value.toPrecision(4));

/** Return what an address says: `{chosen, zoom, centre, by, sort, filter, hidden}`; what it does not is null or empty. */
export function readAddress(search) {
  const said = new URLSearchParams(search);
  const centre = numbersOf(said.get("c"));
  const zoom = Number(said.get("z"));
  return {
    chosen: numbersOf(said.get("obj")),
    zoom: zoom > 0 ? zoom : null,
    centre: centre.length === 2 ? centre : null,
    by: said.get("by"),
    sort: said.get("sort"),
    filter: readFilter(said.get("only")),
    hidden: said.getAll("hide"),
  };
}

/** Return the address of what is shown, with what else *search* says kept. */
export function writeAddress(search, { chosen, zoom, centre, by, sort, filter, hidden }) {
  const said = new URLSearchParams(search);
  const set = (name, value) => (value ? said.set(name, value) : said.delete(name));
  set("obj", chosen.join(","));
  set("z", zoom && short(zoom));
  set("c", centre && centre.map((each) => Math.round(each * 10) / 10).join(","));
  set("by", by !== "class" && by);
  set("sort", sort !== "label" && sort);
  set("only", writeFilter(filter));
  said.delete("hide");
  for (const name of hidden) said.append("hide", name);
  const text = said.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text && `?${text}`;
}

/** A filter is `{key, low, high}`; as text `area:20..300`, or `class:name`. */
function readFilter(text) {
  const [, key, rest] = /^([^:]+):(.*)$/s.exec(text ?? "") ?? [];
  if (!key) return null;
  if (key === "class") return { key, name: rest };
  const [, low, high] = /^(-?[\d.]*)\.\.(-?[\d.]*)$/.exec(rest) ?? [];
  const end = (part) => (part && Number.isFinite(Number(part)) ? Number(part) : null);
  return { key, low: end(low), high: end(high) };
}

function writeFilter(filter) {
  if (!filter) return "";
  if (filter.key === "class") return `class:${filter.name}`;
  return filter.low == null && filter.high == null ? "" : `${filter.key}:${filter.low ?? ""}..${filter.high ?? ""}`;
}

/** Return a function that keeps the page's address, a moment after the last change. */
export function addressKeeper() {
  let timer = 0;
  return (shown) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const search = writeAddress(location.search, shown);
      if (search !== location.search) history.replaceState(history.state, "", location.pathname + search);
    }, WAIT);
  };
}
