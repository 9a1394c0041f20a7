/** Draws covers as pictures with WebGL2: all of them in one call, those seen large in a second, one in a third. */

const VERTEX = `#version 300 es
in vec2 corner; in vec2 place; in vec4 mean; in vec4 frame; in float slot; in float scale; in float shown;
uniform vec2 centre, stretch, viewport; uniform float size, columns, perSheet, sheets, grow;
out vec3 uvw; out vec2 at; out vec4 meanColour, frameColour; out float pixels; flat out float loaded;
void main() {
  float side = size * scale * grow;
  vec2 pixel = (place - centre) * stretch + viewport * 0.5 + (corner - 0.5) * side;
  gl_Position = shown > 0.5 ? vec4(pixel / viewport * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  float sheet = floor(slot / perSheet), within = slot - sheet * perSheet;
  vec2 cell = vec2(mod(within, columns), floor(within / columns));
  uvw = vec3((cell + corner * 0.98 + 0.01) / columns, sheet);
  at = corner; meanColour = mean; frameColour = frame; pixels = side; loaded = sheet < sheets ? 1.0 : 0.0;
}`;
const FRAGMENT = `#version 300 es
precision mediump float; precision mediump sampler2DArray;
in vec3 uvw; in vec2 at; in vec4 meanColour, frameColour; in float pixels; flat in float loaded;
uniform sampler2DArray pictures; out vec4 colour;
void main() {
  vec3 picture = loaded > 0.5 ? texture(pictures, uvw).rgb : meanColour.rgb;
  float edge = min(min(at.x, at.y), min(1.0 - at.x, 1.0 - at.y)) * pixels;
  float width = clamp(pixels * 0.1, 1.5, 5.0);
  if (frameColour.a > 0.0 && edge < width) picture = frameColour.rgb;
  colour = vec4(picture, 1.0);
}`;
const UNIFORMS = ["centre", "stretch", "viewport", "size", "columns", "perSheet", "sheets", "grow", "pictures"];
export const DETAIL_SIDE = 128;
const DETAIL_SHEET = 2048;
export const DETAIL_SLOTS = (DETAIL_SHEET / DETAIL_SIDE) ** 2;

export class Renderer {
  /** @throws {Error} The browser has no WebGL2. */
  constructor(canvas, data) {
    const gl = canvas.getContext("webgl2", { antialias: false, alpha: true, preserveDrawingBuffer: true });
    if (!gl) throw new Error("this browser has no WebGL2");
    this.gl = gl;
    this.canvas = canvas;
    this.data = data;
    this.drawCalls = 0;
    this.sheets = 0;
    this.program = this.compile();
    gl.useProgram(this.program);
    this.uniforms = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(this.program, name)]));
    this.corners = this.buffer(new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]));
    const count = data.count;
    this.frames = new Uint8Array(4 * count);
    this.scales = new Float32Array(count).fill(1);
    this.means = new Uint8Array(4 * count);
    for (let row = 0; row < count; row++) this.means.set(data.colour.subarray(3 * row, 3 * row + 3), 4 * row);
    this.all = this.batch(count);
    this.all.slots.set(Float32Array.from({ length: count }, (_, row) => this.slot(row)));
    this.detail = this.batch(DETAIL_SLOTS);
    this.top = this.batch(2);
    this.upload(this.all, ["mean", this.means], ["slot", this.all.slots], ["scale", this.scales], ["frame", this.frames]);
    const { side, page } = data.meta;
    this.atlas = this.texture(page, page, Math.max(1, data.meta.sheets), Math.log2(side) - 1);
    this.details = this.texture(DETAIL_SHEET, DETAIL_SHEET, 1, 1);
  }

  /** Place of a cover on the sheets; beyond them without a picture, which shows its mean colour. */
  slot(row) {
    return this.data.hasPicture[row] ? row : 1e7;
  }

  compile() {
    const { gl } = this;
    const program = gl.createProgram();
    for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
      if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    }
    gl.linkProgram(program);
    return program;
  }

  buffer(content) {
    const { gl } = this;
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, content, gl.DYNAMIC_DRAW);
    return buffer;
  }

  /** Buffers of so many covers. */
  batch(count) {
    const { gl } = this;
    const batch = { count, array: gl.createVertexArray(), buffers: {}, slots: new Float32Array(count), rows: [] };
    gl.bindVertexArray(batch.array);
    const attribute = (name, buffer, size, type, divisor) => {
      const place = gl.getAttribLocation(this.program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, type, type === gl.UNSIGNED_BYTE && size === 4, 0, 0);
      gl.vertexAttribDivisor(place, divisor);
    };
    attribute("corner", this.corners, 2, gl.FLOAT, 0);
    for (const [name, size, type] of [
      ["place", 2, gl.FLOAT], ["slot", 1, gl.FLOAT], ["scale", 1, gl.FLOAT],
      ["mean", 4, gl.UNSIGNED_BYTE], ["frame", 4, gl.UNSIGNED_BYTE], ["shown", 1, gl.UNSIGNED_BYTE],
    ]) {
      batch.buffers[name] = this.buffer(new Uint8Array(count * size * (type === gl.FLOAT ? 4 : 1)));
      attribute(name, batch.buffers[name], size, type, 1);
    }
    gl.bindVertexArray(null);
    return batch;
  }

  upload(batch, ...columns) {
    const { gl } = this;
    for (const [name, values] of columns) {
      gl.bindBuffer(gl.ARRAY_BUFFER, batch.buffers[name]);
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, values);
    }
  }

  /** Texture of sheets; `levels` halve it for covers that are seen small. */
  texture(width, height, layers, levels) {
    const { gl } = this;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, levels, gl.RGBA8, width, height, layers);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  }

  /** Add the next sheet of pictures. */
  addSheet(image) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.atlas);
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, this.sheets, image.width, image.height, 1, gl.RGBA, gl.UNSIGNED_BYTE, image);
    if (++this.sheets === this.data.meta.sheets) {
      gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
      gl.generateMipmap(gl.TEXTURE_2D_ARRAY);
    }
  }

  /** Put a picture of `DETAIL_SIDE` pixels into a slot of the detailed ones. */
  addDetail(slot, image) {
    const { gl } = this;
    const columns = DETAIL_SHEET / DETAIL_SIDE;
    const [x, y] = [(slot % columns) * DETAIL_SIDE, Math.floor(slot / columns) * DETAIL_SIDE];
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.details);
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, x, y, 0, DETAIL_SIDE, DETAIL_SIDE, 1, gl.RGBA, gl.UNSIGNED_BYTE, image);
  }

  setPlaces(places) {
    this.places = places;
    this.upload(this.all, ["place", places]);
  }

  setShown(shown) {
    this.shown = shown;
    this.upload(this.all, ["shown", shown]);
  }

  setFrames(fill) {
    fill(this.frames);
    this.upload(this.all, ["frame", this.frames]);
  }

  setScales(fill) {
    fill(this.scales);
    this.upload(this.all, ["scale", this.scales]);
  }

  /** Choose the covers of a small batch: rows, with slots of their pictures. */
  choose(batch, rows, slots, frame = null) {
    const count = rows.length;
    batch.rows = rows;
    const [place, scale] = [new Float32Array(2 * count), new Float32Array(count)];
    const [mean, frames, shown] = [new Uint8Array(4 * count), new Uint8Array(4 * count), new Uint8Array(count)];
    rows.forEach((row, index) => {
      place.set(this.places.subarray(2 * row, 2 * row + 2), 2 * index);
      mean.set(this.means.subarray(4 * row, 4 * row + 4), 4 * index);
      frames.set(frame ?? this.frames.subarray(4 * row, 4 * row + 4), 4 * index);
      scale[index] = this.scales[row];
      shown[index] = 1;
    });
    this.upload(batch, ["place", place], ["scale", scale], ["mean", mean], ["frame", frames], ["shown", shown], ["slot", Float32Array.from(slots)]);
  }

  /** Draw a frame; returns the number of draw calls. */
  draw(camera, size) {
    const { gl, uniforms, canvas } = this;
    this.drawCalls = 0;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.useProgram(this.program);
    gl.uniform2f(uniforms.centre, camera.x, camera.y);
    gl.uniform2f(uniforms.stretch, camera.stretch, camera.stretch);
    gl.uniform2f(uniforms.viewport, canvas.width, canvas.height);
    gl.uniform1f(uniforms.size, size);
    const { side, page } = this.data.meta;
    this.drawBatch(this.all, this.atlas, page / side, this.sheets, 1);
    if (this.detail.rows.length) this.drawBatch(this.detail, this.details, DETAIL_SHEET / DETAIL_SIDE, 1, 1);
    if (this.top.rows.length) this.drawBatch(this.top, this.atlas, page / side, this.sheets, 1.6);
    return this.drawCalls;
  }

  drawBatch(batch, texture, columns, sheets, grow) {
    const { gl, uniforms } = this;
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.uniform1f(uniforms.columns, columns);
    gl.uniform1f(uniforms.perSheet, columns * columns);
    gl.uniform1f(uniforms.sheets, sheets);
    gl.uniform1f(uniforms.grow, grow);
    gl.bindVertexArray(batch.array);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, batch === this.all ? batch.count : batch.rows.length);
    gl.bindVertexArray(null);
    this.drawCalls++;
  }
}
