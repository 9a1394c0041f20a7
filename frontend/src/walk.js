/** A walk over the graph: its covers, those hidden, and the links between them; steps can be undone. */

const MOST = 240; // covers of a graph: more are not read any more
const FORMAT = "spotitags-walk-1";

/** Links of a graph: each cover with its most similar ones among those shown. */
export function links(similar, rows, state, path = []) {
  const inside = new Set(rows);
  const least = state.least / 100;
  const found = new Map();
  const add = (a, b, similarity, way) => {
    const key = a < b ? `${a}-${b}` : `${b}-${a}`;
    if (!found.has(key)) found.set(key, { a, b, similarity, way: false });
    if (way) found.get(key).way = true;
  };
  for (const row of rows) {
    const others = [];
    for (const other of inside) {
      if (other === row) continue;
      const similarity = similar.mixed(row, other, state.mix);
      if (similarity >= least) others.push([other, similarity]);
    }
    others.sort((x, y) => y[1] - x[1]);
    for (const [other, similarity] of others.slice(0, 3)) add(row, other, similarity, false);
  }
  for (let place = 1; place < path.length; place++) {
    const [a, b] = [path[place - 1], path[place]];
    if (inside.has(a) && inside.has(b)) add(a, b, similar.mixed(a, b, state.mix), true);
  }
  return [...found.values()];
}

/** Rows of a cover and its nearest ones, to a depth. */
export function around(similar, row, state, hidden, depth = state.depth) {
  const found = new Set([row]);
  let last = [row];
  for (let step = 0; step < depth && found.size < MOST; step++) {
    const next = [];
    for (const from of last) {
      for (const [other] of similar.nearest(from, state.mix, state.links, state.least / 100, hidden)) {
        if (!found.has(other) && found.size < MOST) {
          found.add(other);
          next.push(other);
        }
      }
    }
    last = next;
  }
  return [...found];
}

/** Text of a file with a walk. */
export function savedWalk(data, state) {
  const named = (number) => {
    const row = data.rows.get(number);
    return row === undefined ? { number } : { number, artist: data.artist(row), album: data.title(row) };
  };
  const { mix, links: count, least, depth } = state;
  return JSON.stringify({
    format: FORMAT, data: data.meta.name, mix, links: count, least, depth,
    nodes: state.nodes.map(named), hidden: state.hidden.map(named), path: state.path,
  }, null, 1);
}

/**
 * State of a saved walk. Covers are found by artist and album, for numbers may be of other data.
 * @throws {Error} The file is no walk, or has no cover of these data.
 */
export function loadedWalk(data, text) {
  let walk;
  try {
    walk = JSON.parse(text);
  } catch {
    throw new Error("This file is no saved walk.");
  }
  if (walk?.format !== FORMAT || !Array.isArray(walk.nodes)) throw new Error("This file is no saved walk.");
  const byName = new Map(Array.from({ length: data.count }, (_, row) => [data.name(row), data.number[row]]));
  const moved = new Map();
  const find = ({ number, artist, album } = {}) => {
    const found = byName.get(`${artist}: ${album}`);
    if (found !== undefined) moved.set(number, found);
    return found;
  };
  const all = (list) => (Array.isArray(list) ? list : []).map(find).filter((each) => each !== undefined);
  const nodes = all(walk.nodes);
  if (!nodes.length) throw new Error("None of its covers is among these.");
  const within = (value, low, high, usual) => (Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : usual);
  return {
    missing: walk.nodes.length - nodes.length,
    state: {
      view: "graph", nodes, hidden: all(walk.hidden),
      path: (Array.isArray(walk.path) ? walk.path : []).map((each) => moved.get(each)).filter((each) => each !== undefined),
      mix: Array.isArray(walk.mix) && walk.mix.length === 4 ? walk.mix.map((each) => within(each, 0, 100, 50)) : [70, 30, 0, 0],
      links: within(walk.links, 1, 24, 8), least: within(walk.least, 0, 100, 20), depth: within(walk.depth, 1, 3, 1),
    },
  };
}

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g; // not allowed in XML
const xml = (text) =>
  String(text).replace(CONTROL, " ").replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** Graph as GraphML, with titles, genres and similarity. */
export function graphml(data, rows, edges) {
  const keys = [["artist", "node", "string"], ["album", "node", "string"], ["genre", "node", "string"], ["predicted", "node", "string"], ["year", "node", "int"], ["weight", "edge", "double"]];
  const values = (row) => [["artist", data.artist(row)], ["album", data.title(row)], ["genre", data.genre(data.truth[row])],
    ["predicted", data.genre(data.predicted[row])], ["year", data.year[row] || null]];
  const cells = (pairs) => pairs.filter(([, value]) => value !== null).map(([key, value]) => `<data key="${key}">${xml(value)}</data>`).join("");
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
    ...keys.map(([id, of, type]) => `<key id="${id}" for="${of}" attr.name="${id}" attr.type="${type}"/>`),
    '<graph edgedefault="undirected">',
    ...rows.map((row) => `<node id="n${data.number[row]}">${cells(values(row))}</node>`),
    ...edges.map(({ a, b, similarity }) => `<edge source="n${data.number[a]}" target="n${data.number[b]}">${cells([["weight", similarity.toFixed(4)]])}</edge>`),
    "</graph>", "</graphml>", "",
  ].join("\n");
}

/** Cell of a CSV that no spreadsheet runs as a formula. */
export function cell(value) {
  const text = String(value ?? "");
  const safe = /^'*[=+\-@\t\r\n\0＝＋－＠]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Links as CSV, with the reasons. */
export function linksTable(data, similar, edges) {
  const rows = edges.map(({ a, b, similarity }) => [
    data.artist(a), data.title(a), data.artist(b), data.title(b), similarity.toFixed(4), similar.reasons(a, b).join("; "),
  ]);
  return [["artist", "album", "other_artist", "other_album", "similarity", "why"], ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}
