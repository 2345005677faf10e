// What is asked again, because the answer was lost on its way, is made once all the same.

import { request } from "./api.js";
import { randomId } from "./connection.js";

/**
 * Return a function that posts a body to *path* and resolves to what was made. Until one is
 * answered, the same body goes out under the same key.
 */
export function maker(path) {
  let last = {};
  return async (body) => {
    const said = JSON.stringify(body);
    if (said !== last.said) last = { said, key: randomId() };
    const made = await request(path, { method: "POST", body, key: last.key });
    last = {};
    return made;
  };
}
