// Where htmx gets no answer, or one that says that the site can't now, a line at the button says so, and what was typed
// stays. Without this script nothing at all would happen. The ballot has its own words: it saves again by itself.
"use strict";

{
  const note = document.createElement("p");
  note.className = "error";
  note.setAttribute("role", "alert");
  note.textContent = document.currentScript.dataset.lost;

  const lost = (ctx) => {
    const status = ctx.response?.status ?? 0; // none: no connection, or it took too long
    return !status || status >= 500 || status === 429;
  };

  const say = ({ target, detail: { ctx } }) => {
    if (!ctx || !(target instanceof Element) || !lost(ctx)) return; // nothing was sent, or from what is gone by now
    const place = target.matches("button, a") ? target.parentElement : target;
    if (place.nextElementSibling !== note) place.after(note); // else it was said, and would be read out once more
  };

  addEventListener("htmx:error", say);
  addEventListener("htmx:response:error", say);
  addEventListener("htmx:after:swap", ({ detail: { ctx } }) => ctx && !lost(ctx) && note.remove());
}
