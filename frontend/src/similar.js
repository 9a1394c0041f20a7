/** Similarity of covers by picture, tags, colours and artist, mixed as the user says; and ways between covers. */

export const KINDS = ["picture", "tags", "colours", "same artist"];
const CANDIDATES = 24;

export class Similar {
  constructor(data) {
    this.data = data;
    this.artists = new Map();
    data.texts.artist.forEach((artist, row) => {
      if (!this.artists.has(artist)) this.artists.set(artist, []);
      this.artists.get(artist).push(row);
    });
    this.linked = Array.from({ length: data.count }, () => []);
    for (let row = 0; row < data.count; row++) {
      for (const other of this.near(row)) this.linked[other].push(row);
    }
    for (let place = 0; place < data.bridges.length; place += 2) {
      const [a, b] = data.bridges.subarray(place, place + 2);
      this.linked[a].push(b);
      this.linked[b].push(a);
    }
    this.lengths = new Float32Array(data.count);
    for (let row = 0; row < data.count; row++) {
      this.lengths[row] = Math.sqrt(data.tags(row).reduce((sum, [, weight]) => sum + weight, 0)) || 1;
    }
  }

  /** Nearest covers by picture, nearest first. */
  near(row) {
    const { near } = this.data.meta;
    return this.data.near.subarray(row * near, (row + 1) * near);
  }

  /** Similarity by picture in [0, 1]: exact for the nearest, else by the first principal components. */
  picture(a, b) {
    const { data } = this;
    const { near, compact } = data.meta;
    const place = this.near(a).indexOf(b);
    if (place >= 0) return data.similarity[a * near + place] / 255;
    const last = near ? data.similarity[a * near + near - 1] / 255 : 1;
    let dot = 0;
    for (let axis = 0; axis < compact; axis++) dot += data.compact[a * compact + axis] * data.compact[b * compact + axis];
    return Math.max(0, Math.min(last, dot / (127 * 127)));
  }

  /** Labels of both covers, the weightiest first, with the smaller weight. */
  sharedTags(a, b) {
    const weights = new Map(this.data.tags(b).map(([label, weight]) => [label, weight]));
    return this.data.tags(a)
      .filter(([label]) => weights.has(label))
      .map(([label, weight]) => [label, Math.min(weight, weights.get(label))])
      .sort((x, y) => y[1] - x[1]);
  }

  /** Similarity by tags in [0, 1]: the cosine of the square roots of their weights. */
  tags(a, b) {
    const { data } = this;
    const most = data.meta.max_tags;
    const weights = this.weights(a);
    let dot = 0;
    for (let place = b * most; place < (b + 1) * most && data.tag[place] !== 65535; place++) {
      dot += Math.sqrt((weights.get(data.tag[place]) ?? 0) * data.weight[place]) / 255;
    }
    return Math.min(1, dot / (this.lengths[a] * this.lengths[b]));
  }

  /** Weight by tag of a cover; that of the latest cover is kept, for one is compared with many. */
  weights(row) {
    const { data, latest } = this;
    if (latest?.row === row) return latest.weights;
    const most = data.meta.max_tags;
    const weights = new Map();
    for (let place = row * most; place < (row + 1) * most && data.tag[place] !== 65535; place++) {
      weights.set(data.tag[place], data.weight[place]);
    }
    this.latest = { row, weights };
    return weights;
  }

  /** Similarity by mean colour in [0, 1]. */
  colours(a, b) {
    const { colour } = this.data;
    const [red, green, blue] = [0, 1, 2].map((part) => colour[3 * a + part] - colour[3 * b + part]);
    const brightness = (colour[3 * a] + colour[3 * b]) / 512; // weights that follow the eye ("redmean")
    const distance = Math.sqrt((2 + brightness) * red ** 2 + 4 * green ** 2 + (3 - brightness) * blue ** 2);
    return Math.max(0, 1 - distance / 400);
  }

  sameArtist(a, b) {
    return this.data.texts.artist[a] === this.data.texts.artist[b] ? 1 : 0;
  }

  /** Weighted mean of the four similarities. */
  mixed(a, b, mix) {
    const total = mix.reduce((sum, weight) => sum + weight, 0) || 1;
    const parts = [this.picture, this.tags, this.colours, this.sameArtist];
    return parts.reduce((sum, part, kind) => sum + (mix[kind] ? mix[kind] * part.call(this, a, b) : 0), 0) / total;
  }

  /** Most similar covers: [row, similarity], most similar first. */
  nearest(row, mix, count, least = 0, without = new Set()) {
    const found = new Set([...this.near(row), ...this.linked[row]]);
    if (mix[1] || mix[2]) {
      const best = (part) => {
        const all = Array.from({ length: this.data.count }, (_, other) => [part.call(this, row, other), other]);
        return all.sort((x, y) => y[0] - x[0]).slice(0, CANDIDATES).map(([, other]) => other);
      };
      if (mix[1]) best(this.tags).forEach((other) => found.add(other));
      if (mix[2]) best(this.colours).forEach((other) => found.add(other));
    }
    if (mix[3]) this.artists.get(this.data.texts.artist[row]).forEach((other) => found.add(other));
    found.delete(row);
    return [...found]
      .filter((other) => !without.has(other))
      .map((other) => [other, this.mixed(row, other, mix)])
      .filter(([, similarity]) => similarity >= least)
      .sort((x, y) => y[1] - x[1])
      .slice(0, count);
  }

  /** Reasons why two covers are alike, as words. */
  reasons(a, b) {
    const found = [`picture ${this.picture(a, b).toFixed(2)}`];
    const shared = this.sharedTags(a, b).slice(0, 4).map(([label]) => label);
    if (shared.length) found.push(`both: ${shared.join(", ")}`);
    if (this.colours(a, b) > 0.8) found.push("similar colours");
    if (this.sameArtist(a, b)) found.push("same artist");
    return found;
  }

  /**
   * Way from one cover to another over the nearest covers of each, with the least sum of differences.
   * @returns {number[]} Rows from first to last; empty if there is none.
   */
  path(from, to, mix, without = new Set()) {
    const cost = new Float64Array(this.data.count).fill(Infinity);
    const before = new Int32Array(this.data.count).fill(-1);
    const heap = new Heap();
    cost[from] = 0;
    heap.push(0, from);
    while (heap.size) {
      const [spent, row] = heap.pop();
      if (row === to) break;
      if (spent > cost[row]) continue;
      const step = (other) => {
        if (without.has(other)) return;
        const next = spent + 0.02 + (1 - this.mixed(row, other, mix)) ** 2;
        if (next < cost[other]) {
          cost[other] = next;
          before[other] = row;
          heap.push(next, other);
        }
      };
      this.near(row).forEach(step);
      this.linked[row].forEach(step);
      if (mix[3]) this.artists.get(this.data.texts.artist[row]).forEach((other) => other !== row && step(other));
    }
    if (cost[to] === Infinity) return [];
    const way = [to];
    while (way[0] !== from) way.unshift(before[way[0]]);
    return way;
  }
}

/** Binary heap of numbers with costs. */
class Heap {
  items = [];

  get size() {
    return this.items.length;
  }

  push(cost, value) {
    const { items } = this;
    let place = items.push([cost, value]) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (items[parent][0] <= items[place][0]) break;
      [items[parent], items[place]] = [items[place], items[parent]];
      place = parent;
    }
  }

  pop() {
    const { items } = this;
    const top = items[0];
    const last = items.pop();
    if (items.length) {
      items[0] = last;
      for (let place = 0; ; ) {
        const [left, right] = [2 * place + 1, 2 * place + 2];
        let least = place;
        if (left < items.length && items[left][0] < items[least][0]) least = left;
        if (right < items.length && items[right][0] < items[least][0]) least = right;
        if (least === place) break;
        [items[least], items[place]] = [items[place], items[least]];
        place = least;
      }
    }
    return top;
  }
}
