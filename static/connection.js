// Where htmx gets no answer, or one that says that the site can't now, a line at the button says so, and what was typed
// stays. Without this script nothing at all would happen. The ballot has its own words: it saves again by itself.
"use strict";

const note = document.createElement("p");
note.className = "error";
note.setAttribute("role", "alert");
note.textContent = document.currentScript.dataset.lost;

function say({ target, detail: { ctx } }) {
  const status = ctx?.response?.status ?? 0; // none: no connection, or it took too long
  if (status && status < 500 && status !== 429) return;
  (target.matches("button, a") ? target.parentElement : target).after(note);
}

addEventListener("htmx:error", say);
addEventListener("htmx:response:error", say);
addEventListener("htmx:before:request", () => note.remove());
