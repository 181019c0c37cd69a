/** Word from the hub as things change, who else is looking, and whether the hub can be reached at all. */
import { get, post } from "./api.js";

const PRESENCE_MS = 5000;
/** Who has touched neither key nor pointer for so long is not looking. */
const AWAY_MS = 120_000;
/** A hidden page lets its line go after this long: browsers give a site few of them. */
const HIDDEN_MS = 30_000;
const AGAIN_MS = [1000, 2000, 4000, 8000, 15_000];

export class Live {
  /**
   * @param {{changed: (numbers: number[]) => void, presence: (number: number, viewers: string[]) => void,
   *   state: (state: "live" | "connecting" | "off") => void, again: () => void}} tell `again`: the line is back after a
   *   gap, and anything may have changed
   */
  constructor(tell) {
    this.tell = tell;
    this.state = "connecting";
    this.tries = 0;
    this.number = null;
    this.open();
    window.addEventListener("offline", () => this.lost());
    window.addEventListener("online", () => this.retry(0));
    document.addEventListener("visibilitychange", () => this.onVisible());
    this.touchedMs = Date.now();
    for (const event of ["keydown", "pointerdown", "pointermove", "wheel"]) {
      window.addEventListener(event, () => (this.touchedMs = Date.now()), { passive: true, capture: true });
    }
    setInterval(() => this.sayPresent(), PRESENCE_MS);
  }

  get online() {
    return this.state !== "off" && navigator.onLine;
  }

  open() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = new EventSource("/api/live");
    this.source.onopen = () => {
      const gap = this.tries > 0 || this.closed;
      this.tries = 0;
      this.closed = false;
      this.set("live");
      if (gap) this.tell.again();
    };
    this.source.onmessage = (event) => {
      const told = JSON.parse(event.data);
      if (told.type === "changed") (told.more ? this.tell.again() : this.tell.changed(told.numbers));
      else if (told.type === "presence") this.tell.presence(told.number, told.viewers);
    };
    this.source.onerror = () => this.lost();
  }

  lost() {
    this.set("off");
    // The line does not say why it broke; a call finds out whether the log-in is over.
    if (navigator.onLine) get("/api/searches").catch(() => {});
    this.source.close();
    this.retry(AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)]);
    this.tries += 1;
  }

  /** @param {number} afterMs */
  retry(afterMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), afterMs);
  }

  /** @param {"live" | "connecting" | "off"} state */
  set(state) {
    if (state === this.state) return;
    this.state = state;
    this.tell.state(state);
  }

  onVisible() {
    clearTimeout(this.hiding);
    if (!document.hidden) {
      if (this.closed) this.open();
      this.sayPresent();
      return;
    }
    this.hiding = setTimeout(() => {
      clearTimeout(this.timer);
      this.source.close();
      this.closed = true;
    }, HIDDEN_MS);
  }

  /** @param {number | null} number the entry that is open now */
  at(number) {
    this.number = number;
    this.sayPresent();
  }

  async sayPresent() {
    const number = this.number;
    if (number === null || document.hidden || !this.online || Date.now() - this.touchedMs > AWAY_MS) return;
    try {
      const { viewers } = await post(`/api/entries/${number}/presence`);
      if (number === this.number) this.tell.presence(number, viewers);
    } catch {
      // Who else looks is a courtesy; that the hub is away is told by the line.
    }
  }
}
