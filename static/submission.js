// The form of a plan. It saves itself while somebody types, adds up what it costs and adds rows.
// Without this script there is a button for each of these.
"use strict";

const form = document.getElementById("plan-form");
const saves = "offline" in form.dataset; // a plan that is being changed is not saved until its maker says so
const said = document.getElementById("saved");
const total = document.getElementById("total");
const items = form.querySelector(".items");
const PAUSE = 1200; // milliseconds without typing
let unsaved = "unsaved" in form.dataset; // it came back with what was typed
let saving = null;
let timer = 0;

function cents(text) {
  const bare = text.replace(/€|euro?|\s/gi, "").replace(/,[-–—=]+$/, "");
  const shape = /^(?:(\d{1,3}(?:\.\d{3})+)(?:,(\d{1,2}))?|(\d{1,3}(?:,\d{3})+)(?:\.(\d{1,2}))?|(\d+)(?:[.,](\d{1,2}))?)$/;
  const found = shape.exec(bare);
  if (!found) return 0;
  const whole = found[1] ?? found[3] ?? found[5];
  const part = found[2] ?? found[4] ?? found[6] ?? "";
  return Number(whole.replace(/[.,]/g, "")) * 100 + Number(part.padEnd(2, "0"));
}

function addUp() {
  const sum = [...items.querySelectorAll("[name^=euros-]")].reduce((all, field) => all + cents(field.value), 0);
  const digits = sum % 100 ? 2 : 0;
  const style = { style: "currency", currency: total.dataset.currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  total.value = new Intl.NumberFormat(document.documentElement.lang, style).format(sum / 100);
}

function addRow() {
  const rows = items.children;
  const row = rows[rows.length - 1].cloneNode(true);
  const number = rows.length + 1;
  row.querySelectorAll(".error").forEach((error) => error.remove());
  row.querySelectorAll("input").forEach((field) => {
    const name = field.name.replace(/\d+$/, number);
    row.querySelector(`label[for="${field.id}"]`).htmlFor = name;
    Object.assign(field, { id: name, name, value: "" });
    ["aria-describedby", "aria-invalid", "autofocus"].forEach((gone) => field.removeAttribute(gone));
  });
  row.querySelectorAll("label .unseen").forEach((words) => {
    words.textContent = words.textContent.replace(/\d+/, number);
  });
  items.append(row);
  row.querySelector("input").focus();
  return rows.length < Number(items.dataset.most);
}

function body() {
  const data = new FormData(form);
  data.delete("photo"); // a file goes along when a button is pressed
  data.delete("link_email");
  return new URLSearchParams(data);
}

async function save() {
  clearTimeout(timer);
  if (saving || !unsaved) return;
  unsaved = false;
  saving = fetch(form.action, { method: "POST", body: body(), headers: { "HX-Request": "true" } });
  try {
    const answer = await saving;
    if (answer.ok) said.innerHTML = await answer.text();
    else if (answer.status < 500 && answer.status !== 429) giveBack();
    else throw new Error(answer.status);
    if (unsaved) later();
  } catch {
    unsaved = true;
    said.textContent = form.dataset.offline;
    timer = setTimeout(save, 5000);
  } finally {
    saving = null;
  }
}

// Closed, or handed in: the page says so, and gives back what was typed.
function giveBack() {
  unsaved = false;
  form.submit();
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
}

function typed(event) {
  if (event.target.name?.startsWith("euros-")) addUp();
  if (event.target.type === "file" || event.target.name === "link_email") return;
  unsaved = true;
  if (saves) later();
}

// The writer leaves before the last words were saved: send them along.
function saveOnLeaving() {
  if (!saves || !unsaved) return;
  fetch(form.action, { method: "POST", body: body(), keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {});
}

form.addEventListener("input", typed);
form.addEventListener("change", (event) => {
  if (event.target.type !== "file") typed(event);
  else if (event.target.files.length) form.requestSubmit(form.querySelector("button[name=foto]"));
});
form.addEventListener("submit", () => { unsaved = false; clearTimeout(timer); });
form.addEventListener("click", (event) => {
  if (event.target.closest("a.button")) unsaved = false; // back without saving, it says
  const button = event.target.closest("button[name=rij]");
  if (!button) return;
  event.preventDefault();
  if (!addRow()) button.parentElement.remove();
});
addEventListener("online", () => saves && unsaved && save());
addEventListener("beforeunload", (event) => {
  if (!saves && unsaved) event.preventDefault(); // the browser asks whether to leave
});
addEventListener("pagehide", saveOnLeaving);
addEventListener("pageshow", (event) => event.persisted && location.reload());
