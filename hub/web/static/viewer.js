/** One entry before one's eyes: film, pictures, facts. It opens at once and fills as things come. */
import { el, habit, keepHabit, one } from "./dom.js";
import { factsPanel } from "./facts.js";
import { ACTIONS } from "./keys.js";
import { COLOURS } from "./overlay.js";
import { pastPanel, technical } from "./past.js";
import { Player } from "./player.js";
import { className } from "./said.js";
import { Stage } from "./stage.js";
import { Timeline } from "./timeline.js";
import { Track } from "./track.js";
import { clock, due, plateChip, stateChip, t } from "./words.js";
import { post } from "./api.js";

/** How long a picture waits for the film before it is shown, and how often a film that is away is asked for. */
const PATIENCE_MS = 150;
const AWAY_MS = 4000;

export class Viewer {
  /** @param {{act: (action: string) => void, fault: (error: Error) => void, after?: () => HTMLElement[]}} tell */
  constructor(tell) {
    this.tell = tell;
    this.root = one("#viewer");
    this.facts = one("#facts");
    /** @type {import("./evidence.js").Evidence | null} */
    this.evidence = null;
    this.track = new Track(null, null);
    this.pictures = [];
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
    setInterval(() => this.lookAgain(), AWAY_MS);
  }

  // ---- opening

  /** @param {import("./evidence.js").Evidence} evidence @param {import("./api.js").Row | null} row what the list knows of it */
  async open(evidence, row) {
    performance.mark("lead:asked");
    this.evidence = evidence;
    this.root.dataset.open = String(evidence.number);
    this.root.dataset.ready = "no";
    this.viewers = [];
    this.track = new Track(null, null);
    this.pictures = [];
    this.picture = null;
    this.clipKey = null;
    this.follow = false;
    this.stage.taking = null;
    this.stage.drawn = null;
    this.banner(null);
    this.note(null);
    this.player.unload();
    this.stage.showNothing();
    this.timeline.show(0, { seen: null, act: null, pictures: [] });
    if (row) this.showHead(row);
    one("#shots").replaceChildren();
    one("#actions").replaceChildren();
    if (!evidence.document) this.facts.replaceChildren(el("p", { class: "muted", text: t("entry.loading") }));
    try {
      await evidence.loaded;
      if (this.evidence === evidence) this.show();
    } catch (error) {
      if (this.evidence === evidence && error.name !== "AbortError") this.tell.fault(error);
    }
  }

  close() {
    this.evidence = null;
    this.root.dataset.open = "no";
    this.player.unload();
    this.stage.showNothing();
    this.banner(null);
    this.note(null);
    for (const id of ["#lead-title", "#lead-place", "#shots", "#actions", "#facts"]) one(id).replaceChildren();
  }

  /** Show the document; what was open on the stage stays. */
  show() {
    const { evidence } = this;
    this.showHead(evidence.document.row);
    this.showActions();
    this.pictures = evidence.pictures;
    this.showShots();
    this.showFacts();
    this.root.dataset.ready = "yes";
    performance.measure("lead-decidable", "lead:asked");
    this.showFilm(evidence);
  }

  /** @param {import("./evidence.js").Evidence} evidence */
  async showFilm(evidence) {
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
      this.note(null);
      this.player.load(clip.url, clip.times, this.track.act);
    } catch (error) {
      this.clipKey = null;
      if (this.evidence !== evidence || error.name === "AbortError") return;
      this.best();
      this.note(t("entry.clip_bad"));
      this.tell.fault(error);
    }
  }

  filmReady() {
    if (!this.evidence) return;
    if (this.picture === null || this.stage.shows !== "picture" || !this.picture.chosen) this.film();
    performance.measure("lead-playing", "lead:asked");
    this.marks();
  }

  filmBroken() {
    if (!this.evidence || !this.stage.video.getAttribute("src")) return;
    this.best();
    this.note(t("entry.clip_bad"));
  }

  /** The clip has not come from the box: the pictures first, and a way to ask for it. */
  filmAway() {
    if (!this.picture) this.best();
    const file = this.evidence.clipFile;
    if (!file) return this.note(t(this.pictures.length ? "entry.clip_none" : "entry.nothing_here"));
    if (file.gone) return this.note(t("entry.clip_gone"));
    if (file.wanted) return this.note(t("entry.clip_wanted"));
    this.note(t("entry.clip_away"), t("entry.fetch_now"), () => this.fetchClip(file));
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

  /** While a film is away, ask now and then whether it has come. */
  async lookAgain() {
    const { evidence } = this;
    if (!evidence?.document || document.hidden || !evidence.document.files.some((file) => !file.held)) return;
    if (evidence.clipFile?.held) return;
    await this.reload().catch(() => {});
  }

  /** @returns {Promise<import("./api.js").EntryDocument | null>} the entry as the hub has it now, shown */
  async reload() {
    const { evidence } = this;
    const before = JSON.stringify(evidence.document);
    const found = await evidence.reload();
    if (this.evidence !== evidence) return null;
    if (JSON.stringify(found) !== before) this.show();
    return found;
  }

  // ---- what is on the stage

  /** The best picture there is, while there is no film. */
  best() {
    const first = this.pictures.find((file) => file.held && file.kind === "panorama") ?? this.pictures.find((file) => file.held);
    if (first) this.showPicture(first, false);
    else this.stage.showNothing();
  }

  /** Back to the film, whole. */
  film() {
    this.follow = false;
    if (!this.player.ready && !this.stage.video.videoWidth) {
      this.stage.whole();
      return;
    }
    this.picture = null;
    this.stage.showVideo();
    this.marked();
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
    this.marked();
    try {
      const url = await evidence.url(file.name);
      if (this.evidence !== evidence || this.picture?.file.name !== file.name) return;
      this.stage.showPicture(url, near);
      this.marked();
    } catch (error) {
      if (this.evidence === evidence && error.name !== "AbortError") this.tell.fault(error);
    }
  }

  /** @param {number} place of a picture, from 1; the one that is shown goes back to the film */
  shot(place) {
    const file = this.pictures[place - 1];
    if (!file?.held) return;
    if (this.picture?.chosen && this.picture.file.name === file.name && !this.stage.zoomed) this.film();
    else this.showPicture(file);
  }

  /** Near to the plate, on the picture that proves it; again: back. */
  plate() {
    if (this.picture?.plate) return this.film();
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
    this.film();
    this.follow = on;
    this.onFrame(this.player.at);
    this.onPlayer();
  }

  /** @param {number} clip */
  seek(clip) {
    if (!this.player.ready) return;
    if (this.stage.shows !== "video") this.film();
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
    if (this.stage.shows !== "video") this.film();
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
    keepHabit("viewer", { overlay: this.overlay, looping: player.looping, speed: player.speed });
    this.root.dataset.playing = String(player.ready && !player.video.paused);
    one("#speed").textContent = `${player.speed}×`;
    const pressed = { loop: player.looping, overlay: this.overlay, follow: this.follow, plate: Boolean(this.picture?.plate) };
    for (const [key, on] of Object.entries(pressed)) one(`[data-key="${key}"]`, this.root).setAttribute("aria-pressed", String(on));
  }

  // ---- the words around it

  /** @param {string | null} text @param {string} [button] @param {() => void} [press] */
  note(text, button, press) {
    const box = one("#stage-note");
    box.hidden = text === null;
    box.replaceChildren(...(text === null ? [] : [el("span", { text })]), ...(button ? [el("button", { type: "button", text: button, on: { click: press } })] : []));
  }

  /** @param {string | null} text @param {HTMLElement} [more] */
  banner(text, more) {
    const box = one("#banner");
    box.hidden = text === null;
    box.replaceChildren(...(text === null ? [] : [el("span", { text })]), ...(more ? [more] : []));
  }

  /** @param {string[]} viewers who else has it open */
  showViewers(viewers) {
    this.viewers = viewers;
    const box = this.root.querySelector("#also");
    if (!box) return;
    box.hidden = !viewers.length;
    box.textContent = viewers.length ? t("entry.also_open", { names: viewers.join(", ") }) : "";
  }

  /** @param {import("./api.js").Row} row */
  showHead(row) {
    this.root.className = `viewer bar-${row.level}`;
    const late = row.due_ms === null ? null : due(row.due_ms);
    one("#lead-title").replaceChildren(
      el("span", { class: `chip level-${row.level}`, text: t(`common.level_${row.level}`) }),
      el("h1", { text: row.title }),
      plateChip(row.plate, row.plate_colour),
      el("span", { text: className(row.vehicle_class) }),
      stateChip(row.state),
    );
    const parts = [`#${row.number}`, row.case_number && t("entry.case", { number: row.case_number }), clock(row.occurred_ms), row.place, row.code, row.grade && t("entry.grade", { grade: row.grade })];
    one("#lead-place").replaceChildren(
      el("span", { text: parts.filter(Boolean).join(" · ") }),
      ...(late ? [el("span", { class: late.late ? "due late" : late.soon ? "due soon" : "due", text: late.text })] : []),
      el("span", { id: "also", class: "also", hidden: true }),
    );
    this.showViewers(this.viewers ?? []);
  }

  showActions() {
    const { actions } = this.evidence.document;
    const rank = ({ look }) => ["primary", "danger", undefined].indexOf(look);
    const shown = actions.filter((offer) => ACTIONS[offer.action] && offer.code !== "roles").sort((a, b) => rank(ACTIONS[a.action]) - rank(ACTIONS[b.action]));
    const buttons = shown.map((offer) => {
      const { key, look = "" } = ACTIONS[offer.action];
      return el(
        "button",
        { type: "button", class: look, data: { action: offer.action }, disabled: !offer.allowed, title: offer.why_not || null, on: { click: (event) => { event.currentTarget.blur(); this.tell.act(offer.action); } } },
        offer.label,
        el("kbd", { text: key.toUpperCase() }),
      );
    });
    one("#actions").replaceChildren(...(buttons.length ? buttons : [el("p", { class: "muted", text: t("entry.nobody_acts") })]));
  }

  showShots() {
    const { evidence } = this;
    const items = this.pictures.map((file, i) => {
      const image = el("img", { alt: file.name });
      if (file.held) evidence.url(file.name).then((url) => (image.src = url), () => {});
      const kind = { close_up: "close_up", shot: "shot", panorama: "panorama" }[file.kind] ?? "picture";
      return el(
        "li",
        {},
        el("button", { type: "button", disabled: !file.held, data: { name: file.name }, title: file.name, on: { click: () => this.shot(i + 1) } }, image, el("span", {}, i < 9 && el("kbd", { text: i + 1 }), t(`entry.kind_${kind}`))),
      );
    });
    one("#shots").replaceChildren(...items);
    this.marked();
  }

  showFacts() {
    const { document } = this.evidence;
    const placeOf = (name) => (this.evidence.file(name)?.held ? this.pictures.findIndex((file) => file.name === name) + 1 : 0);
    const show = (name) => this.showPicture(this.evidence.file(name));
    this.facts.replaceChildren(...factsPanel(document, { placeOf, show }), ...pastPanel(document), ...(this.tell.after?.() ?? []), technical(document));
    this.facts.scrollTop = 0;
  }

  /** Show which picture is on the stage. */
  marked() {
    const name = this.picture?.file.name ?? null;
    for (const button of one("#shots").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.name === name));
    for (const row of this.facts.querySelectorAll("tr[data-proof]")) row.classList.toggle("shown", row.dataset.proof === name);
    one("#stage-name").textContent = name ?? "";
    this.onPlayer();
  }

  marks() {
    const pictures = this.pictures.map((file, i) => ({ at: this.track.picture(file.name).at, place: i + 1 }));
    this.timeline.show(this.stage.video.duration || 0, { seen: this.track.seen, act: this.track.act, pictures });
    if (!this.track.placed && this.evidence.clipFile?.held && this.evidence.file("track.json")) this.note(t("entry.no_boxes"));
  }
}
