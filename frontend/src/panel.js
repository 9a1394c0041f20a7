/** Panel of one cover: picture, tags, votes, places, nearest covers, lists. */

import { h, fill } from "./dom.js";
import { css, genreColour } from "./colours.js";
import { isWrong } from "./filters.js";

const NEAREST = 12;
const TAGS = 14;
export const TRAY = 5;

export class Panel {
  constructor(data, state, thumbs, similar) {
    Object.assign(this, { data, state, thumbs, similar });
    this.element = h("section.panel", { "aria-label": "Cover", "aria-live": "polite" });
    this.places = "";
  }

  update(state) {
    const row = state.cover === null ? undefined : this.data.rows.get(state.cover);
    if (row !== this.row) this.places = "";
    this.row = row;
    if (row === undefined) {
      const text = state.cover === null ? "Choose a cover to see its tags, votes and nearest covers." : "The cover of this address is not among these covers.";
      fill(this.element, h("p.quiet", {}, text));
      return;
    }
    fill(this.element, this.heading(row), this.buttons(row, state), this.votes(row), this.tags(row), this.numbers(row), this.nearest(row));
  }

  heading(row) {
    const { data } = this;
    const extra = data.texts.copies[row] ?? [];
    const facts = [data.year[row] || null, data.genre(data.truth[row])].filter(Boolean).join(" · ");
    return h("header", {}, this.picture(row), h("h2", {}, data.title(row)), h("p.artist", {}, data.artist(row)),
      facts ? h("p.quiet", {}, facts) : null,
      extra.length ? h("details.quiet", {}, h("summary", {}, `${extra.length} near-identical cover${extra.length > 1 ? "s" : ""}`),
        h("ul", {}, extra.map(([artist, title]) => h("li", {}, `${data.texts.artists[artist][1]}: ${title}`)))) : null);
  }

  picture(row) {
    const { data } = this;
    const server = !data.page && data.hasPicture[row];
    const frame = h("div.cover", {}, this.thumbs.make(row, 320));
    if (!data.hasPicture[row]) {
      return h("div", {}, frame, h("p.quiet", {}, "There is no picture of this cover here; the colour is its mean, or estimated from its tags."));
    }
    if (!server) return frame;
    const image = h("img", { alt: `Cover of ${data.title(row)}` });
    image.addEventListener("load", () => frame.replaceChildren(image));
    if (!data.hasFile[row]) {
      image.src = data.picture(row, "large");
      return frame;
    }
    const choice = h("select", { "aria-label": "Places on the cover" }, h("option", { value: "" }, "Cover as it is"));
    const places = [...data.votes(row).slice(0, 3).map(([genre]) => [genre, `Places for ${genre}`]),
      ...data.tags(row).slice(0, 8).map(([label]) => [`tag:${label}`, `Places of “${label}”`])];
    choice.append(...places.map(([value, text]) => h("option", { value }, text)));
    const status = h("p.quiet", { role: "status" });
    const show = (of) => {
      status.textContent = of ? "Computing the map…" : "";
      image.src = of ? `covers/${data.number[row]}/places?of=${encodeURIComponent(of)}` : data.picture(row, "large");
    };
    image.addEventListener("load", () => (status.textContent = choice.value ? "Red places speak for it, blue ones against it." : ""));
    image.addEventListener("error", () => (status.textContent = choice.value ? "There is no map of this on this cover." : ""));
    choice.addEventListener("change", () => show(choice.value));
    show("");
    return h("div", {}, frame, choice, status);
  }

  buttons(row, state) {
    const number = this.data.number[row];
    const toggle = (list, text, most = Infinity) => {
      const inside = state[list].includes(number);
      const full = !inside && state[list].length >= most;
      return h("button", {
        type: "button", "aria-pressed": String(inside), disabled: full, title: full ? `It holds ${most} covers` : "",
        onclick: () => this.toggle(list, number),
      }, text);
    };
    const graph = h("button", { type: "button", onclick: () => this.openGraph(row) }, "Graph from here");
    return h("div.buttons", {}, graph, toggle("liked", "Like"), toggle("other", "Not for me"), toggle("tray", "Tray", TRAY));
  }

  toggle(list, number) {
    const now = this.state.now;
    const patch = { [list]: now[list].includes(number) ? now[list].filter((each) => each !== number) : [...now[list], number] };
    const opposite = { liked: "other", other: "liked" }[list];
    if (opposite) patch[opposite] = now[opposite].filter((each) => each !== number);
    this.state.set(patch);
  }

  votes(row) {
    const votes = this.data.votes(row);
    if (!votes.length) return h("p.quiet", {}, "There is no vote on this cover.");
    const { data } = this;
    const wrong = isWrong(data, row);
    const unknown = data.truth[row] !== 255 && !data.meta.voted.includes(data.truth[row]);
    const none = data.none[row] === 255 ? null : data.none[row] / 254;
    return h("section", {}, h("h3", {}, "Votes on this cover"),
      h("dl.bars", {}, votes.map(([genre, share]) => [
        h("dt", {}, genre), h("dd", {}, this.bar(share, genreColour(data.meta.genres.indexOf(genre))), h("span", {}, share.toFixed(2))),
      ]).flat()),
      h("p.quiet", {}, [wrong ? `The given genre is ${data.genre(data.truth[row])}: the vote is wrong.` : null,
        unknown ? `The model does not know the given genre, ${data.genre(data.truth[row])}.` : null,
        none === null ? null : `None of these genres: ${none.toFixed(2)}.`].filter(Boolean).join(" ")));
  }

  /** Bar whose width is set by a property, which the policy of the page allows. */
  bar(share, colour) {
    const inner = h("i");
    inner.style.width = `${(100 * share).toFixed(1)}%`;
    inner.style.background = css(colour);
    return h("b", { "aria-hidden": "true" }, inner);
  }

  tags(row) {
    const tags = this.data.tags(row).slice(0, TAGS);
    return h("section", {}, h("h3", {}, "Tags"),
      h("ul.chips", {}, tags.map(([label, weight]) => h("li", {}, h("button", {
        type: "button", title: `Show covers with this tag (weight ${weight.toFixed(2)})`,
        "aria-pressed": String(this.state.now.tags.includes(label)),
        onclick: () => {
          const { tags: chosen } = this.state.now;
          this.state.set({ tags: chosen.includes(label) ? chosen.filter((each) => each !== label) : [...chosen, label] });
        },
      }, label)))));
  }

  numbers(row) {
    const filled = this.data.columns.filter(({ values }) => !Number.isNaN(values[row]));
    if (!filled.length) return null;
    return h("section", {}, h("h3", {}, "Numbers"),
      h("dl.facts", {}, filled.map(({ name, values }) => [h("dt", {}, name), h("dd", {}, values[row].toLocaleString("en"))]).flat()));
  }

  nearest(row) {
    const found = this.similar.nearest(row, this.state.now.mix, NEAREST);
    return h("section", {}, h("h3", {}, "Nearest covers"),
      h("ul.nearest", {}, found.map(([other]) => h("li", {}, h("button", {
        type: "button", title: this.similar.reasons(row, other).join("; "),
        onclick: () => this.state.set({ cover: this.data.number[other] }),
      }, this.thumbs.make(other), h("span", {}, this.data.name(other)))))));
  }
}
