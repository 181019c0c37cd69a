/** The film's length as a bar: the act, the vehicle's time in view, the pictures, and where the film is now. */
import { el } from "./dom.js";
import { t } from "./words.js";

export class Timeline {
  /** @param {HTMLElement} root @param {(clip: number) => void} onSeek */
  constructor(root, onSeek) {
    this.root = root;
    this.length = 0;
    this.head = el("i", { class: "head" });
    this.marks = el("div", { class: "marks" });
    root.append(this.marks, this.head);
    root.addEventListener("pointerdown", (event) => {
      if (!this.length || event.button !== 0) return;
      const seek = (moved) => {
        const bounds = root.getBoundingClientRect();
        onSeek(Math.min(Math.max((moved.clientX - bounds.left) / bounds.width, 0), 1) * this.length);
      };
      root.setPointerCapture(event.pointerId);
      root.addEventListener("pointermove", seek);
      const end = () => root.removeEventListener("pointermove", seek);
      root.addEventListener("pointerup", end, { once: true });
      root.addEventListener("pointercancel", end, { once: true });
      seek(event);
    });
  }

  /**
   * @param {number} length seconds
   * @param {{seen: any, act: any, pictures: {at: number | null, place: number}[]}} what in seconds of the clip
   */
  show(length, { seen, act, pictures }) {
    this.length = length;
    const at = (clip) => `${(Math.min(Math.max(clip / length, 0), 1) * 100).toFixed(3)}%`;
    const span = (kind, of, title) => {
      if (!of || !length) return null;
      const made = el("i", { class: kind, title });
      const from = Math.max(of.from, 0);
      Object.assign(made.style, { left: at(from), width: `max(3px, ${at(Math.min(of.to, length) - from)})` });
      return made;
    };
    const points = pictures
      .filter((picture) => length && picture.at !== null && picture.at >= -0.5 && picture.at <= length + 0.5)
      .map((picture) => {
        const made = el("i", { class: "point", title: t("entry.picture_n", { n: picture.place }) });
        made.style.left = at(picture.at);
        return made;
      });
    const spans = [span("seen", seen, t("entry.vehicle_in_view")), span("act", act, t("entry.the_act"))];
    this.marks.replaceChildren(...spans.filter(Boolean), ...points);
  }

  /** @param {number} clip seconds */
  move(clip) {
    this.head.style.left = `${this.length ? Math.min(clip / this.length, 1) * 100 : 0}%`;
    this.root.setAttribute("aria-valuenow", clip.toFixed(2));
    this.root.setAttribute("aria-valuemax", this.length.toFixed(2));
  }
}
