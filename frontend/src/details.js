/** Pictures of more pixels for the covers that are seen large, loaded when they come into view. */

import { DETAIL_SLOTS } from "./renderer.js";

const FROM = 1.15; // times the side of a cover on the sheets
const AT_ONCE = 6;

export class Details {
  constructor(data, renderer, redraw) {
    this.data = data;
    this.renderer = renderer;
    this.redraw = redraw;
    this.slots = new Map(); // row → slot, the longest unused first
    this.free = Array.from({ length: DETAIL_SLOTS }, (_, slot) => slot);
    this.wanted = [];
    this.loading = 0;
    this.failed = new Set();
    this.drawn = new Map(); // row → order of drawing
    this.key = "";
  }

  /** Choose again with the next frame. */
  forget() {
    this.key = "";
  }

  /** Choose the covers in view, if they are seen large. */
  choose(view, size) {
    const { data, renderer } = this;
    const rows = [];
    if (data.drawsPictures && size > FROM * data.meta.side) {
      const [left, top] = view.toMap(-size, -size);
      const [right, bottom] = view.toMap(view.canvas.width + size, view.canvas.height + size);
      view.grid.within(left, top, right, bottom, (row) => {
        const [x, y] = [view.places[2 * row], view.places[2 * row + 1]];
        if (view.shown[row] && data.hasPicture[row] && x > left && x < right && y > top && y < bottom) rows.push(row);
      });
      rows.sort((a, b) => a - b);
      rows.length = Math.min(rows.length, DETAIL_SLOTS);
    }
    const ready = rows.filter((row) => this.slots.has(row));
    for (const row of ready) {
      const slot = this.slots.get(row);
      this.slots.delete(row);
      this.slots.set(row, slot);
    }
    const key = ready.join();
    if (key !== this.key) {
      this.key = key;
      this.drawn = new Map(ready.map((row, order) => [row, order]));
      renderer.choose(renderer.detail, ready, ready.map((row) => this.slots.get(row)));
    }
    this.inView = new Set(rows);
    this.wanted = rows.filter((row) => !this.slots.has(row) && !this.failed.has(row));
    this.load();
  }

  load() {
    while (this.loading < AT_ONCE && this.wanted.length) {
      const row = this.wanted.shift();
      this.loading++;
      this.fetch(row)
        .catch(() => this.failed.add(row))
        .finally(() => {
          this.loading--;
          this.redraw();
        });
    }
  }

  async fetch(row) {
    const response = await fetch(this.data.picture(row));
    if (!response.ok) throw new Error(response.statusText);
    const image = await createImageBitmap(await response.blob());
    if (this.slots.has(row)) return;
    const oldest = [...this.slots.keys()].find((each) => !this.inView.has(each));
    const slot = this.free.pop() ?? this.slots.get(oldest);
    if (slot === undefined) return;
    if (oldest !== undefined && !this.free.length && this.slots.get(oldest) === slot) this.slots.delete(oldest);
    this.renderer.addDetail(slot, image);
    this.slots.set(row, slot);
  }
}
