// Sharing a plan: what this browser has for it, or else copying the address. Without this script there are the address
// itself and a link that begins a mail.
"use strict";

for (const box of document.querySelectorAll("[data-share]")) {
  const button = box.querySelector("button");
  const said = box.querySelector("[role=status]");
  const { title, url, copied } = box.dataset;
  if (!navigator.share && !navigator.clipboard) continue; // neither is there without https
  if (!navigator.share) button.textContent = box.dataset.copy;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      if (navigator.share) return void (await navigator.share({ title, url }));
      await navigator.clipboard.writeText(url);
      said.textContent = copied;
    } catch {
      // the visitor thought better of it
    }
  });
}
