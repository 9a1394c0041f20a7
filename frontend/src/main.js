/** Start of the page: loads the data, and joins map, graph, list, panel and filters by one state. */

import "./app.css";
import { Controls } from "./controls.js";
import { Data } from "./data.js";
import { fill, h } from "./dom.js";
import { shownCovers } from "./filters.js";
import { GraphView } from "./graph.js";
import { positionsOf } from "./layouts.js";
import { CoverList } from "./list.js";
import { MapView } from "./map.js";
import { Panel } from "./panel.js";
import { Similar } from "./similar.js";
import { DEFAULTS, FILTERS, State } from "./state.js";
import { Thumbs } from "./thumb.js";
import { Tray } from "./tray.js";

const VIEWS = [["map", "Map"], ["graph", "Graph"], ["list", "List"]];
const whole = (number) => number.toLocaleString("en");

async function start() {
  const app = document.getElementById("app");
  const status = h("p.status", { role: "status" }, "Loading…");
  fill(app, status);
  const data = await Data.load();
  const state = new State();
  const thumbs = new Thumbs(data);
  document.title = `${data.meta.name} · Explore covers`;

  const hoverName = h("span");
  const tip = h("div.tip", { hidden: true, "aria-hidden": "true" }, hoverName);
  const frame = h("div.view");
  const map = openMap(data, state, frame, tip, hoverName);
  const controls = new Controls(data, state, { lasso: () => toggleLasso() });
  const tabs = h("nav.tabs", { "aria-label": "View" }, VIEWS.map(([view, text]) =>
    h("button", { type: "button", onclick: () => state.set({ view }), "data-view": view }, text)));
  const filterToggle = h("button.filter-toggle", { type: "button", "aria-expanded": "false", onclick: () => {
    const open = document.body.classList.toggle("filters-open");
    filterToggle.setAttribute("aria-expanded", String(open));
  } }, "Filters");
  const side = h("div.side");
  const dialog = h("aside.right", {});
  fill(app, h("header.top", {}, h("h1", {}, data.meta.name), controls.search, tabs, filterToggle, status),
    h("div.body", {}, side, h("main", {}, frame, tip), dialog));
  side.append(controls.element);

  const noFilters = (now) => FILTERS.every((key) => JSON.stringify(now[key]) === JSON.stringify(DEFAULTS[key]));
  const everything = new Uint8Array(data.count).fill(1);
  let [views, shown, rows] = [null, everything, null];

  function toggleLasso() {
    map.lassoing = !map.lassoing;
    controls.lasso.setAttribute("aria-pressed", String(map.lassoing));
    map.canvas.classList.toggle("lassoing", map.lassoing);
    if (map.lassoing && state.now.view !== "map") state.set({ view: "map" });
    document.body.classList.remove("filters-open");
  }
  if (map) {
    map.onLasso = (path) => {
      toggleLasso();
      state.set({ lasso: simplified(path) });
    };
  }

  function update(now, changed) {
    const places = map?.places ?? null;
    const filtered = [...FILTERS, "layout", "x", "y"].some((key) => changed.has(key)) || rows === null;
    if (views && filtered) {
      const at = ["layout", "x", "y"].some((key) => changed.has(key)) || !places ? positionsOf(data, now) : places;
      shown = noFilters(now) ? everything : shownCovers(data, now, at);
      rows = [];
      for (let row = 0; row < data.count; row++) if (shown[row]) rows.push(row);
    }
    map?.update(now, changed, shown);
    const count = views ? rows.length : data.count;
    const inGraph = now.nodes.filter((number) => data.rows.has(number)).length;
    status.textContent = now.view === "graph" ? `${whole(inGraph)} of ${whole(data.count)} in the graph` : `${whole(count)} of ${whole(data.count)} shown`;
    status.title = data.meta.copies ? `${whole(data.meta.copies)} near-identical covers are shown with another one` : "";
    document.body.dataset.view = now.view;
    document.body.classList.toggle("has-cover", now.cover !== null);
    for (const tab of tabs.children) tab.setAttribute("aria-current", tab.dataset.view === now.view ? "page" : "false");
    controls.update(now, count, data.count);
    if (!views) return;
    views.list.update(now, changed, rows);
    views.panel.update(now);
    views.tray.update(now);
    views.graph.update(now);
    const wanted = { map: map?.element, graph: views.graph.element }[now.view] ?? views.list.element;
    if (frame.firstChild !== wanted) frame.replaceChildren(wanted); // what stays in place keeps the focus
    if (now.view === "graph") views.graph.sigma?.refresh();
    if (changed.has("cover") && map && now.view === "map" && map.chosen !== null && !map.moving && changed.size < 5) map.show(map.chosen);
  }

  state.subscribe(update);
  loadSheets(data, thumbs, map);
  await data.loadDetails();
  const similar = new Similar(data);
  const panel = new Panel(data, state, thumbs, similar);
  const graph = new GraphView(data, state, thumbs, similar);
  panel.openGraph = (row) => graph.open(row);
  const beside = new CoverList(data, state, thumbs);
  const list = new CoverList(data, state, thumbs);
  const lists = { element: list.element, update: (...values) => [list, beside].forEach((each) => each.update(...values)) };
  const tray = new Tray(data, state, thumbs);
  const close = h("button.close", { type: "button", "aria-label": "Close the cover", onclick: () => state.set({ cover: null }) }, "×");
  fill(dialog, close, panel.element, tray.element, h("details.beside", { open: innerWidth > 900 }, h("summary", {}, "Covers as a list"), beside.element));
  controls.build();
  views = { panel, graph, tray, list: lists };
  rows = null;
  update(state.now, new Set(Object.keys(DEFAULTS)));
  addEventListener("resize", () => map?.resize());
  window.explored = { data, state, map, graph, similar };
  document.documentElement.dataset.ready = "yes";
}

function openMap(data, state, frame, tip, name) {
  try {
    const map = new MapView(data, state, {
      onHover: (row, x, y) => {
        tip.hidden = row === null;
        map.canvas.classList.toggle("over", row !== null);
        document.documentElement.dataset.hovered = row === null ? "" : String(data.number[row]);
        if (row === null) return;
        name.textContent = data.texts ? data.name(row) : "";
        tip.style.transform = `translate(${Math.round(Math.min(x + 14, map.element.clientWidth - 220))}px, ${Math.round(y + 14)}px)`;
      },
    });
    frame.append(map.element);
    return map;
  } catch (error) {
    frame.append(h("p.warning", {}, `The map cannot be drawn: ${error.message}. The list has all covers.`));
    return null;
  }
}

/** Load the sheets of pictures one after the other; the map shows mean colours until then. */
async function loadSheets(data, thumbs, map) {
  for (let number = 0; number < data.meta.sheets; number++) {
    const image = await data.sheet(number);
    thumbs.sheets.push(image);
    map?.renderer.addSheet(image);
    map?.redraw();
    if (number === 0) document.documentElement.dataset.pictures = String(Math.round(performance.now()));
  }
  document.documentElement.dataset.sheets = "all";
}

/** At most sixty points of a polygon. */
function simplified(path) {
  const step = Math.max(1, Math.ceil(path.length / 2 / 60));
  return path.filter((_, place) => Math.floor(place / 2) % step === 0).map((value) => Math.round(value * 1e4) / 1e4);
}

start().catch((error) => {
  document.getElementById("app").textContent = `The page cannot be shown: ${error.message}`;
});
