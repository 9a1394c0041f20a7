/** Places of covers in [0, 1]²: neighbours, principal components, or two tags. */

/** Return places by the state: a Float32Array [x, y, x, y, …]. */
export function positionsOf(data, state) {
  if (state.layout === "tags" && data.tagRows) return tagPositions(data, state.x, state.y);
  return scaled(state.layout === "pca" ? data.pca : data.map);
}

/** Scale places so that all but the outermost hundredth on each side fill the square. */
function scaled(raw) {
  const count = raw.length / 2;
  const placed = new Float32Array(raw.length);
  const ranges = [0, 1].map((axis) => {
    const sorted = Float32Array.from({ length: count }, (_, row) => raw[2 * row + axis]).sort();
    const low = sorted[Math.floor((count - 1) * 0.01)];
    const high = sorted[Math.ceil((count - 1) * 0.99)];
    return [low, high];
  });
  const span = Math.max(...ranges.map(([low, high]) => high - low)) || 1;
  for (let row = 0; row < count; row++) {
    for (const axis of [0, 1]) {
      const [low, high] = ranges[axis];
      placed[2 * row + axis] = 0.5 + (raw[2 * row + axis] - (low + high) / 2) / span;
    }
  }
  return placed;
}

/** Place covers by the rank of their weights of two tags; those without a tag are spread beside the axis. */
function tagPositions(data, first, second) {
  const placed = new Float32Array(2 * data.count);
  [first, second].forEach((label, axis) => {
    const id = data.tagRows.get(label);
    const column = id === undefined ? new Float32Array(data.count) : data.tagColumn(id);
    const carriers = [...column.keys()].filter((row) => column[row]).sort((a, b) => column[a] - column[b]);
    const ranks = new Map(carriers.map((row, rank) => [row, (rank + 1) / carriers.length]));
    for (let row = 0; row < data.count; row++) {
      const value = ranks.has(row) ? 0.14 + 0.83 * ranks.get(row) : 0.1 * noise(row * 2 + axis);
      placed[2 * row + axis] = axis ? 1 - value : value;
    }
  });
  return placed;
}

/** Number in [0, 1) that depends on an integer only. */
function noise(seed) {
  let value = Math.imul(seed + 1, 0x9e3779b1);
  value = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
  return ((value ^ (value >>> 13)) >>> 0) / 2 ** 32;
}

/** Grid over places, which finds the covers near a point. */
export class Grid {
  constructor(positions) {
    this.positions = positions;
    const count = positions.length / 2;
    this.side = Math.max(1, Math.ceil(Math.sqrt(count / 4)));
    const cells = this.side * this.side;
    this.starts = new Uint32Array(cells + 1);
    const cell = new Uint32Array(count);
    for (let row = 0; row < count; row++) {
      cell[row] = this.cell(positions[2 * row]) + this.side * this.cell(positions[2 * row + 1]);
      this.starts[cell[row] + 1]++;
    }
    for (let each = 0; each < cells; each++) this.starts[each + 1] += this.starts[each];
    this.rows = new Uint32Array(count);
    const next = this.starts.slice();
    for (let row = 0; row < count; row++) this.rows[next[cell[row]]++] = row;
  }

  cell(value) {
    return Math.min(this.side - 1, Math.max(0, Math.floor(value * this.side)));
  }

  /** Call a function with each cover in a rectangle; those at its edge may be outside. */
  within(left, top, right, bottom, visit) {
    for (let y = this.cell(top); y <= this.cell(bottom); y++) {
      for (let x = this.cell(left); x <= this.cell(right); x++) {
        const cell = x + this.side * y;
        for (let place = this.starts[cell]; place < this.starts[cell + 1]; place++) visit(this.rows[place]);
      }
    }
  }
}
