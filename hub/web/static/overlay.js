/** Drawing over the picture: boxes and their labels, sharp at any zoom. */

/** @typedef {{box: import("./track.js").Box, label?: string, colour: string, dashed?: boolean}} Shape in picture pixels */

export const COLOURS = { vehicle: "#ffd400", filled: "#ffb000", proof: "#00e0ff", drawn: "#ff4fd8" };

/**
 * @param {HTMLCanvasElement} canvas as large as the stage
 * @param {{scale: number, x: number, y: number}} view stage pixel = picture pixel * scale + (x, y)
 * @param {Shape[]} shapes
 */
export function draw(canvas, view, shapes) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  for (const shape of shapes) drawShape(pen, view, shape, canvas.clientWidth);
}

/** @param {CanvasRenderingContext2D} pen @param {{scale: number, x: number, y: number}} view @param {Shape} shape */
function drawShape(pen, view, shape, stageWidth) {
  const [left, top, right, bottom] = shape.box.map((value, i) => value * view.scale + (i % 2 ? view.y : view.x));
  pen.lineWidth = 2;
  pen.setLineDash(shape.dashed ? [7, 5] : []);
  pen.strokeStyle = "rgb(0 0 0 / .55)";
  pen.strokeRect(left - 2, top - 2, right - left + 4, bottom - top + 4);
  pen.strokeStyle = shape.colour;
  pen.strokeRect(left, top, right - left, bottom - top);
  if (!shape.label) return;
  pen.setLineDash([]);
  pen.font = '600 13px system-ui, "Noto Sans CJK SC", sans-serif';
  const wide = pen.measureText(shape.label).width + 10;
  const x = Math.min(Math.max(left - 1, 0), stageWidth - wide);
  const y = top >= 20 ? top - 20 : Math.max(top, 0);
  pen.fillStyle = shape.colour;
  pen.fillRect(x, y, wide, 19);
  pen.fillStyle = "#101010";
  pen.fillText(shape.label, x + 5, y + 14);
}
