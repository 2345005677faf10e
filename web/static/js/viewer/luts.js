// From stored numbers to colours: each channel's window, gamma and colour, added up.

export const COLOURS = {
  Grey: [255, 255, 255],
  Red: [255, 60, 60],
  Green: [60, 255, 90],
  Blue: [70, 120, 255],
  Cyan: [0, 235, 235],
  Magenta: [255, 70, 255],
  Yellow: [255, 230, 60],
};
const OF_SEVERAL = ["Green", "Magenta", "Cyan", "Yellow", "Red", "Blue", "Grey"];
const OF_COLOUR = ["Red", "Green", "Blue"];
const PURE = [[255, 0, 0], [0, 255, 0], [0, 0, 255]];
const HALF = 128; // Of what 8 bits tell.
const SHOWN_AT_FIRST = 4; // Of many channels: all at once are a grey mess.

/**
 * Return how the channels of an image are shown when nobody chose: as stored, but for what would
 * be all dark, and for more bits than a screen has.
 */
export function firstSettings({ channels, packing, bits }) {
  const dark = channels.every(({ high }) => high < HALF);
  const colours = packing === "colour" ? OF_COLOUR : channels.length === 1 ? ["Grey"] : OF_SEVERAL;
  return channels.map((_, at) => ({
    on: at < SHOWN_AT_FIRST,
    colour: colours[at % colours.length],
    mode: bits === 8 && !dark ? "stored" : "auto",
    gamma: 1,
  }));
}

/** Return the least and the highest number that can be stored of a channel. */
export const rangeOf = ({ bits }, { offset, scale }) => [offset, offset + scale * (2 ** bits - 1)];

/** Return the ends of a channel's window, in the image's own numbers. */
export function windowOf(setting, manifest, at) {
  const channel = manifest.channels[at];
  if (setting.mode === "auto") return [channel.low, channel.high];
  return setting.mode === "stored" ? rangeOf(manifest, channel) : [setting.low, setting.high];
}

/** Tell whether what is stored is shown unchanged. */
export const isPlain = (manifest, settings) =>
  manifest.packing === "colour" &&
  settings.every((setting, at) => {
    const [low, high] = windowOf(setting, manifest, at);
    return setting.on && low === 0 && high === 255 && setting.gamma === 1;
  });

/** Return the brightness, of 0 to 255, of each number that may be stored. */
export function curveOf(setting, manifest, at) {
  const channel = manifest.channels[at];
  const curve = new Uint8ClampedArray(2 ** manifest.bits);
  const [low, high] = windowOf(setting, manifest, at);
  const width = high - low || channel.scale;
  for (let stored = 0; stored < curve.length; stored += 1) {
    const share = (channel.offset + channel.scale * stored - low) / width;
    curve[stored] = 255 * Math.min(Math.max(share, 0), 1) ** setting.gamma;
  }
  return curve;
}

/** Fill *rgba* from one array of numbers for each channel that is on: `{numbers, curve, colour}`. */
export function compose(rgba, shown) {
  const [only] = shown;
  if (shown.length === 1 && only.colour === COLOURS.Grey) return composeGrey(rgba, only);
  for (let at = 0, to = 0; to < rgba.length; at += 1, to += 4) {
    let [red, green, blue] = [0, 0, 0];
    for (const { numbers, curve, colour } of shown) {
      const light = curve[numbers[at]] / 255;
      red += light * colour[0];
      green += light * colour[1];
      blue += light * colour[2];
    }
    rgba[to] = red; // Clamped by its type.
    rgba[to + 1] = green;
    rgba[to + 2] = blue;
    rgba[to + 3] = 255;
  }
}

function composeGrey(rgba, { numbers, curve }) {
  for (let at = 0, to = 0; to < rgba.length; at += 1, to += 4) {
    rgba[to] = rgba[to + 1] = rgba[to + 2] = curve[numbers[at]];
    rgba[to + 3] = 255;
  }
}

/** Return the channels that are on as `compose` takes them; *numbersOf* gives those of a channel. */
export function shownChannels(manifest, settings, curves, numbersOf) {
  return settings
    .map((setting, at) => ({
      on: setting.on,
      curve: curves[at],
      // The parts of a colour picture are its own light; a channel's colour is a choice.
      colour: manifest.packing === "colour" ? PURE[at] : COLOURS[setting.colour],
      numbers: setting.on ? numbersOf(at) : null,
    }))
    .filter(({ on }) => on);
}
