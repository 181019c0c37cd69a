/** Where decisions are made: asked, sent, told of, taken back. What the hub did not take is never passed over. */
import { ApiError, get, post } from "./api.js";
import { askFor } from "./ask.js";
import { el } from "./dom.js";
import { ACTIONS } from "./keys.js";
import { toast } from "./toast.js";
import { clock, t, word } from "./words.js";

/** Steps after which one stays with the entry. */
const STAYS = new Set(["correct", "note", "other_act"]);
const DONE_KEY = "lushao.done";
const DONE_MOST = 50;

export class Desk {
  /**
   * @param {{online: () => boolean, viewer: import("./viewer.js").Viewer, leave: (number: number) => void,
   *   settled: (document: import("./api.js").EntryDocument, left: boolean) => void,
   *   failed: (number: number) => void, open: (number: number) => void}} world `leave`: the decision is on its way, go on;
   *   `settled`: the hub has taken it; `failed`: it has not
   */
  constructor(world) {
    this.world = world;
    /** Decisions on their way, by number. @type {Map<number, Promise<unknown>>} */
    this.pending = new Map();
    /** Numbers that I decided, the last at the end: what undo goes back over. @type {number[]} */
    this.done = JSON.parse(sessionStorage.getItem(DONE_KEY) ?? "[]");
    window.addEventListener("beforeunload", (event) => this.pending.size && event.preventDefault());
  }

  /** @param {import("./evidence.js").Evidence} evidence @param {string} action @param {import("./ask.js").Answer} [given] */
  async act(evidence, action, given) {
    const offer = evidence.document?.actions.find((other) => other.action === action);
    if (!offer || this.pending.has(evidence.number)) return;
    if (!offer.allowed) return this.refused(evidence.number, offer.label, offer.why_not);
    if (!this.world.online()) return this.refused(evidence.number, offer.label, t("queue.offline"));
    const { version } = evidence.document.row;
    const answer = given ?? (await askFor(offer, evidence.document, this.world.viewer.film, Boolean(ACTIONS[action]?.ask)));
    if (answer === null) return;
    const stays = STAYS.has(action);
    const sent = this.send(evidence, offer, { action, version, ...answer }, stays);
    if (!stays) this.world.leave(evidence.number);
    await sent;
  }

  /** @param {import("./evidence.js").Evidence} evidence @param {import("./api.js").ActionOffer} offer @param {object} step @param {boolean} stays */
  async send(evidence, offer, step, stays) {
    const { number } = evidence;
    const sending = post(`/api/entries/${number}/actions`, step, { keepalive: true });
    this.pending.set(number, sending);
    try {
      const document = await sending;
      evidence.take(document);
      this.remember(number);
      const button = document.undo ? { text: t("queue.undo"), key: "U", press: () => this.undo(number) } : undefined;
      toast(t("queue.done", { n: number, action: offer.label }), { kind: "good", button });
      this.world.settled(document, !stays);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.world.failed(number);
      await this.tellWhy(evidence, offer, error);
    } finally {
      this.pending.delete(number);
    }
  }

  // ---- refusals

  /** @param {number} number @param {string} action @param {string} why @param {{text: string, press: () => void}} [button] */
  refused(number, action, why, button) {
    toast(t("queue.refused", { n: number, action, why }), { kind: "bad", button });
  }

  /** @param {import("./evidence.js").Evidence} evidence @param {import("./api.js").ActionOffer} offer @param {ApiError} error */
  async tellWhy(evidence, offer, error) {
    const { number } = evidence;
    const back = { text: t("queue.open_it"), press: () => this.world.open(number) };
    if (error.status === 0) return this.refused(number, offer.label, t("queue.offline"), back);
    if (error.code === "stale" || error.code === "not_now") return this.refused(number, offer.label, await this.whoWasFirst(evidence, error), back);
    if (error.code === "same_act" && error.other) {
      const button = { text: t("queue.as_duplicate", { n: error.other }), press: () => this.asDuplicate(evidence, error.other) };
      return this.refused(number, offer.label, t("queue.same_act_by", { n: error.other }), button);
    }
    const known = { four_eyes: t("queue.four_eyes"), no_warning: t("queue.no_warning"), same_act: t("queue.same_act") }[error.code];
    return this.refused(number, offer.label, error.message || known || (error.status === 403 ? t("queue.forbidden") : String(error.status)), back);
  }

  /** @param {import("./evidence.js").Evidence} evidence @param {ApiError} error @returns {Promise<string>} who decided what in the meantime */
  async whoWasFirst(evidence, error) {
    try {
      const { steps } = await get(`/api/entries/${evidence.number}?purpose=${evidence.purpose}`);
      const last = steps.at(-1);
      if (last) return t("queue.stale_by", { who: last.user_name, at: clock(last.at_ms, "time"), action: word("action", last.action) });
    } catch {
      // The hub's own words have to do.
    }
    return error.message || t("queue.stale");
  }

  /** @param {import("./evidence.js").Evidence} evidence @param {number} other */
  async asDuplicate(evidence, other) {
    const document = await evidence.reload();
    if (document.actions.some((offer) => offer.action === "duplicate" && offer.allowed)) this.act(evidence, "duplicate", { other });
    else this.world.open(evidence.number);
  }

  // ---- taking back

  /** @param {number} number */
  remember(number) {
    this.done = [...this.done.filter((other) => other !== number), number].slice(-DONE_MOST);
    sessionStorage.setItem(DONE_KEY, JSON.stringify(this.done));
  }

  /** Take my last step back. @param {number} [number] of the entry; by default the one that I decided last */
  async undo(number = this.done.at(-1)) {
    if (number === undefined) return toast(t("queue.nothing_to_undo"));
    await this.pending.get(number)?.catch(() => {});
    const label = word("action", "undo");
    if (!this.world.online()) return this.refused(number, label, t("queue.offline"));
    try {
      const { row } = await get(`/api/entries/${number}?purpose=review`);
      const document = await post(`/api/entries/${number}/actions`, { action: "undo", version: row.version });
      toast(t("queue.undone", { n: number }), { kind: "good" });
      this.world.settled(document, false);
      this.world.open(number);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.refused(number, label, error.status === 0 ? t("queue.offline") : error.message);
    } finally {
      this.done = this.done.filter((other) => other !== number);
      sessionStorage.setItem(DONE_KEY, JSON.stringify(this.done));
    }
  }
}

/** @param {Error} error @returns {HTMLElement | undefined} any other call that failed, told of once */
export function tellFault(error) {
  if (error.name === "AbortError") return undefined;
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) return undefined;
  return toast(error.status === 0 ? t("common.no_answer") : t("common.went_wrong", { status: error.status, detail: error.message }), { kind: "bad", stays: false });
}

/** The log-in is over: say so, with the way back to this very place. */
export function watchSession() {
  let told = false;
  document.addEventListener("lushao:logged-out", () => {
    if (told) return;
    told = true;
    const link = el("a", { class: "button small primary", href: `/login?next=${encodeURIComponent(location.pathname)}`, text: t("common.log_in_again") });
    toast("", { kind: "bad" }).querySelector("span").replaceChildren(link);
  });
}
