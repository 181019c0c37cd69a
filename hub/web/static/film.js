/** What is on the stage: the film with the vehicle's box on it, or a picture; near or whole. */
import { post } from "./api.js";
import { habit, keepHabit, one } from "./dom.js";
import { COLOURS } from "./overlay.js";
import { Player } from "./player.js";
import { className } from "./said.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";
import { Track } from "./track.js";
import { t } from "./words.js";

/** How long a picture waits for the film before it is shown. */
const PATIENCE_MS = 150;

/** @typedef {import("./api.js").EvidenceFile} EvidenceFile */

export class Film {
  /**
   * @param {{note: (text: string | null, button?: string, press?: () => void) => void, fault: (error: Error) => void,
   *   changed: () => void}} tell `note`: words over the stage; `changed`: another picture, or other buttons pressed
   */
  constructor(tell) {
    this.tell = tell;
    /** @type {import("./evidence.js").Evidence | null} */
    this.evidence = null;
    this.track = new Track(null, null);
    /** @type {EvidenceFile[]} in the order of their keys */
    this.pictures = [];
    /** What is shown in place of the film. @type {{file: EvidenceFile, chosen: boolean, plate: boolean} | null} */
    this.picture = null;
    const kept = habit("viewer", {});
    this.overlay = kept.overlay ?? true;
    this.follow = false;
    this.stage = new Stage(one("#stage"), () => this.shapes());
    this.player = new Player(this.stage.video, (clip) => this.onFrame(clip), () => this.onPlayer());
    this.player.looping = kept.looping ?? true;
    this.player.setSpeed(kept.speed ?? 1);
    this.timeline = new Timeline(one("#timeline"), (clip) => this.seek(clip));
    this.stage.video.addEventListener("loadeddata", () => this.filmReady());
    this.stage.video.addEventListener("error", () => this.filmBroken());
  }

  /** Take everything off the stage. @param {import("./evidence.js").Evidence | null} evidence what will be shown next */
  clear(evidence) {
    this.evidence = evidence;
    this.track = new Track(null, null);
    this.pictures = [];
    this.picture = null;
    this.clipKey = null;
    this.follow = false;
    this.leaveBox();
    this.tell.note(null);
    this.player.unload();
    this.stage.showNothing();
    this.timeline.show(0, { seen: null, act: null, pictures: [] });
    this.timeline.move(0);
    one("#when").textContent = "";
  }

  // ---- the clip

  /** Show the film as soon as it is here; a picture until then. @param {import("./evidence.js").Evidence} evidence whose document is known */
  async load(evidence) {
    this.pictures = evidence.pictures;
    try {
      const track = await evidence.track();
      if (this.evidence !== evidence) return;
      this.track = track;
      const key = evidence.clipFile?.held ? evidence.clipFile.name : null;
      if (!key) return this.filmAway();
      if (this.clipKey === key) return this.marks();
      this.clipKey = key;
      const patience = setTimeout(() => this.evidence === evidence && this.best(), PATIENCE_MS);
      const clip = await evidence.clip();
      clearTimeout(patience);
      if (this.evidence !== evidence) return;
      this.tell.note(null);
      this.player.load(clip.url, clip.times, this.track.act);
    } catch (error) {
      this.clipKey = null;
      if (this.evidence !== evidence || error.name === "AbortError") return;
      this.best();
      this.tell.note(t("entry.clip_bad"));
      this.tell.fault(error);
    }
  }

  filmReady() {
    if (!this.evidence) return;
    if (this.picture === null || this.stage.shows !== "picture" || !this.picture.chosen) this.whole();
    performance.measure("lead-playing", "lead:asked");
    this.marks();
  }

  filmBroken() {
    if (!this.evidence || !this.stage.video.getAttribute("src")) return;
    this.best();
    this.tell.note(t("entry.clip_bad"));
  }

  /** The clip has not come from the box: the pictures first, and a way to ask for it. */
  filmAway() {
    if (!this.picture) this.best();
    const file = this.evidence.clipFile;
    if (!file) return this.tell.note(t(this.pictures.length ? "entry.clip_none" : "entry.nothing_here"));
    if (file.gone) return this.tell.note(t("entry.clip_gone"));
    if (file.wanted) return this.tell.note(t("entry.clip_wanted"));
    this.tell.note(t("entry.clip_away"), t("entry.fetch_now"), () => this.fetchClip(file));
  }

  /** @param {import("./api.js").EvidenceFile} file */
  async fetchClip(file) {
    const { evidence } = this;
    try {
      await post(`/api/entries/${evidence.number}/files/${encodeURIComponent(file.name)}/want`);
      file.wanted = true;
      if (this.evidence === evidence) this.filmAway();
    } catch (error) {
      this.tell.fault(error);
    }
  }

  // ---- what is shown

  /** The best picture there is, while there is no film. */
  best() {
    const first = this.pictures.find((file) => file.held && file.kind === "panorama") ?? this.pictures.find((file) => file.held);
    if (first) this.showPicture(first, false);
    else this.stage.showNothing();
  }

  /** Back to the film, whole. */
  whole() {
    this.follow = false;
    if (!this.player.ready && !this.stage.video.videoWidth) {
      this.stage.whole();
      return;
    }
    this.picture = null;
    this.stage.showVideo();
    this.tell.changed();
  }

  /**
   * @param {import("./api.js").EvidenceFile} file
   * @param {boolean} [chosen] by the person, who then keeps it
   * @param {import("./track.js").Box | null} [near] part of it to look at
   * @param {boolean} [plate] whether it is looked at for the plate
   */
  async showPicture(file, chosen = true, near = null, plate = false) {
    const { evidence } = this;
    this.picture = { file, chosen, plate };
    this.follow = false;
    if (chosen) this.player.pause();
    const { at } = this.track.picture(file.name);
    if (chosen && at !== null && this.player.ready) this.player.go(at);
    this.tell.changed();
    try {
      const url = await evidence.url(file.name);
      if (this.evidence !== evidence || this.picture?.file.name !== file.name) return;
      this.stage.showPicture(url, near);
      this.tell.changed();
    } catch (error) {
      if (this.evidence === evidence && error.name !== "AbortError") this.tell.fault(error);
    }
  }

  /** @param {number} place of a picture, from 1; the one that is shown goes back to the film */
  shot(place) {
    const file = this.pictures[place - 1];
    if (!file?.held) return;
    if (this.picture?.chosen && this.picture.file.name === file.name && !this.stage.zoomed) this.whole();
    else this.showPicture(file);
  }

  /** Near to the plate, on the picture that proves it; again: back. */
  plate() {
    if (this.picture?.plate) return this.whole();
    const facts = this.evidence?.document?.entry.facts ?? [];
    const order = ["plate_front", "plate_rear", "plate", "plate_trailer"];
    const doubtful = (fact) => (facts.some((other) => other.name === `${fact.name}_doubt`) ? 1 : 0);
    const proved = facts
      .filter((fact) => order.includes(fact.name) && fact.proof && this.evidence.file(fact.proof)?.held)
      .sort((a, b) => doubtful(a) - doubtful(b) || order.indexOf(a.name) - order.indexOf(b.name));
    if (!proved.length) return this.setFollow(true);
    const shape = ([x0, y0, x1, y1]) => (x1 - x0) / (y1 - y0);
    const area = ([x0, y0, x1, y1]) => (x1 - x0) * (y1 - y0);
    const boxes = this.track.picture(proved[0].proof).boxes.filter((box) => shape(box) > 1.1 && shape(box) < 6);
    const near = [...boxes].sort((a, b) => area(a) - area(b))[0] ?? null;
    this.showPicture(this.evidence.file(proved[0].proof), true, near, true);
  }

  /** @param {boolean} [on] near to the vehicle, and with it */
  setFollow(on = !this.follow) {
    if (on && !this.track.placed) return;
    this.whole();
    this.follow = on;
    this.onFrame(this.player.at);
    this.onPlayer();
  }

  /** @param {number} clip */
  seek(clip) {
    if (!this.player.ready) return;
    if (this.stage.shows !== "video") this.whole();
    this.player.pause();
    this.player.go(clip);
  }

  setOverlay(on = !this.overlay) {
    this.overlay = on;
    this.stage.paint();
    this.onPlayer();
  }

  /** @param {(box: number[], clip: number) => void} taken told of each box that is drawn, and of its time in the clip */
  takeBox(taken) {
    if (this.stage.shows !== "video") this.whole();
    this.player.pause();
    this.stage.taking = (box) => taken(box, this.player.at);
    this.stage.root.classList.add("taking");
  }

  leaveBox() {
    this.stage.taking = null;
    this.stage.drawn = null;
    this.stage.root.classList.remove("taking");
    this.stage.paint();
  }

  /** @returns {import("./overlay.js").Shape[]} */
  shapes() {
    if (!this.overlay || !this.evidence?.document) return [];
    if (this.stage.shows === "picture") {
      return this.track.picture(this.picture?.file.name ?? "").boxes.map((box) => ({ box, colour: COLOURS.proof }));
    }
    const found = this.track.placed ? this.track.boxAt(this.track.streamOf(this.player.at)) : null;
    const { row } = this.evidence.document;
    if (!found) return [];
    const label = [className(row.vehicle_class), row.plate].filter(Boolean).join(" ");
    return [{ box: found.box, label, colour: found.filled ? COLOURS.filled : COLOURS.vehicle, dashed: found.filled }];
  }

  /** @param {number} clip */
  onFrame(clip) {
    this.timeline.move(clip);
    const length = this.stage.video.duration || 0;
    one("#when").textContent = length ? `${clip.toFixed(2)} / ${length.toFixed(1)} s` : "";
    const found = this.follow && this.track.placed ? this.track.boxAt(this.track.streamOf(clip)) : null;
    if (found) this.stage.lookAt(found.box);
    else if (this.stage.shows === "video") this.stage.paint();
    this.stage.canvas.dataset.at = clip.toFixed(4);
  }

  onPlayer() {
    const { player } = this;
    if (!player) return;
    keepHabit("viewer", { overlay: this.overlay, looping: player.looping, speed: player.speed });
    this.tell.changed();
  }

  marks() {
    const pictures = this.pictures.map((file, i) => ({ at: this.track.picture(file.name).at, place: i + 1 }));
    this.timeline.show(this.stage.video.duration || 0, { seen: this.track.seen, act: this.track.act, pictures });
    if (!this.track.placed && this.evidence.clipFile?.held && this.evidence.file("track.json")) this.tell.note(t("entry.no_boxes"));
  }
}
