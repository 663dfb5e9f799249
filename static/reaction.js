// A reaction that is being written stays on this device until it is placed, also when the page is closed. Without this
// script it stays as long as the page is open.
"use strict";

const MONTH = 30 * 24 * 60 * 60 * 1000; // milliseconds
const PREFIX = "reactie ";

function kept() {
  try {
    return window.localStorage;
  } catch {
    return null; // this browser keeps nothing
  }
}

function forgetOld(store) {
  const old = (name) => name.startsWith(PREFIX) && JSON.parse(store.getItem(name)).at < Date.now() - MONTH;
  Object.keys(store).filter(old).forEach((name) => store.removeItem(name));
}

function keep(store, form, key) {
  const data = new FormData(form);
  const text = data.get("reaction");
  if (!text.trim()) store.removeItem(key);
  else store.setItem(key, JSON.stringify({ text, side: data.get("side"), at: Date.now() }));
}

function putBack(form, { text, side }) {
  form.elements.reaction.value = text;
  if (side && form.elements.side) form.elements.side.value = side;
  const closed = form.closest("details");
  if (closed) closed.open = true;
}

const form = document.querySelector("form[data-reaction]");
const store = kept();
if (form && store) {
  const key = PREFIX + form.dataset.reaction;
  forgetOld(store);
  const before = store.getItem(key);
  if (form.elements.reaction.value) keep(store, form, key); // it came back from the server, with what is wrong with it
  else if (before) putBack(form, JSON.parse(before));
  form.querySelector("[data-kept]").hidden = false;
  form.addEventListener("input", () => keep(store, form, key));
  form.addEventListener("submit", () => store.removeItem(key));
}
