/** State of the page, kept in its address: back, forward and bookmarks work. */

const LISTS = ["truth", "predicted", "tags", "tray", "liked", "other", "nodes", "hidden", "path"];
const NUMBER_LISTS = new Set(["tray", "liked", "other", "nodes", "hidden", "path"]);

export const DEFAULTS = Object.freeze({
  view: "map", layout: "map", x: "dark", y: "face", colour: "", size: "", q: "",
  truth: [], predicted: [], wrong: false, from: "", to: "", tags: [], numbers: {}, lasso: [],
  cover: null, camera: [0.5, 0.5, 1], tray: [], liked: [], other: [],
  nodes: [], hidden: [], path: [], mix: [70, 30, 0, 0], links: 8, least: 20, depth: 1,
});

/** Filters, which "Clear filters" resets. */
export const FILTERS = ["q", "truth", "predicted", "wrong", "from", "to", "tags", "numbers", "lasso"];

const join = (numbers) => numbers.join(".");
const split = (text) => (text ? text.split(".").map(Number).filter(Number.isFinite) : []);

function encode(state) {
  const found = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (JSON.stringify(value) === JSON.stringify(DEFAULTS[key])) continue;
    if (key === "camera") found.set(key, value.map((each) => each.toPrecision(5)).join("_"));
    else if (key === "lasso") found.set(key, value.map((each) => Math.round(each * 1e4)).join("."));
    else if (key === "numbers") {
      for (const [name, [from, to]] of Object.entries(value)) found.set(`n:${name}`, `${from}_${to}`);
    } else if (NUMBER_LISTS.has(key) || key === "mix") found.set(key, join(value));
    else if (LISTS.includes(key)) for (const each of value) found.append(key, each);
    else found.set(key, value === true ? "1" : value);
  }
  return found.toString();
}

function decode(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = structuredClone(DEFAULTS);
  for (const [key, text] of given) {
    if (key.startsWith("n:")) {
      state.numbers[key.slice(2)] = text.split("_").slice(0, 2);
    } else if (!(key in DEFAULTS)) continue;
    else if (key === "camera") {
      const camera = text.split("_").map(Number);
      if (camera.length === 3 && camera.every(Number.isFinite) && camera[2] > 0) state.camera = camera;
    } else if (key === "lasso") state.lasso = split(text).map((each) => each / 1e4);
    else if (key === "mix") {
      const mix = split(text);
      if (mix.length === 4) state.mix = mix.map((each) => Math.min(100, Math.max(0, each)));
    } else if (NUMBER_LISTS.has(key)) state[key] = split(text);
    else if (LISTS.includes(key)) state[key] = given.getAll(key);
    else if (typeof DEFAULTS[key] === "number") state[key] = Number(text) || DEFAULTS[key];
    else if (key === "cover") state.cover = /^\d+$/.test(text) ? Number(text) : null;
    else state[key] = typeof DEFAULTS[key] === "boolean" ? text === "1" : text;
  }
  return state;
}

export class State {
  constructor() {
    this.now = decode(location.hash);
    this.listeners = [];
    addEventListener("popstate", () => this.replace(decode(location.hash)));
  }

  /** Call a function with the state and the names of what changed, now and after each change. */
  subscribe(listener) {
    this.listeners.push(listener);
    listener(this.now, new Set(Object.keys(DEFAULTS)));
  }

  /**
   * Change the state.
   * @param {object} patch New values.
   * @param {boolean} push True for a step that "back" undoes; false for such as panning.
   */
  set(patch, push = true) {
    const hash = `#${encode({ ...this.now, ...patch })}`;
    if (hash !== (location.hash || "#")) history[push ? "pushState" : "replaceState"](null, "", hash);
    this.replace({ ...this.now, ...patch });
  }

  replace(next) {
    const changed = new Set(
      Object.keys(DEFAULTS).filter((key) => JSON.stringify(next[key]) !== JSON.stringify(this.now[key])),
    );
    this.now = next;
    if (changed.size) for (const listener of this.listeners) listener(next, changed);
  }
}
