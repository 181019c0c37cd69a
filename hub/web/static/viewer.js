/** One entry before one's eyes: film, pictures, facts. It opens at once and fills as things come. */
import { el, one } from "./dom.js";
import { factsPanel } from "./facts.js";
import { Film } from "./film.js";
import { ACTIONS } from "./keys.js";
import { pastPanel, sameAct, technical } from "./past.js";
import { className } from "./said.js";
import { clock, due, plateChip, stateChip, t } from "./words.js";

/** How often the hub is asked for what is still away. */
const AWAY_MS = 4000;

export class Viewer {
  /** @param {{act: (action: string) => void, fault: (error: Error) => void, after?: () => HTMLElement[]}} tell */
  constructor(tell) {
    this.tell = tell;
    this.root = one("#viewer");
    this.facts = one("#facts");
    /** @type {import("./evidence.js").Evidence | null} */
    this.evidence = null;
    this.film = new Film({ note: (...given) => this.note(...given), fault: tell.fault, changed: () => this.marked() });
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
    this.banner(null);
    this.film.clear(evidence);
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
    this.film.clear(null);
    this.banner(null);
    for (const id of ["#lead-title", "#lead-place", "#shots", "#actions", "#facts"]) one(id).replaceChildren();
  }

  /** Show the document; what was open on the stage stays. */
  show() {
    const { evidence } = this;
    this.showHead(evidence.document.row);
    this.showActions();
    this.showShots();
    this.showFacts();
    this.root.dataset.ready = "yes";
    performance.measure("lead-decidable", "lead:asked");
    this.film.load(evidence);
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
    const items = evidence.pictures.map((file, i) => {
      const image = el("img", { alt: file.name });
      if (file.held) evidence.url(file.name).then((url) => (image.src = url), () => {});
      const kind = { close_up: "close_up", shot: "shot", panorama: "panorama" }[file.kind] ?? "picture";
      return el(
        "li",
        {},
        el("button", { type: "button", disabled: !file.held, data: { name: file.name }, title: file.name, on: { click: () => this.film.shot(i + 1) } }, image, el("span", {}, i < 9 && el("kbd", { text: i + 1 }), t(`entry.kind_${kind}`))),
      );
    });
    one("#shots").replaceChildren(...items);
    this.marked();
  }

  showFacts() {
    const { document, pictures } = this.evidence;
    const placeOf = (name) => (this.evidence.file(name)?.held ? pictures.findIndex((file) => file.name === name) + 1 : 0);
    const show = (name) => this.film.showPicture(this.evidence.file(name));
    const before = [...sameAct(document), ...pastPanel(document)];
    this.facts.replaceChildren(...factsPanel(document, before, { placeOf, show }), ...(this.tell.after?.() ?? []), technical(document));
    this.facts.scrollTop = 0;
  }

  /** Show which picture is on the stage, and which buttons are pressed. */
  marked() {
    const { film } = this;
    if (!film) return;
    const name = film.picture?.file.name ?? null;
    for (const button of one("#shots").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.name === name));
    for (const row of this.facts.querySelectorAll("tr[data-proof]")) row.classList.toggle("shown", row.dataset.proof === name);
    one("#stage-name").textContent = name ?? "";
    this.root.dataset.playing = String(film.player.ready && !film.player.video.paused);
    one("#speed").textContent = `${film.player.speed}×`;
    const pressed = { loop: film.player.looping, overlay: film.overlay, follow: film.follow, plate: Boolean(film.picture?.plate) };
    for (const [key, on] of Object.entries(pressed)) one(`[data-key="${key}"]`, this.root).setAttribute("aria-pressed", String(on));
  }
}
