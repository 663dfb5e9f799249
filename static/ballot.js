// The ballot while it is filled in. It keeps the bar up to date and says when there is no connection;
// htmx saves the draft. Without this script every choice is a button that saves.
"use strict";

const form = document.getElementById("ballot");
const words = form.dataset;
const boxes = [...form.querySelectorAll("input[name=plan]")];
const limit = words.limit === "" ? null : Number(words.limit);
const most = words.most === "" ? null : Number(words.most);
const find = (id) => document.getElementById(id);
const cost = (box) => Number(box.dataset.cost);
const least = Number(words.least);
const FEW = 4; // themes that the bar has room for, as in routes/drafts.py
let unsaved = false;

function money(cents) {
  const digits = cents % 100 ? 2 : 0;
  const style = { style: "currency", currency: words.currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(document.documentElement.lang, style).format(cents / 100);
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function counted(n) {
  if (n > 0 && n < least) return filled(words.short, { n, least });
  return filled(n === 1 ? words.one : words.many, { n });
}

function leftInWords(n, left) {
  if (limit !== null && left > 0) return filled(words.left, { amount: money(left) });
  if (limit !== null && left === 0) return words.noneLeft;
  if (limit !== null) return filled(words.over, { amount: money(-left) });
  if (most === null) return counted(n);
  return n > most ? filled(words.tooMany, { n: n - most }) : filled(words.of, { n, most });
}

function draw(parts) {
  const svg = document.querySelector(".segments");
  if (!svg) return;
  const whole = Math.max(limit ?? most, parts.reduce((sum, part) => sum + part, 0));
  let x = 0;
  svg.replaceChildren(...parts.map((part) => {
    const width = (part * 1000) / whole;
    const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const place = { x, width: Math.max(width - 4, 1), height: 10 };
    for (const [name, value] of Object.entries(place)) rect.setAttribute(name, value);
    x += width;
    return rect;
  }));
}

const themesOf = (box) => (box.dataset.themes ?? "").split(" ").filter(Boolean);
const shares = () => [...document.querySelectorAll("#shares > li")]; // htmx swaps them

function shareOf(id, chosen) {
  const element = find(`share-${id}`);
  if (!element) return null;
  const [most, room] = ["most", "limit"].map((name) => (element.dataset[name] ? Number(element.dataset[name]) : null));
  const mine = chosen.filter((box) => themesOf(box).includes(id));
  const left = room === null ? null : room - mine.reduce((sum, box) => sum + cost(box), 0);
  return { element, name: element.dataset.name, n: mine.length, fewest: Number(element.dataset.least), most, left };
}

function shareInWords({ n, fewest, most, left }) {
  const said = [];
  if (most !== null) said.push(n > most ? filled(words.themeMore, { n: n - most }) : filled(words.themeOf, { n, most }));
  if (n < fewest) said.push(filled(words.themeShort, { n: fewest - n }));
  if (left !== null) said.push(filled(left < 0 ? words.over : words.left, { amount: money(Math.abs(left)) }));
  return said.join(", ") || String(n);
}

function markShares(chosen) {
  const every = shares();
  let over = false;
  for (const element of every) {
    const share = shareOf(element.id.slice("share-".length), chosen);
    const tooMuch = (share.left !== null && share.left < 0) || (share.most !== null && share.n > share.most);
    element.classList.toggle("over", tooMuch);
    element.hidden = every.length > FEW && share.n === 0;
    element.querySelector("strong").textContent = shareInWords(share);
    over ||= tooMuch;
  }
  return over;
}

function obstacle(box, left, chosen) {
  if (box.checked) return "";
  if (limit !== null && cost(box) > left) {
    return filled(left < 0 ? words.allOver : words.noFit, { amount: money(Math.abs(left)) });
  }
  for (const { name: theme, n, most, left: room } of themesOf(box).map((id) => shareOf(id, chosen)).filter(Boolean)) {
    if (most !== null && n >= most) return filled(words.themeFull, { theme, n });
    if (room !== null && cost(box) > room) {
      return filled(words.themeNoFit, { theme, amount: money(Math.max(room, 0)) });
    }
  }
  return "";
}

function markCards(left, chosen) {
  for (const box of boxes) {
    box.closest(".plan").classList.toggle("chosen", box.checked);
    find(box.getAttribute("aria-describedby")).textContent = obstacle(box, left, chosen);
  }
}

function update() {
  const chosen = boxes.filter((box) => box.checked);
  const total = chosen.reduce((sum, box) => sum + cost(box), 0);
  const left = limit === null ? null : limit - total;
  const n = chosen.length;
  const over = markShares(chosen) || (limit !== null && left < 0) || (most !== null && n > most);
  find("bar").classList.toggle("over", over);
  if (find("count")) find("count").textContent = counted(n);
  find("left").textContent = leftInWords(n, left);
  find("clear").hidden = n === 0;
  draw(limit === null ? chosen.map(() => 1) : chosen.map(cost));
  markCards(left, chosen);
}

function changed(box) {
  unsaved = true;
  update();
  const about = [find("left").parentElement, ...themesOf(box).map((id) => find(`share-${id}`))];
  find("said").textContent = about.filter(Boolean).map((element) => element.textContent).join(". ");
}

function saveAgain() {
  if (unsaved) boxes[0].dispatchEvent(new Event("change", { bubbles: true }));
}

function notSaved() {
  find("connection").textContent = words.offline;
  setTimeout(saveAgain, 5000);
}

function saved() {
  unsaved = false;
  find("connection").textContent = "";
  update();
}

// The voter leaves before the last choice was saved: send it along.
function saveOnLeaving() {
  if (!unsaved) return;
  const body = new URLSearchParams(new FormData(form));
  body.delete("code");
  fetch(form.action, { method: "POST", body, keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {});
}

// The QR code on the letter holds the stemcode behind the #, where no log sees it.
function takeCode() {
  const code = location.hash.slice(1);
  if (!/^[0-9A-Z][0-9A-Z-]{12,38}$/.test(code)) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  // A link that somebody else sent must not put their code in the place of the voter's own without a word.
  if (!form.elements.code && !confirm(words.otherCode)) return;
  const field = form.elements.code ?? form.appendChild(document.createElement("input"));
  Object.assign(field, { name: "code", value: code });
  field.hidden = !field.id;
  field.closest("details")?.setAttribute("open", "");
  form.requestSubmit(document.querySelector("button[name=bewaar]"));
}

form.addEventListener("change", (event) => event.target.name === "plan" && changed(event.target));
form.addEventListener("submit", () => { unsaved = false; });
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.name !== "plan") return;
  event.preventDefault();
  event.target.click();
});
// A code half typed is no mistake yet: it goes along when the voter says so.
form.addEventListener("htmx:config:request", ({ detail }) => detail.ctx.request.body.delete("code"));
form.addEventListener("htmx:after:swap", saved);
form.addEventListener("htmx:error", notSaved);
form.addEventListener("htmx:response:error", ({ detail }) => {
  const { status } = detail.ctx.response;
  if (status < 500 && status !== 429) location.reload(); // closed, or a plan was withdrawn: that page says so
  else notSaved();
});
addEventListener("online", saveAgain);
addEventListener("pagehide", saveOnLeaving);
addEventListener("pageshow", (event) => event.persisted && location.reload());
addEventListener("hashchange", takeCode);
takeCode();
