/** Tray of up to five covers, and the lists of liked and other covers. */

import { h, fill, download } from "./dom.js";
import { cell } from "./walk.js";

export class Tray {
  constructor(data, state, thumbs) {
    Object.assign(this, { data, state, thumbs });
    this.covers = h("ul.tray-covers", { "aria-label": "Tray of chosen covers" });
    this.lists = h("div.buttons");
    this.message = h("p.quiet", { role: "status" });
    this.element = h("section.tray", { "aria-label": "Tray and lists" }, this.covers, this.lists, this.message);
  }

  update(state) {
    const { data } = this;
    const rows = state.tray.map((number) => data.rows.get(number)).filter((row) => row !== undefined);
    fill(this.covers, rows.map((row) => h("li", {}, h("button", {
      type: "button", title: data.name(row), "aria-label": data.name(row), onclick: () => this.state.set({ cover: data.number[row] }),
    }, this.thumbs.make(row, 44)))));
    const [liked, other] = [state.liked.length, state.other.length];
    fill(this.lists, liked || other ? [h("span.quiet", {}, `${liked} liked, ${other} not`),
      h("button", { type: "button", onclick: () => this.save() }, data.page ? "Export lists" : "Save lists")] : []);
    this.element.hidden = !rows.length && !liked && !other;
    if (this.element.hidden) this.message.textContent = "";
  }

  async save() {
    const { data } = this;
    const { liked, other } = this.state.now;
    if (data.page) {
      download("liked.csv", this.table(liked), "text/csv");
      download("other.csv", this.table(other), "text/csv");
      this.message.textContent = "Then: spotitags like liked.csv other.csv";
      return;
    }
    const token = document.querySelector("meta[name=post-token]").content;
    const response = await fetch("lists", {
      method: "POST", headers: { "Content-Type": "application/json", "X-SpotiTags-Token": token },
      body: JSON.stringify({ liked, other }),
    });
    const text = await response.text();
    if (!response.ok) this.message.textContent = text;
    else {
      const { command } = JSON.parse(text);
      this.message.textContent = command ? `Saved. To learn this taste: ${command}` : "Saved. Both lists need covers before a taste can be learnt.";
    }
  }

  table(numbers) {
    const { data } = this;
    const rows = numbers.map((number) => data.rows.get(number)).filter((row) => row !== undefined).map((row) => {
      const [id, name] = data.texts.artists[data.texts.artist[row]];
      return [id, name, data.texts.album[row], data.title(row)];
    });
    return [["artist_id", "artist_name", "album_id", "album_name"], ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
  }
}
