// The words of the page, in its language; docs/messages.md is the how-to.

/** The server has put the messages that a module uses at its top, where they are added to these. */
const messages = (globalThis.celltallyMessages ??= {});

/** The language of the page, such as de or en-GB. */
export const locale = document.documentElement.lang || "en";
const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 6 });
const rules = new Intl.PluralRules(locale);

export const formatNumber = (value) => number.format(value);

const written = (value) => (typeof value === "number" ? formatNumber(value) : String(value));

/** Whether the catalogue has the message *key*: of words of the server it may not. */
export const has = (key) => key in messages;

function chosen(key, { count }) {
  const message = messages[key];
  if (message === undefined) throw new Error(`there is no message ${key}`);
  return typeof message === "string" ? message : (message[rules.select(count)] ?? message.other);
}

/** Return the message *key* with *values* in their places; `count` chooses the plural form. */
export const t = (key, values = {}) =>
  chosen(key, values).replace(/\{(\w+)\}/g, (_, name) => written(values[name]));

/** As `t`, for values that are components: return the parts, in the order of the language. */
export const rich = (key, values) =>
  chosen(key, values)
    .split(/\{(\w+)\}/)
    .map((part, at) => (at % 2 ? (typeof values[part] === "number" ? formatNumber(values[part]) : values[part]) : part));
