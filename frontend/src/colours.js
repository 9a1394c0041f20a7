/** Colours of genres that people with any colour vision tell apart (Okabe and Ito), and of right and wrong. */

import { isKnown } from "./filters.js";

const PALETTE = [
  [0, 114, 178], [230, 159, 0], [0, 158, 115], [204, 121, 167], [213, 94, 0], [86, 180, 233], [240, 228, 66],
  [150, 150, 150], [110, 60, 160], [130, 90, 40], [60, 60, 60], [180, 220, 160],
];
const RIGHT = [0, 158, 115];
const WRONG = [213, 94, 0];
const UNKNOWN = [120, 120, 120];

export const genreColour = (id) => (id === 255 ? UNKNOWN : PALETTE[id % PALETTE.length]);
export const css = ([red, green, blue]) => `rgb(${red} ${green} ${blue})`;

/** Colour of the frame of a cover; null for none. */
export function frameColour(data, state, row) {
  if (state.colour === "truth") return genreColour(data.truth[row]);
  if (state.colour === "predicted") return genreColour(data.predicted[row]);
  if (state.colour === "right") {
    if (!isKnown(data, row)) return UNKNOWN;
    return data.truth[row] === data.predicted[row] ? RIGHT : WRONG;
  }
  return null;
}

/** Names and colours of the legend. */
export function legend(data, state) {
  if (state.colour === "right") return [["prediction is right", RIGHT], ["wrong", WRONG], ["unknown", UNKNOWN]];
  if (!state.colour) return [];
  const column = state.colour === "truth" ? data.truth : data.predicted;
  const used = [...new Set(column)].sort((a, b) => a - b);
  return used.map((id) => [data.genre(id) ?? "unknown", genreColour(id)]);
}
