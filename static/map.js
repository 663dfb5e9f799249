// A map that moves, in the place of the drawn one, for who asks for it. Leaflet is loaded at that moment only. The drawn
// map comes back where its background can't be reached.
"use strict";

let leaflet;

for (const box of document.querySelectorAll("[data-map]")) {
  const button = box.querySelector("[data-show-map]");
  button.hidden = false;
  button.addEventListener("click", () => show(box, button));
}

async function show(box, button) {
  button.disabled = true;
  say(box, box.dataset.loading);
  try {
    const [answer] = await Promise.all([fetch(box.dataset.map), loadLeaflet(box)]);
    if (!answer.ok) throw new Error(answer.status);
    draw(box, button, await answer.json());
  } catch {
    leaflet = undefined;
    giveUp(box, button);
  }
}

function loadLeaflet(box) {
  leaflet ??= Promise.all([
    loaded("link", { rel: "stylesheet", href: box.dataset.style }),
    loaded("script", { src: box.dataset.script }),
  ]);
  return leaflet;
}

function loaded(name, properties) {
  return new Promise((done, failed) => {
    const element = Object.assign(document.createElement(name), properties, { onload: done, onerror: failed });
    document.head.append(element);
  });
}

function say(box, text) {
  box.querySelector("[role=status]").textContent = text;
}

function giveUp(box, button) {
  say(box, box.dataset.failed);
  box.querySelector("[data-drawing]").hidden = false;
  box.querySelector("[data-pick-middle]")?.setAttribute("hidden", "");
  button.disabled = false;
  button.hidden = false;
}

function draw(box, button, { boundary, pins }) {
  const drawing = box.querySelector("[data-drawing]");
  const place = document.createElement("div");
  place.className = "moving-map";
  drawing.after(place);
  drawing.hidden = true;
  button.hidden = true;
  say(box, "");

  const map = L.map(place, { zoomControl: false });
  map.attributionControl.setPrefix(false);
  L.control.zoom({ zoomInTitle: box.dataset.zoomIn, zoomOutTitle: box.dataset.zoomOut }).addTo(map);
  map.on("popupopen", ({ popup }) => {
    popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", box.dataset.close);
  });
  const area = boundary ? L.geoJSON(boundary, { interactive: false, style: { className: "area", fill: false } }) : null;
  const markers = pins.map(marker);
  const bounds = area ? area.getBounds() : L.featureGroup(markers).getBounds();
  map.fitBounds(bounds, { maxZoom: 17, animate: false });
  map.setMaxBounds(bounds.pad(0.5));
  map.setMinZoom(Math.max(6, map.getZoom() - 1));
  area?.addTo(map);
  if ("pick" in box.dataset) pick(box, map);
  else markers.forEach((one) => one.addTo(map));
  addTiles(map, box, () => {
    map.remove();
    place.remove();
    giveUp(box, button);
  });
  place.focus();
}

function addTiles(map, box, none) {
  // Leaflet stops the loading of a tile by giving it an empty picture as a data: address, which our policy refuses.
  L.TileLayer.include({ _removeTile: L.GridLayer.prototype._removeTile, _abortLoading() {} });
  let some = false;
  const layer = L.tileLayer(box.dataset.tiles, { minZoom: 6, maxZoom: 19, attribution: box.dataset.attribution });
  layer.on("tileload", () => { some = true; });
  layer.once("load", () => { if (!some) setTimeout(none); });
  layer.addTo(map);
}

function icon(text) {
  return L.divIcon({ className: "pin", html: text, iconSize: [30, 30] });
}

function marker({ number, title, url, lat, lon }) {
  const link = Object.assign(document.createElement("a"), { href: url, textContent: title });
  return L.marker([lat, lon], { icon: icon(String(number)), title: `${number}. ${title}` }).bindPopup(link);
}

function pick(box, map) {
  const [lat, lon] = ["lat", "lon"].map((name) => box.querySelector(`input[name=${name}]`));
  const middle = box.querySelector("[data-pick-middle]");
  let pin;
  const put = (at) => {
    pin ??= L.marker(at, { icon: icon(""), keyboard: false, interactive: false }).addTo(map);
    pin.setLatLng(at);
  };
  const choose = (at) => {
    put(at);
    lat.value = at.lat.toFixed(6);
    lon.value = at.lng.toFixed(6);
    lat.dispatchEvent(new Event("change", { bubbles: true })); // so that what saves the form while typing sees it
    say(box, box.dataset.picked);
  };
  if (lat.value && lon.value) put(L.latLng(Number(lat.value), Number(lon.value)));
  map.on("click", (event) => choose(event.latlng));
  middle.hidden = false;
  middle.addEventListener("click", () => choose(map.getCenter()));
}
