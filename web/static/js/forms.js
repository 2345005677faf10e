// Forms that are open while others change the same thing.

/** Return what stands in the fields. */
export const contentOf = (form) => String(new URLSearchParams(new FormData(form)));

/**
 * Have the fields follow what is told again, as untouched ones do. Who went on typing since
 * *sent* was read keeps that.
 */
export function settleForm(form, sent) {
  if (contentOf(form) === sent) form.reset();
}
