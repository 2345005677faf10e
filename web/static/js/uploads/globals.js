// A worker has no window, and tus-js-client looks there for localStorage, which it has not either.

globalThis.window ??= globalThis;
