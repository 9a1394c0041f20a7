/** Mouse, pen and touch on the map: drag to pan, pinch or wheel to zoom, tap to choose, lasso. */

const TAP = 6; // px that a tap may move
const STEP = 8; // px between points of a lasso

/** Listen to pointers on the canvas of a map. */
export function pointers(map) {
  const { canvas } = map;
  const down = new Map();
  let [moved, pinch] = [0, 0];
  const at = (event) => [event.offsetX * map.ratio, event.offsetY * map.ratio];

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, at(event));
    moved = 0;
    pinch = 0;
    map.moving = true;
    if (map.lassoing && down.size === 1) map.path = map.toMap(...at(event));
  });

  canvas.addEventListener("pointermove", (event) => {
    const point = at(event);
    if (!down.has(event.pointerId)) {
      map.hover(map.coverAt(...point), ...point);
      return;
    }
    const [lastX, lastY] = down.get(event.pointerId);
    moved += Math.hypot(point[0] - lastX, point[1] - lastY);
    if (map.path && down.size === 1) {
      const [x, y] = map.toScreen(...map.path.slice(-2));
      if (Math.hypot(point[0] - x, point[1] - y) > STEP * map.ratio) map.path.push(...map.toMap(...point));
      map.redraw();
    } else if (down.size === 1 && moved > TAP * map.ratio) {
      map.pan(point[0] - lastX, point[1] - lastY);
    }
    down.set(event.pointerId, point);
    if (down.size === 2) {
      const [[ax, ay], [bx, by]] = [...down.values()];
      const distance = Math.hypot(ax - bx, ay - by);
      if (pinch) map.zoomAt(distance / pinch, (ax + bx) / 2, (ay + by) / 2);
      pinch = distance;
    }
  });

  const up = (event) => {
    if (!down.delete(event.pointerId)) return;
    if (down.size) return;
    map.moving = false;
    if (map.path) {
      const path = map.path;
      map.path = null;
      map.onLasso(path.length >= 6 ? path : []);
    } else if (moved <= TAP * map.ratio && event.type === "pointerup") {
      map.choose(map.coverAt(...at(event)));
    }
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => map.hover(null, 0, 0));
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      map.zoomAt(Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) / 240), ...at(event));
    },
    { passive: false },
  );
}
