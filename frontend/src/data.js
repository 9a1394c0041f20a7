/** Data of the page: from the local server, or from within a page that opens offline. */

const TYPES = { f4: Float32Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array, i1: Int8Array };
export const NONE = 255;
export const NO_TAG = 65535;

/** Bytes of base64 text. */
function bytes(text) {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer;
}

function sections(buffer, table) {
  return Object.fromEntries(
    Object.entries(table).map(([name, [type, place, length]]) => [name, new TYPES[type](buffer, place, length)]),
  );
}

async function fetched(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
  return response;
}

/** Files within the page, if it is one that opens offline. */
function inPage() {
  const element = document.getElementById("data");
  return element ? JSON.parse(element.textContent) : null;
}

export class Data {
  /** Load what the first picture needs. */
  static async load() {
    const data = new Data();
    const page = inPage();
    data.page = page;
    data.meta = page ? page["meta.json"] : await (await fetched("meta.json")).json();
    const points = page ? bytes(page["points.bin"]) : await (await fetched("points.bin")).arrayBuffer();
    Object.assign(data, sections(points, data.meta["points.bin"]));
    data.count = data.meta.count;
    data.rows = new Map([...data.number].map((number, row) => [number, row]));
    return data;
  }

  /** Load what filters, the panel and the graph need. */
  async loadDetails() {
    const { page, meta } = this;
    const details = page ? bytes(page["details.bin"]) : await (await fetched("details.bin")).arrayBuffer();
    Object.assign(this, sections(details, meta["details.bin"]));
    this.texts = page ? page["texts.json"] : await (await fetched("texts.json")).json();
    this.searched = Array.from({ length: this.count }, (_, row) => this.searchText(row));
    this.columns = meta.columns.map((name, place) => ({
      name, values: this.numbers.subarray(place * this.count, (place + 1) * this.count),
    }));
    this.tagRows = new Map(meta.tags.map((label, id) => [label, id]));
    return this;
  }

  /** Image of one sheet of pictures. */
  async sheet(number) {
    const blob = this.page
      ? new Blob([bytes(this.page.sheets[number])], { type: "image/webp" })
      : await (await fetched(`atlas-${number}.webp`)).blob();
    return createImageBitmap(blob, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  }

  /** Address of a picture of a cover; null where there is none. */
  picture(row, kind = "small") {
    if (!this.hasPicture[row]) return null;
    if (!this.page) return `covers/${this.number[row]}/${kind}`;
    return this.page.covers ? `${this.page.covers}/${this.number[row]}.webp` : null;
  }

  /** True if pictures can be drawn with WebGL: files that a page opens offline cannot. */
  get drawsPictures() {
    return !this.page;
  }

  artist(row) {
    return this.texts.artists[this.texts.artist[row]][1];
  }

  title(row) {
    return this.texts.title[row];
  }

  name(row) {
    return `${this.artist(row)}: ${this.title(row)}`;
  }

  genre(id) {
    return id === NONE ? null : this.meta.genres[id];
  }

  /** Labels and weights of a cover's tags, heaviest first. */
  tags(row) {
    const most = this.meta.max_tags;
    const found = [];
    for (let place = row * most; place < (row + 1) * most && this.tag[place] !== NO_TAG; place++) {
      found.push([this.meta.tags[this.tag[place]], this.weight[place] / 255, this.tag[place]]);
    }
    return found;
  }

  /** Weight of one tag on each cover. */
  tagColumn(id) {
    const most = this.meta.max_tags;
    const column = new Float32Array(this.count);
    for (let place = 0; place < this.tag.length; place++) {
      if (this.tag[place] === id) column[Math.floor(place / most)] = this.weight[place] / 255;
    }
    return column;
  }

  /** Share of each genre in the votes on a cover, largest first. */
  votes(row) {
    const { genres } = this.meta;
    return genres
      .map((genre, place) => [genre, this.share[row * genres.length + place] / 255])
      .filter(([, share]) => share > 0)
      .sort((a, b) => b[1] - a[1]);
  }

  searchText(row) {
    const tags = this.tags(row).slice(0, 12).map(([label]) => label);
    return [this.artist(row), this.title(row), ...tags].join(" \u0001 ").toLowerCase();
  }
}
