/** Names of regions: the tag that tells the covers of a square of the map from all others. */

import { NO_TAG } from "./data.js";

const TAGS = 12; // of a cover
const LEAST = 4; // covers of a square
const PRIOR = 300; // covers that the prior counts for
const SURE = 2.2; // standard deviations of the log-odds

/**
 * Name the squares of a grid.
 * @param {number} level Squares along each side.
 * @returns {{x: number, y: number, label: string, count: number}[]} Most covers first.
 */
export function regions(data, positions, shown, level) {
  const most = data.meta.max_tags;
  const squares = new Map();
  const all = new Map();
  let total = 0;
  for (let row = 0; row < data.count; row++) {
    if (!shown[row]) continue;
    const x = Math.floor(positions[2 * row] * level);
    const y = Math.floor(positions[2 * row + 1] * level);
    const key = x * 4096 + y;
    let square = squares.get(key);
    if (!square) squares.set(key, (square = { rows: [], tags: new Map() }));
    square.rows.push(row);
    total++;
    for (let place = row * most; place < row * most + TAGS && data.tag[place] !== NO_TAG; place++) {
      const id = data.tag[place];
      square.tags.set(id, (square.tags.get(id) ?? 0) + 1);
      all.set(id, (all.get(id) ?? 0) + 1);
    }
  }
  const found = [];
  for (const { rows, tags } of squares.values()) {
    if (rows.length < LEAST) continue;
    const best = distinctive(tags, rows.length, all, total);
    if (best === null) continue;
    const carriers = rows.filter((row) => carries(data, row, best));
    const mean = (axis) => carriers.reduce((sum, row) => sum + positions[2 * row + axis], 0) / carriers.length;
    found.push({ x: mean(0), y: mean(1), label: data.meta.tags[best], count: rows.length });
  }
  return found.sort((a, b) => b.count - a.count);
}

function carries(data, row, id) {
  const start = row * data.meta.max_tags;
  return data.tag.subarray(start, start + TAGS).includes(id);
}

/**
 * The tag with the highest log-odds against the other covers, in standard deviations, with a prior of the
 * frequency among all (Monroe, Colaresi and Quinn, "Fightin' Words", 2008); null if none is sure.
 */
function distinctive(tags, covers, all, total) {
  let [best, highest] = [null, SURE];
  for (const [id, count] of tags) {
    if (count < 2 || count < covers / 5) continue;
    const everywhere = all.get(id);
    const prior = (PRIOR * everywhere) / total;
    const [inside, outside] = [count + prior, everywhere - count + prior];
    const logOdds =
      Math.log(inside / (covers + PRIOR - inside)) - Math.log(outside / (total - covers + PRIOR - outside || 1));
    const score = logOdds / Math.sqrt(1 / inside + 1 / outside);
    if (score > highest) [best, highest] = [id, score];
  }
  return best;
}
