/** Controls of the map: search, filters, axes, colours and sizes. */

import { h, fill, debounce } from "./dom.js";
import { css, legend } from "./colours.js";
import { DEFAULTS, FILTERS } from "./state.js";

export class Controls {
  constructor(data, state, { lasso }) {
    this.data = data;
    this.state = state;
    this.ready = false;
    const typed = debounce(150, () => state.set({ q: this.search.value }, false));
    this.search = h("input", { type: "search", placeholder: "Artist, album or tag", "aria-label": "Search artist, album or tag", oninput: typed });
    this.lasso = h("button", { type: "button", "aria-pressed": "false", onclick: lasso }, "Lasso");
    this.clear = h("button", { type: "button", onclick: () => this.clearFilters() }, "Clear filters");
    this.element = h("form.controls", { "aria-label": "Map and filters", onsubmit: (event) => event.preventDefault() });
    this.legend = h("ul.legend", { "aria-label": "Colours of frames" });
  }

  clearFilters() {
    this.state.set(Object.fromEntries(FILTERS.map((key) => [key, structuredClone(DEFAULTS[key])])));
  }

  /** Build the controls, once titles, tags and numbers are there. */
  build() {
    const { data, state } = this;
    const { meta } = data;
    const options = (pairs) => pairs.map(([value, text]) => h("option", { value }, text));
    const select = (key, label, pairs) => {
      const element = h("select", { onchange: () => state.set({ [key]: element.value }) }, options(pairs));
      this.bound.push([key, element]);
      return h("label", {}, label, element);
    };
    this.bound = [];
    const mapName = meta.method === "PCA" ? "Neighbours (as components)" : "Neighbours (t-SNE)";
    const tags = h("datalist", { id: "tags" }, meta.tags.map((label) => h("option", { value: label })));
    const axis = (key, label) => {
      const input = h("input", { type: "text", "aria-label": label, onchange: () => state.set({ [key]: input.value.trim() }) });
      input.setAttribute("list", "tags");
      this.bound.push([key, input]);
      return h("label", {}, label, input);
    };
    this.axes = h("div.pair", {}, axis("x", "Across"), axis("y", "Up"));
    const sizes = [["", "all alike"], ...meta.columns.map((name) => [name, name])];
    this.axesNote = h("p.warning", { role: "status" });
    fill(this.element,
      tags,
      h("fieldset", {}, h("legend", {}, "Map"),
        select("layout", "Places", [["map", mapName], ["pca", "Principal components"], ["tags", "Two tags"]]),
        this.axes, this.axesNote,
        select("colour", "Frames", [["", "none"], ["truth", "genre, as given"], ["predicted", "genre, as predicted"], ["right", "right or wrong"]]),
        this.legend,
        meta.columns.length ? select("size", "Size", sizes) : null,
        h("p.quiet", {}, this.scores())),
      h("fieldset", {}, h("legend", {}, "Filter"),
        this.genres("truth", "Genre, as given"), this.genres("predicted", "Genre, as predicted"),
        this.check("wrong", "Only wrong predictions"), this.years(), this.tagFilter(),
        meta.columns.map((name) => this.range(name)),
        h("div.buttons", {}, this.lasso, this.clear)));
    this.ready = true;
  }

  scores() {
    const { kept_by_map: map, kept_by_pca: pca } = this.data.meta;
    const percent = (share) => `${Math.round(100 * share)}%`;
    return `Of the 15 nearest covers, ${percent(map)} are also nearest on the map of neighbours, ${percent(pca)} on that of components.`;
  }

  genres(key, label) {
    const { data, state } = this;
    const used = [...new Set(data[key])].filter((id) => id !== 255).sort((a, b) => a - b).map((id) => data.meta.genres[id]);
    if (!used.length) return null;
    const boxes = used.map((genre) => {
      const box = h("input", {
        type: "checkbox", value: genre,
        onchange: () => state.set({ [key]: boxes.map(([each]) => each).filter((each) => each.checked).map((each) => each.value) }),
      });
      return [box, h("label.check", {}, box, genre)];
    });
    this.bound.push([key, boxes.map(([box]) => box)]);
    return h("details", { open: state.now[key].length > 0 }, h("summary", {}, label), h("div.checks", {}, boxes.map(([, each]) => each)));
  }

  check(key, label) {
    const box = h("input", { type: "checkbox", onchange: () => this.state.set({ [key]: box.checked }) });
    this.bound.push([key, box]);
    return h("label.check", {}, box, label);
  }

  years() {
    const years = this.data.year.filter(Boolean);
    if (!years.length) return null;
    const [low, high] = [years.reduce((a, b) => Math.min(a, b)), years.reduce((a, b) => Math.max(a, b))];
    const input = (key, text, placeholder) => {
      const element = h("input", { type: "number", placeholder, "aria-label": text, onchange: () => this.state.set({ [key]: element.value }) });
      this.bound.push([key, element]);
      return element;
    };
    return h("div.range", { role: "group", "aria-label": "Year" }, h("span", {}, "Year"), input("from", "From year", low), input("to", "To year", high));
  }

  range(name) {
    const set = () => {
      const numbers = { ...this.state.now.numbers };
      delete numbers[name];
      if (from.value !== "" || to.value !== "") numbers[name] = [from.value, to.value];
      this.state.set({ numbers });
    };
    const [from, to] = ["least", "most"].map((text) =>
      h("input", { type: "number", step: "any", placeholder: text, "aria-label": `${name}, ${text}`, onchange: set }));
    this.bound.push([`n:${name}`, [from, to]]);
    return h("div.range", { role: "group", "aria-label": name }, h("span", { title: name }, name), from, to);
  }

  tagFilter() {
    this.chosen = h("ul.chips", { "aria-label": "Chosen tags" });
    const input = h("input", {
      type: "text", placeholder: "Add a tag", "aria-label": "Show only covers with a tag",
      onchange: () => {
        const label = input.value.trim().toLowerCase();
        if (this.data.tagRows.has(label) && !this.state.now.tags.includes(label)) this.state.set({ tags: [...this.state.now.tags, label] });
        input.setCustomValidity(this.data.tagRows.has(label) || !label ? "" : "No cover has this tag: choose one of the list");
        if (input.reportValidity()) input.value = "";
      },
    });
    input.setAttribute("list", "tags");
    return h("div", {}, input, this.chosen);
  }

  update(state, shown, total) {
    if (document.activeElement !== this.search) this.search.value = state.q;
    if (!this.ready) return;
    for (const [key, element] of this.bound) {
      if (key.startsWith("n:")) {
        const values = state.numbers[key.slice(2)] ?? ["", ""];
        element.forEach((input, place) => (input.value = values[place]));
      } else if (Array.isArray(element)) element.forEach((box) => (box.checked = state[key].includes(box.value)));
      else if (element.type === "checkbox") element.checked = state[key];
      else element.value = state[key];
    }
    this.axes.hidden = state.layout !== "tags";
    const unknown = [state.x, state.y].filter((label) => !this.data.tagRows.has(label));
    this.axesNote.textContent = state.layout === "tags" && unknown.length ? `No cover has the tag “${unknown.join("” or “")}”.` : "";
    fill(this.legend, legend(this.data, state).map(([name, colour]) => {
      const mark = h("i", { "aria-hidden": "true" });
      mark.style.background = css(colour);
      return h("li", {}, mark, name);
    }));
    fill(this.chosen, state.tags.map((label) => h("li", {}, h("button", {
      type: "button", "aria-label": `Remove tag ${label}`, onclick: () => this.state.set({ tags: state.tags.filter((each) => each !== label) }),
    }, `${label} ×`))));
    this.clear.disabled = shown === total;
  }
}
