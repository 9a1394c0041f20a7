/** Map of covers: pan, zoom, hover, choose, lasso, names of regions; also by keyboard. */

import { Renderer } from "./renderer.js";
import { Details } from "./details.js";
import { Grid, positionsOf } from "./layouts.js";
import { frameColour } from "./colours.js";
import { regions } from "./regions.js";
import { h, debounce, reducedMotion } from "./dom.js";
import { pointers } from "./pointers.js";

const MARGIN = 0.92; // of the canvas that the map takes at first
const SMALLEST = 3; // px of a cover on the screen
const LARGEST = 150;
const SQUARE = 230; // px of a named region
const LABELS = 18;

export class MapView {
  constructor(data, state, { onHover }) {
    this.data = data;
    this.state = state;
    this.onHover = onHover;
    this.canvas = h("canvas.map", {
      tabIndex: 0, role: "application",
      "aria-label": "Map of covers. Arrow keys choose the next cover, plus and minus zoom, Escape clears the choice. The list of covers has the same covers.",
    });
    this.overlay = h("canvas.overlay", { "aria-hidden": "true" });
    this.element = h("div.map-frame", {}, this.canvas, this.overlay);
    this.renderer = new Renderer(this.canvas, data);
    this.details = new Details(data, this.renderer, () => this.redraw());
    this.frame = 0;
    this.hovered = null;
    this.script = []; // milliseconds of script of the latest frames
    this.lassoing = false;
    this.drawn = [];
    this.ratio = devicePixelRatio || 1;
    this.camera = { x: 0.5, y: 0.5, zoom: 1, stretch: 1 };
    this.saveCamera = debounce(250, () => {
      const { x, y, zoom } = this.camera;
      this.state.set({ camera: [x, y, zoom] }, false);
    });
    this.relabel = debounce(120, () => this.nameRegions());
    pointers(this);
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.resize()).observe(this.element);
    document.addEventListener("visibilitychange", () => this.redraw());
  }

  /** Take a new state. */
  update(state, changed, shown) {
    const { data, renderer } = this;
    if (changed.has("layout") || changed.has("x") || changed.has("y")) {
      this.places = positionsOf(data, state);
      this.grid = new Grid(this.places);
      renderer.setPlaces(this.places);
    }
    this.shown = shown;
    renderer.setShown(shown);
    if (changed.has("colour")) {
      renderer.setFrames((frames) => {
        for (let row = 0; row < data.count; row++) {
          const colour = frameColour(data, state, row);
          frames.set(colour ? [...colour, 255] : [0, 0, 0, 0], 4 * row);
        }
      });
    }
    if (changed.has("size") && data.columns) renderer.setScales((scales) => this.sizes(scales, state.size));
    if (changed.has("camera") && !this.moving) {
      const [x, y, zoom] = state.camera;
      Object.assign(this.camera, { x, y, zoom });
    }
    this.chosen = state.cover === null ? null : data.rows.get(state.cover) ?? null;
    this.lasso = state.lasso;
    this.details.forget();
    this.top();
    this.resize();
    this.relabel();
  }

  /** Sizes by the rank of a number; covers without it are smallest. */
  sizes(scales, name) {
    const column = this.data.columns.find((each) => each.name === name);
    if (!column) {
      scales.fill(1);
      return;
    }
    const order = [...column.values.keys()].filter((row) => column.values[row] === column.values[row]);
    order.sort((a, b) => column.values[a] - column.values[b]);
    scales.fill(0.45);
    order.forEach((row, rank) => (scales[row] = 0.55 + 1.25 * (rank / order.length) ** 3));
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    this.ratio = devicePixelRatio || 1;
    for (const canvas of [this.canvas, this.overlay]) {
      const [w, t] = [Math.round(width * this.ratio), Math.round(height * this.ratio)];
      if (canvas.width !== w || canvas.height !== t) Object.assign(canvas, { width: w, height: t });
    }
    this.redraw();
    this.relabel();
  }

  /** Size of a cover in device pixels. */
  get size() {
    const { width, height } = this.canvas;
    const room = Math.sqrt((width * height) / Math.max(this.data.count, 1));
    const size = Math.max(room, SMALLEST * this.ratio) * this.camera.zoom ** 0.8;
    return Math.min(LARGEST * this.ratio, size, Math.min(width, height) / 3);
  }

  redraw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.paint());
  }

  paint() {
    this.frame = 0;
    if (!this.places || !this.canvas.width) return;
    const begin = performance.now();
    const { camera, canvas } = this;
    camera.stretch = Math.min(canvas.width, canvas.height) * MARGIN * camera.zoom;
    const size = this.size;
    this.details.choose(this, size);
    this.drawCalls = this.renderer.draw(camera, size);
    this.paintOverlay(size);
    this.script.push(performance.now() - begin);
    if (this.script.length > 300) this.script.shift();
    document.documentElement.dataset.frames = String(Number(document.documentElement.dataset.frames ?? 0) + 1);
  }

  toScreen(x, y) {
    const { camera, canvas } = this;
    return [(x - camera.x) * camera.stretch + canvas.width / 2, (y - camera.y) * camera.stretch + canvas.height / 2];
  }

  toMap(px, py) {
    const { camera, canvas } = this;
    return [(px - canvas.width / 2) / camera.stretch + camera.x, (py - canvas.height / 2) / camera.stretch + camera.y];
  }

  /** Cover at a point in device pixels: the one that is drawn on top; null for none. */
  coverAt(px, py) {
    const [x, y] = this.toMap(px, py);
    const { stretch } = this.camera;
    const scales = this.renderer.scales;
    const reach = (this.size * 1.8) / 2 / stretch;
    let found = null;
    const half = this.size / 2 / stretch;
    this.grid.within(x - reach, y - reach, x + reach, y + reach, (row) => {
      if (!this.shown[row]) return;
      const side = half * scales[row];
      const inside = Math.abs(this.places[2 * row] - x) <= side && Math.abs(this.places[2 * row + 1] - y) <= side;
      if (inside && (found === null || this.order(row) > this.order(found))) found = row;
    });
    return found;
  }

  /** Order of drawing: detailed pictures are above all others. */
  order(row) {
    return this.details.drawn.has(row) ? this.data.count + this.details.drawn.get(row) : row;
  }

  hover(row, px, py) {
    if (row !== this.hovered) {
      this.hovered = row;
      this.top();
      this.redraw();
    }
    this.onHover(row, px / this.ratio, py / this.ratio);
  }

  /** Draw the chosen and the hovered cover above all others. */
  top() {
    const rows = [...new Set([this.chosen, this.hovered])].filter((row) => row !== null && row !== undefined);
    if (this.places) this.renderer.choose(this.renderer.top, rows, rows.map((row) => this.renderer.slot(row)), [255, 221, 0, 255]);
  }

  pan(dx, dy) {
    this.camera.x -= dx / this.camera.stretch;
    this.camera.y -= dy / this.camera.stretch;
    this.moved();
  }

  zoomAt(factor, px, py) {
    const [x, y] = this.toMap(px, py);
    const { camera } = this;
    const zoom = Math.min(200, Math.max(0.5, camera.zoom * factor));
    const real = zoom / camera.zoom;
    camera.zoom = zoom;
    camera.x = x + (camera.x - x) / real;
    camera.y = y + (camera.y - y) / real;
    this.moved();
  }

  moved() {
    this.redraw();
    this.saveCamera();
    this.relabel();
  }

  /** Bring a cover to the middle, near enough to be recognised. */
  show(row) {
    const { camera } = this;
    const [x, y] = [this.places[2 * row], this.places[2 * row + 1]];
    const [px, py] = this.toScreen(x, y);
    const { width, height } = this.canvas;
    if (px > 40 && py > 40 && px < width - 40 && py < height - 40) return;
    Object.assign(camera, { x, y });
    this.moved();
  }

  choose(row) {
    this.state.set({ cover: row === null ? null : this.data.number[row] });
  }

  key(event) {
    const { width, height } = this.canvas;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in steps) this.chooseNext(...steps[event.key]);
    else if (event.key === "+" || event.key === "=") this.zoomAt(1.4, width / 2, height / 2);
    else if (event.key === "-") this.zoomAt(1 / 1.4, width / 2, height / 2);
    else if (event.key === "0") this.state.set({ camera: [0.5, 0.5, 1] });
    else if (event.key === "Escape") this.choose(null);
    else return;
    event.preventDefault();
  }

  /** Choose the nearest cover in a direction; without a chosen one, that nearest to the middle. */
  chooseNext(dx, dy) {
    const { places } = this;
    const from = this.chosen;
    const [x, y] = from === null ? [this.camera.x, this.camera.y] : [places[2 * from], places[2 * from + 1]];
    let [best, least] = [null, Infinity];
    for (let row = 0; row < this.data.count; row++) {
      if (!this.shown[row] || row === from) continue;
      const [ox, oy] = [places[2 * row] - x, places[2 * row + 1] - y];
      const along = ox * dx + oy * dy;
      const across = Math.abs(ox * dy) + Math.abs(oy * dx);
      if (from !== null && along <= 0) continue;
      const cost = from === null ? Math.hypot(ox, oy) : along + 2.5 * across;
      if (cost < least) [best, least] = [row, cost];
    }
    if (best !== null) {
      this.choose(best);
      this.show(best);
    }
  }

  /** Name the regions at this zoom. */
  nameRegions() {
    if (!this.places || !this.data.tag) return;
    this.drawn = [];
    if (this.state.now.layout !== "tags") {
      const level = Math.min(256, 2 ** Math.max(1, Math.round(Math.log2(this.camera.stretch / (SQUARE * this.ratio)))));
      if (this.named !== this.shown || this.level !== level || this.namedPlaces !== this.places) {
        this.regions = regions(this.data, this.places, this.shown, level);
        [this.named, this.level, this.namedPlaces] = [this.shown, level, this.places];
      }
      this.drawn = this.regions;
    }
    this.redraw();
  }

  paintOverlay(size) {
    const context = this.overlay.getContext("2d");
    const { width, height } = this.overlay;
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(this.element);
    const [ink, ground] = [style.getPropertyValue("--ink"), style.getPropertyValue("--ground")];
    Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round", strokeStyle: ground, fillStyle: ink });
    const text = (label, x, y, px) => {
      context.font = `600 ${px * this.ratio}px system-ui, sans-serif`;
      context.lineWidth = 4 * this.ratio;
      context.strokeText(label, x, y);
      context.fillText(label, x, y);
    };
    const taken = [];
    for (const region of this.drawn) {
      const [x, y] = this.toScreen(region.x, region.y);
      if (x < 0 || y < 0 || x > width || y > height || taken.length >= LABELS) continue;
      const half = 4.2 * region.label.length * this.ratio;
      if (taken.some(([a, b, c]) => Math.abs(a - x) < half + c && Math.abs(b - y) < 22 * this.ratio)) continue;
      taken.push([x, y, half]);
      text(region.label, x, y, 14);
    }
    if (this.state.now.layout === "tags") {
      const { x, y } = this.state.now;
      const [right, bottom] = this.toScreen(0.55, 1.03);
      text(`${x} →`, Math.min(right, width - 90), Math.min(bottom, height - 16 * this.ratio), 15);
      const [left, middle] = this.toScreen(-0.02, 0.4);
      text(`↑ ${y}`, Math.max(left, 60 * this.ratio), middle, 15);
    }
    const lasso = this.path ?? this.lasso ?? [];
    if (lasso.length >= 4) {
      context.beginPath();
      for (let place = 0; place < lasso.length; place += 2) context.lineTo(...this.toScreen(lasso[place], lasso[place + 1]));
      context.closePath();
      Object.assign(context, { lineWidth: 2 * this.ratio, strokeStyle: style.getPropertyValue("--hue") });
      context.setLineDash([6 * this.ratio, 4 * this.ratio]);
      context.stroke();
      context.setLineDash([]);
    }
    this.animated = !reducedMotion();
  }
}
