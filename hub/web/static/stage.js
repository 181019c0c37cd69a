/** What is looked at: the film or a picture, whole or near, with boxes over it. */
import { draw } from "./overlay.js";

/** @typedef {import("./track.js").Box} Box */

const MOST = 24;

export class Stage {
  /**
   * @param {HTMLElement} root with a video, an img and a canvas in it
   * @param {() => import("./overlay.js").Shape[]} shapes what to draw over what is shown now
   */
  constructor(root, shapes) {
    this.root = root;
    this.video = root.querySelector("video");
    this.picture = root.querySelector("img");
    this.canvas = root.querySelector("canvas");
    this.shapes = shapes;
    /** @type {"video" | "picture" | "nothing"} */
    this.shows = "nothing";
    /** Box of the picture to fill the stage with; null for the whole. @type {Box | null} */
    this.near = null;
    this.view = { scale: 1, x: 0, y: 0 };
    /** Set by hand with wheel or drag, it stays until something else is shown. */
    this.free = false;
    /** @type {((box: Box) => void) | null} takes a box that is drawn by hand */
    this.taking = null;
    this.drawn = null;
    new ResizeObserver(() => this.fit()).observe(root);
    this.picture.addEventListener("load", () => this.fit());
    this.video.addEventListener("loadedmetadata", () => this.fit());
    root.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
    root.addEventListener("pointerdown", (event) => this.onPress(event));
    root.addEventListener("dblclick", () => this.whole());
  }

  /** @returns {[number, number]} width and height of what is shown, in its own pixels */
  get size() {
    if (this.shows === "video") return [this.video.videoWidth, this.video.videoHeight];
    return [this.picture.naturalWidth, this.picture.naturalHeight];
  }

  showVideo() {
    this.shows = "video";
    this.change();
  }

  /** @param {string} url @param {Box | null} [near] */
  showPicture(url, near = null) {
    this.shows = "picture";
    if (this.picture.getAttribute("src") !== url) this.picture.src = url;
    this.change(near);
  }

  showNothing() {
    this.shows = "nothing";
    this.change();
  }

  /** @param {Box | null} [near] */
  change(near = null) {
    this.root.dataset.shows = this.shows;
    this.near = near;
    this.free = false;
    this.fit();
  }

  /** @param {Box | null} box of the picture to fill the stage with */
  lookAt(box) {
    this.near = box;
    this.free = false;
    this.fit();
  }

  whole() {
    this.lookAt(null);
  }

  get zoomed() {
    return this.free || this.near !== null;
  }

  /** Lay out what is shown, whole or near. */
  fit() {
    const [width, height] = this.size;
    const [wide, high] = [this.root.clientWidth, this.root.clientHeight];
    if (width && height && !this.free) {
      const [x0, y0, x1, y1] = this.near ?? [0, 0, width, height];
      const room = this.near ? 1.5 : 1;
      const scale = Math.min(wide / ((x1 - x0) * room), high / ((y1 - y0) * room), MOST);
      this.view = { scale, x: wide / 2 - ((x0 + x1) / 2) * scale, y: high / 2 - ((y0 + y1) / 2) * scale };
    }
    this.paint();
  }

  paint() {
    const { scale, x, y } = this.view;
    const [width, height] = this.size;
    const shown = this.shows === "video" ? this.video : this.picture;
    Object.assign(shown.style, { width: `${width}px`, height: `${height}px`, transform: `translate(${x}px, ${y}px) scale(${scale})` });
    this.root.dataset.zoom = scale.toFixed(3);
    const shapes = this.shows === "nothing" || !width ? [] : this.shapes();
    draw(this.canvas, this.view, this.drawn ? [...shapes, this.drawn] : shapes);
  }

  /** @param {number} factor @param {number} [atX] stage pixel that stays where it is @param {number} [atY] */
  zoom(factor, atX = this.root.clientWidth / 2, atY = this.root.clientHeight / 2) {
    const scale = Math.min(Math.max(this.view.scale * factor, 0.1), MOST);
    const by = scale / this.view.scale;
    this.view = { scale, x: atX - (atX - this.view.x) * by, y: atY - (atY - this.view.y) * by };
    this.free = true;
    this.paint();
  }

  /** @param {WheelEvent} event */
  onWheel(event) {
    if (this.shows === "nothing") return;
    event.preventDefault();
    const bounds = this.root.getBoundingClientRect();
    this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.clientX - bounds.left, event.clientY - bounds.top);
  }

  /** @param {PointerEvent} event a drag pans, or draws a box where one is wanted */
  onPress(event) {
    if (event.button !== 0 || event.target.closest("button, a") || this.shows === "nothing") return;
    const bounds = this.root.getBoundingClientRect();
    const [startX, startY] = [event.clientX - bounds.left, event.clientY - bounds.top];
    const { scale, x, y } = this.view;
    const place = (px, py) => {
      const [width, height] = this.size;
      return [Math.min(Math.max((px - x) / scale, 0), width), Math.min(Math.max((py - y) / scale, 0), height)];
    };
    const move = (moved) => {
      const [nowX, nowY] = [moved.clientX - bounds.left, moved.clientY - bounds.top];
      if (this.taking) {
        const [ax, ay] = place(startX, startY);
        const [bx, by] = place(nowX, nowY);
        this.drawn = { box: [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)], colour: "#ff4fd8" };
      } else if (Math.hypot(nowX - startX, nowY - startY) > 4 || this.free) {
        this.view = { scale, x: x + nowX - startX, y: y + nowY - startY };
        this.free = true;
      }
      this.paint();
    };
    const end = () => {
      this.root.removeEventListener("pointermove", move);
      if (this.taking && this.drawn && this.drawn.box[2] - this.drawn.box[0] > 4) this.taking(this.drawn.box);
    };
    this.root.setPointerCapture(event.pointerId);
    this.root.addEventListener("pointermove", move);
    this.root.addEventListener("pointerup", end, { once: true });
    this.root.addEventListener("pointercancel", end, { once: true });
  }
}
