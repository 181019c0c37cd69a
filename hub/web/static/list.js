/** The queue at the left: what waits, the gravest first. It changes by itself, but never moves what one looks at. */
import { get } from "./api.js";
import { el, habit, keepHabit, one } from "./dom.js";
import { rowItem, tick } from "./row.js";
import { page, t, word } from "./words.js";

/** @typedef {import("./api.js").Row} Row */

const PAGE = 50;
const MOST_AGAIN = 200;
const SHOWN_LEAST = 30;
const NEW_MS = 4000;

export class List {
  /** @param {{open: (number: number) => void, changed: () => void}} tell */
  constructor(tell) {
    this.tell = tell;
    /** @type {Row[]} in the hub's order */
    this.rows = [];
    this.next = null;
    this.selected = null;
    /** @type {Map<number, "sending" | "not_sent" | "decided_elsewhere">} */
    this.marks = new Map();
    /** @type {Map<number, HTMLElement>} */
    this.items = new Map();
    /** Rows that came by themselves and have not been on the screen yet. @type {Set<number>} */
    this.fresh = new Set();
    this.counts = {};
    const kept = habit("queue", {});
    this.states = new Set((kept.states ?? []).filter((state) => page.states.includes(state)));
    this.levels = new Set(kept.levels ?? []);
    this.box = one("#rows");
    this.filter = one("#filter");
    this.filter.value = kept.filter ?? "";
    this.filter.addEventListener("input", () => this.narrow());
    this.filter.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      if (event.key === "Escape") this.filter.value = "";
      this.narrow();
      this.filter.blur();
    });
    this.box.addEventListener("scroll", () => this.onScroll(), { passive: true });
    one("#new-above").addEventListener("click", () => this.box.scrollTo({ top: 0, behavior: "smooth" }));
    setInterval(() => this.tick(), 30_000);
    this.chips();
  }

  // ---- what is asked for

  get query() {
    const states = this.states.size ? [...this.states] : page.states;
    return states.map((state) => `state=${state}`).join("&");
  }

  /** @param {Row} row */
  fits(row) {
    if (this.levels.size && !this.levels.has(row.level)) return false;
    const text = this.filter.value.trim().toLowerCase().replaceAll("·", "");
    return !text || [row.plate, row.place, row.title, row.code, `#${row.number}`].some((of) => of.toLowerCase().includes(text));
  }

  get shown() {
    return this.rows.filter((row) => this.fits(row));
  }

  async load() {
    if (!page.states.length) return this.paint();
    const answer = await get(`/api/queue?${this.query}&limit=${PAGE}`);
    this.rows = answer.items;
    this.next = answer.next;
    this.counts = answer.counts;
    await this.fill();
    this.paint();
  }

  /** Fetch on while too little fits the filter, within reason. */
  async fill(pages = 10) {
    while (this.next && this.shown.length < SHOWN_LEAST && pages > 0) {
      await this.more();
      pages -= 1;
    }
  }

  async more() {
    const answer = await get(`/api/queue?${this.query}&limit=${PAGE}&after=${encodeURIComponent(this.next)}`);
    const known = new Set(this.rows.map((row) => row.number));
    this.rows.push(...answer.items.filter((row) => !known.has(row.number)));
    this.next = answer.next;
  }

  /** Take what the hub has now; rows that are gone leave, except the one that is open. */
  async refresh() {
    if (!page.states.length) return;
    const limit = Math.min(Math.max(this.rows.length, PAGE), MOST_AGAIN);
    const answer = await get(`/api/queue?${this.query}&limit=${limit}`);
    const now = new Set(answer.items.map((row) => row.number));
    const known = new Set(this.rows.map((row) => row.number));
    const beyond = answer.next ? this.rows.slice(limit).filter((row) => !now.has(row.number)) : [];
    const stay = this.rows.filter((row) => !now.has(row.number) && (row.number === this.selected || this.marks.has(row.number)));
    for (const row of stay) if (!beyond.includes(row)) this.keep(answer.items, row);
    for (const row of answer.items) if (known.size && !known.has(row.number)) this.fresh.add(row.number);
    this.rows = [...answer.items, ...beyond];
    if (!beyond.length) this.next = answer.next;
    this.counts = answer.counts;
    this.paint();
  }

  /** @param {Row[]} items @param {Row} row that is there no more: it stays where it was */
  keep(items, row) {
    if (row.number === this.selected && !this.marks.has(row.number)) this.marks.set(row.number, "decided_elsewhere");
    const before = this.rows[this.rows.indexOf(row) - 1];
    const place = before ? items.findIndex((other) => other.number === before.number) + 1 : 0;
    items.splice(place, 0, row);
  }

  // ---- single rows

  /** @param {number} number @param {"sending" | "not_sent" | "decided_elsewhere" | null} mark */
  mark(number, mark) {
    if (mark) this.marks.set(number, mark);
    else this.marks.delete(number);
    this.paint();
  }

  /** @param {Row} row as it is now; it leaves where it waits for me no more */
  update(row) {
    const waits = (this.states.size ? [...this.states] : page.states).includes(row.state);
    const place = this.rows.findIndex((other) => other.number === row.number);
    this.marks.delete(row.number);
    if (place >= 0 && waits) this.rows[place] = { ...this.rows[place], ...row };
    else if (place >= 0 && row.number !== this.selected) this.rows.splice(place, 1);
    this.paint();
  }

  /** @param {number} number @param {string[]} viewers */
  viewers(number, viewers) {
    const row = this.rows.find((other) => other.number === number);
    if (!row || String(row.viewers) === String(viewers)) return;
    row.viewers = viewers;
    this.paint();
  }

  /** @param {number} number that has been opened @param {string | undefined} url of a picture of it */
  thumb(number, url) {
    const row = this.rows.find((other) => other.number === number);
    if (!row || row.thumb || !url) return;
    row.thumb = url;
    this.paint();
  }

  /** @param {number} by @returns {number | null} number of the row that far from the selected one */
  from(by) {
    const shown = this.shown;
    const place = shown.findIndex((row) => row.number === this.selected);
    if (place < 0) return shown[0]?.number ?? null;
    return shown[place + by]?.number ?? null;
  }

  /** @returns {number | null} the lead to look at once the open one is decided: the next that nobody has decided yet */
  following() {
    const shown = this.shown;
    const place = shown.findIndex((row) => row.number === this.selected);
    const open = (row) => row.number !== this.selected && this.marks.get(row.number) !== "sending";
    return (shown.slice(place + 1).find(open) ?? shown.slice(0, Math.max(place, 0)).reverse().find(open))?.number ?? null;
  }

  /** @param {number | null} number */
  select(number) {
    const left = this.selected;
    this.selected = number;
    if (left !== number && this.marks.get(left) === "decided_elsewhere") {
      this.marks.delete(left);
      this.rows = this.rows.filter((row) => row.number !== left);
    }
    this.paint();
    this.items.get(number)?.scrollIntoView({ block: "nearest" });
    const place = this.shown.findIndex((row) => row.number === number);
    if (this.next && place >= this.shown.length - 10) this.more().then(() => this.paint(), () => {});
  }

  // ---- on the screen

  narrow() {
    keepHabit("queue", { states: [...this.states], levels: [...this.levels], filter: this.filter.value });
    this.chips();
    this.paint();
    this.fill().then(() => this.paint(), () => {});
  }

  chips() {
    const toggle = (set, value, after) => () => {
      if (!set.delete(value)) set.add(value);
      after();
    };
    const again = () => {
      this.narrow();
      this.load().then(() => this.tell.changed(), () => {});
    };
    const states = page.states.map((state) => {
      const n = this.counts[state] ?? 0;
      return el("button", { type: "button", class: "chip", "aria-pressed": String(this.states.has(state)), on: { click: toggle(this.states, state, again) } }, word("state", state), el("b", { text: n >= 1000 ? "999+" : n }));
    });
    const levels = [3, 2, 1].map((level) =>
      el("button", { type: "button", class: `chip level-${level}`, "aria-pressed": String(this.levels.has(level)), text: t(`common.level_${level}`), on: { click: toggle(this.levels, level, () => this.narrow()) } }),
    );
    one("#states").replaceChildren(...states);
    one("#levels").replaceChildren(...levels);
  }

  /** Bring the rows on the screen up to date; the row that is looked at stays where it is on the screen. */
  paint() {
    const shown = this.shown;
    const anchor = this.items.get(this.selected) ?? [...this.items.values()].find((item) => item.getBoundingClientRect().bottom > this.box.getBoundingClientRect().top);
    const anchored = Number(anchor?.dataset.number);
    const before = anchor?.isConnected ? anchor.getBoundingClientRect().top : null;
    const wanted = new Map(shown.map((row) => [row.number, this.item(row)]));
    for (const [number, item] of this.items) if (wanted.get(number) !== item) item.remove();
    let last = null;
    for (const item of wanted.values()) {
      if ((last ? last.nextElementSibling : this.box.firstElementChild) !== item) {
        if (last) last.after(item);
        else this.box.prepend(item);
      }
      last = item;
    }
    this.items = wanted;
    this.box.querySelector(".empty")?.remove();
    if (!shown.length) this.box.append(el("li", { class: "empty" }, el("p", { text: t(this.rows.length ? "queue.none_match" : "queue.empty") }), el("p", { class: "small muted", text: t("queue.empty_hint") })));
    const after = this.items.get(anchored);
    if (before !== null && after) this.box.scrollTop += after.getBoundingClientRect().top - before;
    this.chips();
    this.showNew();
  }

  showNew() {
    const { top, bottom } = this.box.getBoundingClientRect();
    let above = 0;
    for (const number of this.fresh) {
      const place = this.items.get(number)?.getBoundingClientRect();
      if (place && place.bottom <= top + 4) above += 1;
      else if (!place || place.top < bottom) this.fresh.delete(number);
    }
    const button = one("#new-above");
    button.hidden = above === 0;
    button.textContent = t("queue.new_above", { n: above });
  }

  onScroll() {
    this.showNew();
    const { scrollTop, clientHeight, scrollHeight } = this.box;
    if (!this.next || this.loading || scrollTop + clientHeight < scrollHeight - 600) return;
    this.loading = true;
    this.more().then(() => this.paint(), () => {}).finally(() => (this.loading = false));
  }

  /** @param {Row} row @returns {HTMLElement} the row's element, made anew only where something in it has changed */
  item(row) {
    const mark = this.marks.get(row.number) ?? "";
    const told = JSON.stringify([row, mark]);
    const selected = String(row.number === this.selected);
    const known = this.items.get(row.number);
    if (known?.told === told) {
      known.setAttribute("aria-current", selected);
      return known;
    }
    const made = rowItem(row, mark);
    made.told = told;
    made.setAttribute("aria-current", selected);
    if (this.fresh.has(row.number)) {
      made.classList.add("new");
      setTimeout(() => made.classList.remove("new"), NEW_MS);
    }
    made.addEventListener("click", () => this.tell.open(row.number));
    return made;
  }

  /** Ages and due times go on by themselves. */
  tick() {
    for (const row of this.rows) {
      const item = this.items.get(row.number);
      if (item) tick(item, row);
    }
  }
}
