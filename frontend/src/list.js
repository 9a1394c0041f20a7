/** List of the covers that are shown, for keyboards and screen readers, and for reading titles. */

import { h, fill } from "./dom.js";

const PART = 60;

export class CoverList {
  constructor(data, state, thumbs) {
    Object.assign(this, { data, state, thumbs });
    this.items = h("ol.covers", { "aria-label": "Covers that are shown" });
    this.more = h("button", { type: "button", onclick: () => this.add() }, "More");
    this.element = h("section.list", { "aria-label": "List of covers" }, this.items, this.more);
  }

  update(state, changed, rows) {
    if (rows !== this.rows) {
      this.rows = rows;
      this.count = 0;
      fill(this.items);
      this.add();
    }
    for (const button of this.items.querySelectorAll("button")) {
      button.setAttribute("aria-current", String(Number(button.dataset.number) === state.cover));
    }
  }

  add() {
    const part = this.rows.slice(this.count, this.count + PART);
    this.items.append(...part.map((row) => this.item(row)));
    this.count += part.length;
    this.more.hidden = this.count >= this.rows.length;
    this.more.textContent = `More (${(this.rows.length - this.count).toLocaleString("en")} left)`;
  }

  item(row) {
    const { data } = this;
    const facts = [data.genre(data.truth[row]), data.year[row] || null].filter(Boolean).join(" · ");
    return h("li", {}, h("button", {
      type: "button", onclick: () => this.state.set({ cover: data.number[row] }), "data-number": data.number[row],
    }, this.thumbs.make(row), h("span", {}, h("strong", {}, data.title(row)), h("span", {}, data.artist(row)), h("small", {}, facts))));
  }
}
