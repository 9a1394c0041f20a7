/** Filters: which covers are shown. Covers keep their numbers, whatever is filtered. */

/**
 * Mark the covers that pass all filters.
 * @returns {Uint8Array} 1 for each cover that is shown.
 */
export function shownCovers(data, state, positions) {
  const shown = new Uint8Array(data.count).fill(1);
  const keep = (test) => {
    for (let row = 0; row < data.count; row++) if (shown[row] && !test(row)) shown[row] = 0;
  };
  const ids = (names) => new Set(names.map((name) => data.meta.genres.indexOf(name)));
  if (state.truth.length) {
    const wanted = ids(state.truth);
    keep((row) => wanted.has(data.truth[row]));
  }
  if (state.predicted.length) {
    const wanted = ids(state.predicted);
    keep((row) => wanted.has(data.predicted[row]));
  }
  if (state.wrong) keep((row) => isWrong(data, row));
  if (state.from) keep((row) => data.year[row] >= Number(state.from));
  if (state.to) keep((row) => data.year[row] && data.year[row] <= Number(state.to));
  for (const label of state.tags) {
    const column = data.tagRows.has(label) ? data.tagColumn(data.tagRows.get(label)) : null;
    keep((row) => column !== null && column[row] > 0);
  }
  for (const { name, values } of data.columns) {
    const [from, to] = state.numbers[name] ?? ["", ""];
    if (from !== "") keep((row) => values[row] >= Number(from));
    if (to !== "") keep((row) => values[row] <= Number(to));
  }
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length) keep((row) => words.every((word) => data.searched[row].includes(word)));
  if (state.lasso.length >= 6) keep((row) => inPolygon(positions[2 * row], positions[2 * row + 1], state.lasso));
  return shown;
}

/** True if a cover has a prediction, and a given genre that the model could have predicted. */
export function isKnown(data, row) {
  return data.predicted[row] !== 255 && data.meta.voted.includes(data.truth[row]);
}

/** True if the prediction differs from the given genre; false if one of them is unknown. */
export function isWrong(data, row) {
  return isKnown(data, row) && data.truth[row] !== data.predicted[row];
}

/** True if a point is within a polygon [x, y, x, y, …], by the even-odd rule. */
export function inPolygon(x, y, polygon) {
  let inside = false;
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [ax, ay, bx, by] = [polygon[i], polygon[i + 1], polygon[j], polygon[j + 1]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
