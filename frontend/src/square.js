/** Program of sigma that draws nodes as square covers from one sheet of pictures. */

import { NodeProgram } from "sigma/rendering";
import { floatColor } from "sigma/utils";

const SIDE = 128;
const SHEET = 2048;
const COLUMNS = SHEET / SIDE;

const VERTEX = `
attribute vec4 a_id; attribute vec4 a_color; attribute vec2 a_position; attribute float a_size; attribute float a_slot;
attribute vec2 a_corner;
uniform mat3 u_matrix; uniform float u_sizeRatio; uniform float u_correctionRatio;
varying vec4 v_color; varying vec2 v_uv; varying vec2 v_corner;
const float bias = 255.0 / 254.0;
void main() {
  float size = a_size * u_correctionRatio / u_sizeRatio * 4.0;
  gl_Position = vec4((u_matrix * vec3(a_position + (a_corner - 0.5) * size * vec2(1.0, -1.0), 1.0)).xy, 0.0, 1.0);
  vec2 cell = vec2(mod(a_slot, ${COLUMNS}.0), floor(a_slot / ${COLUMNS}.0));
  v_uv = (cell + a_corner * 0.98 + 0.01) / ${COLUMNS}.0;
  v_corner = a_corner;
  #ifdef PICKING_MODE
  v_color = a_id;
  #else
  v_color = a_color;
  #endif
  v_color.a *= bias;
}`;
const FRAGMENT = `
precision mediump float;
varying vec4 v_color; varying vec2 v_uv; varying vec2 v_corner;
uniform sampler2D u_pictures;
void main() {
  #ifdef PICKING_MODE
  gl_FragColor = v_color;
  #else
  float edge = min(min(v_corner.x, v_corner.y), min(1.0 - v_corner.x, 1.0 - v_corner.y));
  gl_FragColor = edge < 0.05 ? v_color : vec4(texture2D(u_pictures, v_uv).rgb, 1.0);
  #endif
}`;

/** Sheet of the pictures of the graph's covers; the oldest give way. */
export class GraphSheet {
  constructor() {
    this.canvas = document.createElement("canvas");
    Object.assign(this.canvas, { width: SHEET, height: SHEET });
    this.context = this.canvas.getContext("2d");
    this.slots = new Map();
    this.version = 0;
  }

  /** Slot of a cover; `draw` fills it at first. */
  slot(row, draw) {
    if (!this.slots.has(row)) {
      let slot = this.slots.size;
      if (slot >= COLUMNS * COLUMNS) {
        const [oldest, freed] = this.slots.entries().next().value;
        this.slots.delete(oldest);
        slot = freed;
      }
      this.slots.set(row, slot);
      draw((image) => this.paint(row, image));
    }
    return this.slots.get(row);
  }

  paint(row, image) {
    const slot = this.slots.get(row);
    if (slot === undefined) return;
    this.context.drawImage(image, (slot % COLUMNS) * SIDE, Math.floor(slot / COLUMNS) * SIDE, SIDE, SIDE);
    this.version++;
  }
}

/** Make the class of programs that draw from a sheet. */
export function squareProgram(sheet) {
  return class SquareProgram extends NodeProgram {
    constructor(gl, pickingBuffer, renderer) {
      super(gl, pickingBuffer, renderer);
      this.texture = gl.createTexture();
      this.version = -1;
    }

    getDefinition() {
      return {
        VERTICES: 6,
        VERTEX_SHADER_SOURCE: VERTEX,
        FRAGMENT_SHADER_SOURCE: FRAGMENT,
        METHOD: WebGLRenderingContext.TRIANGLES,
        UNIFORMS: ["u_sizeRatio", "u_correctionRatio", "u_matrix", "u_pictures"],
        ATTRIBUTES: [
          { name: "a_position", size: 2, type: WebGLRenderingContext.FLOAT },
          { name: "a_size", size: 1, type: WebGLRenderingContext.FLOAT },
          { name: "a_slot", size: 1, type: WebGLRenderingContext.FLOAT },
          { name: "a_color", size: 4, type: WebGLRenderingContext.UNSIGNED_BYTE, normalized: true },
          { name: "a_id", size: 4, type: WebGLRenderingContext.UNSIGNED_BYTE, normalized: true },
        ],
        CONSTANT_ATTRIBUTES: [{ name: "a_corner", size: 2, type: WebGLRenderingContext.FLOAT }],
        CONSTANT_DATA: [[0, 0], [1, 0], [0, 1], [1, 0], [0, 1], [1, 1]],
      };
    }

    processVisibleItem(index, start, node) {
      const { array } = this;
      array[start++] = node.x;
      array[start++] = node.y;
      array[start++] = node.size;
      array[start++] = node.slot;
      array[start++] = floatColor(node.color);
      array[start++] = index;
    }

    setUniforms(params, { gl, uniformLocations }) {
      gl.uniform1f(uniformLocations.u_sizeRatio, params.sizeRatio);
      gl.uniform1f(uniformLocations.u_correctionRatio, params.correctionRatio);
      gl.uniformMatrix3fv(uniformLocations.u_matrix, false, params.matrix);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, this.texture);
      if (this.version !== sheet.version) {
        this.version = sheet.version;
        gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, sheet.canvas);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
        gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
      }
      gl.uniform1i(uniformLocations.u_pictures, 0);
    }

    drawLabel() {} // labels are drawn below covers, by the view
    drawHover() {}
  };
}
