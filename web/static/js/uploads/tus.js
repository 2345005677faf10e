// tus-js-client as a module. It comes as one script, which also a worker can load: import maps,
// by which pages find packages, do not exist there.

import "./globals.js";
import "../../vendor/tus.min.js";

export const { Upload } = globalThis.tus;
