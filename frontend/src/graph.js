/** Graph of similar covers: grows from one cover, under the user's control. */

import Graph from "graphology";
import forceAtlas2 from "graphology-layout-forceatlas2";
import Sigma from "sigma";
import { GraphSheet, squareProgram } from "./square.js";
import { h, fill, download } from "./dom.js";
import { around, graphml, links, linksTable, loadedWalk, savedWalk } from "./walk.js";
import { KINDS } from "./similar.js";
import { css, genreColour } from "./colours.js";

const SIZE = 17;

export class GraphView {
  constructor(data, state, thumbs, similar) {
    Object.assign(this, { data, state, thumbs, similar });
    this.graph = new Graph({ type: "undirected" });
    this.pinned = new Set();
    this.undone = [];
    this.stage = h("div.stage", { tabIndex: -1, role: "img", "aria-label": "Graph of similar covers; the list below has its covers and links" });
    this.message = h("p.quiet", { role: "status" });
    this.controls = h("form.graph-controls", { "aria-label": "Graph", onsubmit: (event) => event.preventDefault() });
    this.listing = h("ol.links", { "aria-label": "Covers of the graph" });
    this.element = h("section.graph", { "aria-label": "Graph" }, this.controls, this.stage,
      h("details.graph-list", {}, h("summary", {}, "Covers and links as a list"), this.listing));
    this.build();
  }

  build() {
    const { state } = this;
    const button = (text, action, title = "") => h("button", { type: "button", onclick: action, title }, text);
    this.sliders = KINDS.map((kind, place) => this.slider(kind, 0, 100, (now) => now.mix[place], (value, now) => ({ mix: now.mix.map((each, other) => (other === place ? value : each)) })));
    this.sliders.push(
      this.slider("covers a step", 2, 24, (now) => now.links, (value) => ({ links: value })),
      this.slider("depth", 1, 3, (now) => now.depth, (value) => ({ depth: value })),
      this.slider("least similarity", 0, 100, (now) => now.least, (value) => ({ least: value })));
    this.file = h("input", { type: "file", accept: ".json,application/json", hidden: true, "aria-label": "Saved walk", onchange: () => this.load() });
    this.buttons = {
      expand: button("Expand", () => this.expand(), "Add the covers nearest to the chosen one"),
      hide: button("Hide", () => this.hide(), "Leave the chosen cover out"),
      pin: button("Pin", () => this.pin(), "Keep the chosen cover in its place"),
      from: button("Path from here", () => this.setStart()),
      to: button("Path to here", () => this.findPath()),
      undo: button("Undo", () => this.undo()),
    };
    fill(this.controls, h("div.buttons", {}, Object.values(this.buttons)),
      h("details", {}, h("summary", {}, "Similarity"), h("div.sliders", {}, this.sliders.map((each) => each.element))),
      h("details", {}, h("summary", {}, "Save and export"), h("div.buttons", {},
        button("Save walk", () => download("walk.json", savedWalk(this.data, state.now), "application/json")),
        button("Load walk", () => this.file.click()),
        button("GraphML", () => download("graph.graphml", graphml(this.data, this.rows, this.edges), "application/xml")),
        button("CSV", () => download("links.csv", linksTable(this.data, this.similar, this.edges), "text/csv")),
        button("PNG", () => this.png()), this.file)),
      this.message);
  }

  slider(label, low, high, read, patch) {
    const output = h("output");
    const input = h("input", {
      type: "range", min: low, max: high, "aria-label": label,
      oninput: () => (output.textContent = input.value),
      onchange: () => this.state.set(patch(Number(input.value), this.state.now)),
    });
    return {
      element: h("label.slider", {}, h("span", {}, label), input, output),
      show: (now) => {
        input.value = read(now);
        output.textContent = String(read(now));
      },
    };
  }

  /** Begin a graph at a cover. */
  open(row) {
    this.remember();
    const rows = around(this.similar, row, this.state.now, new Set());
    this.pinned.clear();
    this.state.set({ view: "graph", cover: this.data.number[row], nodes: this.numbers(rows), hidden: [], path: [] });
  }

  numbers(rows) {
    return rows.map((row) => this.data.number[row]);
  }

  toRows(numbers) {
    return numbers.map((number) => this.data.rows.get(number)).filter((row) => row !== undefined);
  }

  /** Row of the chosen cover if it is in the graph; says so if there is none. */
  chosenRow() {
    const row = this.data.rows.get(this.state.now.cover);
    if (row !== undefined && this.graph.hasNode(row)) return row;
    this.message.textContent = "Choose a cover of the graph first.";
    return undefined;
  }

  remember() {
    const { nodes, hidden, path } = this.state.now;
    if (nodes.length) this.undone.push({ nodes, hidden, path });
  }

  change(patch) {
    this.remember();
    this.state.set(patch);
  }

  expand(row = this.chosenRow()) {
    if (row === undefined) return;
    const { nodes, hidden } = this.state.now;
    const without = new Set([...this.toRows(hidden), ...this.toRows(nodes)]);
    without.delete(row);
    const added = around(this.similar, row, this.state.now, without, 1).filter((each) => !this.graph.hasNode(each));
    if (!added.length) {
      this.message.textContent = "No further cover is that similar: lower the least similarity.";
      return;
    }
    this.change({ nodes: [...nodes, ...this.numbers(added)] });
    this.message.textContent = `${added.length} covers added.`;
  }

  hide() {
    const row = this.chosenRow();
    if (row === undefined) return;
    const number = this.data.number[row];
    const { nodes, hidden, path } = this.state.now;
    this.change({ nodes: nodes.filter((each) => each !== number), hidden: [...hidden, number], path: path.filter((each) => each !== number), cover: null });
  }

  pin() {
    const row = this.chosenRow();
    if (row === undefined) return;
    if (!this.pinned.delete(row)) this.pinned.add(row);
    this.update(this.state.now);
  }

  undo() {
    const last = this.undone.pop();
    if (last) this.state.set(last);
    this.message.textContent = last ? "" : "There is nothing to undo.";
  }

  setStart() {
    const row = this.data.rows.get(this.state.now.cover);
    if (row === undefined) {
      this.message.textContent = "Choose a cover first.";
      return;
    }
    this.start = row;
    this.message.textContent = `Path from ${this.data.name(row)}: choose the other end, by search, map or graph, then “Path to here”.`;
    this.update(this.state.now);
  }

  findPath() {
    const to = this.data.rows.get(this.state.now.cover);
    if (this.start === undefined || to === undefined || to === this.start) {
      this.message.textContent = "Choose a cover and “Path from here”; then another and “Path to here”.";
      return;
    }
    const { hidden, mix, nodes } = this.state.now;
    const way = this.similar.path(this.start, to, mix, new Set(this.toRows(hidden)));
    if (!way.length) {
      this.message.textContent = "There is no path that leaves out the hidden covers.";
      return;
    }
    const path = this.numbers(way);
    this.change({ view: "graph", nodes: [...new Set([...nodes, ...path])], path });
    this.message.textContent = `Path of ${way.length} covers, ${way.length - 1} steps.`;
  }

  async load() {
    const [file] = this.file.files;
    this.file.value = "";
    if (!file) return;
    try {
      const { state, missing } = loadedWalk(this.data, await file.text());
      this.change(state);
      this.message.textContent = missing ? `${missing} of its covers are not among these.` : "Walk loaded.";
    } catch (error) {
      this.message.textContent = error.message;
    }
  }

  update(state) {
    this.sliders.forEach((each) => each.show(state));
    this.rows = this.toRows(state.nodes);
    this.edges = links(this.similar, this.rows, state, this.toRows(state.path));
    this.buttons.undo.disabled = !this.undone.length;
    if (state.view !== "graph") return;
    if (!this.rows.length) this.message.textContent = "Choose a cover, then “Graph from here”.";
    this.draw(state);
    this.describe();
  }

  /** Bring nodes and links up to date; covers that were there stay near their places. */
  draw(state) {
    const { graph } = this;
    const shape = `${this.rows}|${this.edges.map(({ a, b }) => `${a}-${b}`)}`;
    const chosen = this.data.rows.get(state.cover);
    const wanted = new Set(this.rows.map(String));
    for (const node of graph.nodes()) if (!wanted.has(node)) graph.dropNode(node);
    const path = new Set(this.toRows(state.path));
    this.rows.forEach((row, place) => {
      if (!graph.hasNode(row)) graph.addNode(row, this.firstPlace(row, place));
      const frame = row === chosen ? "#ffdd00" : path.has(row) ? "#e69f00" : css(genreColour(this.data.truth[row]));
      graph.mergeNodeAttributes(row, {
        size: row === chosen ? SIZE * 1.25 : SIZE, color: toHex(frame), slot: this.slot(row), fixed: this.pinned.has(row), label: null,
      });
    });
    graph.clearEdges();
    for (const { a, b, similarity, way } of this.edges) {
      graph.addEdge(a, b, { weight: similarity, size: way ? 5 : 0.5 + 2.5 * similarity, color: way ? "#e69f00" : "#8a949e" });
    }
    if (shape !== this.shape) this.arrange();
    this.shape = shape;
    if (!this.sigma) this.show();
    this.sigma.setCustomBBox(this.room());
    this.sigma.refresh();
  }

  /** Room for all covers with their sizes, and never so little that few covers get huge. */
  room() {
    const ranges = ["x", "y"].map((axis) => {
      const values = this.graph.mapNodes((_, node) => node[axis]);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const half = Math.max((high - low) / 2 + 2.5 * SIZE, 7 * SIZE);
      return [(low + high) / 2 - half, (low + high) / 2 + half];
    });
    return { x: ranges[0], y: ranges[1] };
  }

  /** Place of a new cover: beside one that it is linked to. */
  firstPlace(row, place) {
    const known = this.edges.find(({ a, b }) => (a === row && this.graph.hasNode(b)) || (b === row && this.graph.hasNode(a)));
    const beside = known ? this.graph.getNodeAttributes(known.a === row ? known.b : known.a) : { x: 0, y: 0 };
    const angle = place * 2.39996; // the golden angle: equal walks give equal graphs
    return { x: beside.x + 30 * Math.cos(angle), y: beside.y + 30 * Math.sin(angle) };
  }

  arrange() {
    if (this.graph.order < 2) return;
    const settings = { ...forceAtlas2.inferSettings(this.graph), gravity: 0.6, scalingRatio: 90, edgeWeightInfluence: 1, strongGravityMode: false };
    forceAtlas2.assign(this.graph, { iterations: 220, settings });
    this.separate();
  }

  /** Push covers apart that overlap, along the axis on which they overlap less; pinned ones stay. */
  separate() {
    const nodes = this.graph.mapNodes((_, node) => node);
    const room = 2.7 * SIZE;
    for (let round = 0, moved = true; moved && round < 200; round++) {
      moved = false;
      for (let i = 0; i < nodes.length; i++) {
        for (let j = 0; j < i; j++) {
          const [a, b] = [nodes[i], nodes[j]];
          const [dx, dy] = [a.x - b.x, a.y - b.y];
          const [overX, overY] = [room - Math.abs(dx), room - Math.abs(dy)];
          if (overX <= 0.01 || overY <= 0.01 || (a.fixed && b.fixed)) continue;
          const [axis, over, away] = overX < overY ? ["x", overX, dx] : ["y", overY, dy];
          const step = (away < 0 ? -over : over) / (a.fixed || b.fixed ? 1 : 2);
          if (!a.fixed) a[axis] += step;
          if (!b.fixed) b[axis] -= step;
          moved = true;
        }
      }
    }
  }

  show() {
    this.sheet ??= new GraphSheet();
    this.sigma = new Sigma(this.graph, this.stage, {
      allowInvalidContainer: true, defaultNodeType: "cover", nodeProgramClasses: { cover: squareProgram(this.sheet) },
      renderLabels: false, enableEdgeEvents: true, minEdgeThickness: 1, zIndex: false, itemSizesReference: "positions", autoRescale: true,
      stagePadding: 40,
    });
    this.sigma.on("clickNode", ({ node }) => this.state.set({ cover: this.data.number[Number(node)] }));
    this.sigma.on("doubleClickNode", ({ node, preventSigmaDefault }) => {
      preventSigmaDefault();
      this.expand(Number(node));
    });
    this.sigma.on("enterNode", ({ node }) => (this.message.textContent = this.data.name(Number(node))));
    this.sigma.on("clickEdge", ({ edge }) => {
      const [a, b] = this.graph.extremities(edge).map(Number);
      this.message.textContent = `${this.data.name(a)} and ${this.data.name(b)}: ${this.similar.reasons(a, b).join("; ")}`;
    });
    let dragged = null;
    this.sigma.on("downNode", ({ node }) => (dragged = node));
    this.sigma.getMouseCaptor().on("mousemovebody", (event) => {
      if (dragged === null) return;
      this.graph.mergeNodeAttributes(dragged, this.sigma.viewportToGraph(event));
      this.pinned.add(Number(dragged));
      event.preventSigmaDefault();
      event.original.preventDefault();
    });
    this.sigma.getMouseCaptor().on("mouseup", () => (dragged = null));
  }

  slot(row) {
    this.sheet ??= new GraphSheet();
    return this.sheet.slot(row, (paint) => {
      const canvas = h("canvas", { width: 128, height: 128 });
      this.thumbs.draw(canvas, row);
      paint(canvas);
      if (!this.data.drawsPictures || !this.data.hasPicture[row]) return;
      const image = new Image();
      image.addEventListener("load", () => {
        paint(image);
        this.sigma?.refresh();
      });
      image.src = this.data.picture(row);
    });
  }

  /** List the covers of the graph with their links, and why they are linked. */
  describe() {
    const { data } = this;
    const cover = (row) => h("button", { type: "button", onclick: () => this.state.set({ cover: data.number[row] }) }, data.name(row));
    fill(this.listing, this.rows.map((row) => {
      const own = this.edges.filter(({ a, b }) => a === row || b === row);
      return h("li", {}, cover(row), h("ul", {}, own.map(({ a, b, similarity, way }) => {
        const other = a === row ? b : a;
        return h("li", {}, cover(other), ` ${similarity.toFixed(2)}${way ? ", on the path" : ""}: ${this.similar.reasons(row, other).join("; ")}`);
      })));
    }));
  }

  png() {
    this.sigma.refresh();
    const layers = Object.values(this.sigma.getCanvases());
    const [first] = layers;
    const canvas = h("canvas", { width: first.width, height: first.height });
    const context = canvas.getContext("2d");
    context.fillStyle = getComputedStyle(this.element).getPropertyValue("--ground");
    context.fillRect(0, 0, canvas.width, canvas.height);
    for (const layer of layers) context.drawImage(layer, 0, 0);
    canvas.toBlob((blob) => download("graph.png", blob), "image/png");
  }
}

/** Colour as sigma reads it. */
function toHex(colour) {
  const parts = /rgb\((\d+) (\d+) (\d+)\)/.exec(colour);
  return parts ? `#${parts.slice(1).map((part) => Number(part).toString(16).padStart(2, "0")).join("")}` : colour;
}
