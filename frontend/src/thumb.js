/** Small picture of a cover as an element: a file, a part of a sheet, or its mean colour. */

import { h } from "./dom.js";

export class Thumbs {
  constructor(data) {
    this.data = data;
    this.sheets = [];
  }

  /** Element with the cover; decorative, for its name stands beside it. */
  make(row, side = 64) {
    const { data } = this;
    const address = data.picture(row);
    if (address) return h("img.thumb", { src: address, alt: "", width: side, height: side, loading: "lazy" });
    const canvas = h("canvas.thumb", { width: data.meta.side, height: data.meta.side, "aria-hidden": "true" });
    this.draw(canvas, row);
    return canvas;
  }

  /** Draw a cover from its sheet into a canvas. */
  draw(canvas, row) {
    const { side, page } = this.data.meta;
    const columns = page / side;
    const sheet = this.sheets[Math.floor(row / columns ** 2)];
    const place = row % columns ** 2;
    const context = canvas.getContext("2d");
    const [red, green, blue] = this.data.colour.subarray(3 * row, 3 * row + 3);
    context.fillStyle = `rgb(${red} ${green} ${blue})`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (sheet && this.data.hasPicture[row]) {
      const [x, y] = [(place % columns) * side, Math.floor(place / columns) * side];
      context.drawImage(sheet, x, y, side, side, 0, 0, canvas.width, canvas.height);
    }
  }
}
