// What the pages of the account can do more where there is JavaScript; without it they are whole.

const byId = (id) => document.getElementById(id);

/** Offer the time zone that this browser lives in. */
function offerZone(select, button) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = [...select.options].some(({ value }) => value === here);
  if (!known || select.value === here) return;
  button.textContent = button.dataset.words.replace("{zone}", here.replaceAll("_", " "));
  button.hidden = false;
  button.onclick = () => {
    select.value = here;
    button.hidden = true;
  };
}

/** Have *button* copy the field that it names; over plain http browsers refuse, and it is selected. */
function copies(button) {
  button.hidden = false;
  button.onclick = async () => {
    const field = byId(button.dataset.copies);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.copied;
    } catch {
      button.textContent = button.dataset.selected;
    }
  };
}

/** Uploads go on from page to page; only who has some gets here what live pages are made of. */
function showUploads() {
  if (localStorage.uploads) import("./hooks.js").catch(() => {});
}

try {
  showUploads();
  addEventListener("storage", showUploads);
} catch {
  // Without storage each page shows its own.
}
if (document.querySelector(".notice-line")) import("./notices.js").catch(() => {});
if (byId("zone-here")) offerZone(byId("timeZone"), byId("zone-here"));
document.querySelectorAll("[data-copies]").forEach(copies);
byId("made-token")?.focus();
