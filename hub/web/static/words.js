/** The page's data and texts, in the language of who looks, and times on the hub's clock in its local time. */
import { el, one } from "./dom.js";

/**
 * @typedef {object} PageData
 * @property {{id: number, name: string, display: string}} me
 * @property {string[]} permissions
 * @property {string[]} states states that wait for me
 * @property {string} language
 * @property {string} timezone
 * @property {number} now_ms the hub's time when the page was made
 * @property {Record<string, string>} words
 * @property {number} [number] the entry, on its page
 * @property {string} [purpose]
 */

/** @type {PageData} */
export const page = JSON.parse(one("#data").textContent);
const skewMs = page.now_ms - Date.now();
const locale = page.language === "zh" ? "zh-CN" : "en-GB";

/** @returns {number} now, by the hub's clock */
export const nowMs = () => Date.now() + skewMs;

/**
 * @param {string} key
 * @param {Record<string, unknown>} [values] what stands for `{name}` in the text
 */
export function t(key, values = {}) {
  const text = page.words[key];
  if (text === undefined) throw new Error(`there is no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** @param {string} part @param {string} value @returns {string} the text of a machine word; the word where none is */
export const word = (part, value) => page.words[`${part}.${value}`] ?? value;

const formats = {
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  day: { month: "2-digit", day: "2-digit" },
  full: { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
};
const made = new Map(
  Object.entries(formats).map(([name, parts]) => [
    name,
    new Intl.DateTimeFormat(locale, { ...parts, hour12: false, timeZone: page.timezone }),
  ]),
);

/** @param {number | string} at ms of UTC or ISO 8601 @param {"time" | "day" | "full"} [form] */
export const clock = (at, form = "full") => made.get(form).format(new Date(at));

const STEPS = [["days", 86_400_000], ["hours", 3_600_000], ["minutes", 60_000]];

/** @param {number} ms @returns {[string, number]} largest unit that it fills */
function rounded(ms) {
  for (const [unit, size] of STEPS) if (ms >= size) return [unit, Math.floor(ms / size)];
  return ["minutes", 0];
}

/** @param {number} atMs */
export function ago(atMs) {
  const past = nowMs() - atMs;
  if (past < 60_000) return t("common.seconds_ago");
  const [unit, n] = rounded(past);
  return t(`common.${unit}_ago`, { n });
}

/** @param {number} dueMs @returns {{text: string, late: boolean, soon: boolean}} */
export function due(dueMs) {
  const left = dueMs - nowMs();
  const [unit, n] = rounded(Math.abs(left));
  return { text: t(`common.${left < 0 ? "overdue" : "due"}_${unit}`, { n }), late: left < 0, soon: left < 1_800_000 };
}

/** @param {number} value @param {number} [digits] most digits behind the point */
export const figure = (value, digits = 2) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);

/** @param {string} text @param {string} colour @returns {HTMLElement} a plate that looks like one */
export function plateChip(text, colour) {
  if (!text) return el("span", { class: "plate plate-none", text: t("entry.no_plate") });
  const shown = /^\p{Script=Han}/u.test(text) ? `${text.slice(0, 2)}·${text.slice(2)}` : text;
  return el("span", { class: `plate plate-${colour || "unknown"}`, text: shown, data: { plate: text } });
}

/** @param {string} state */
export const stateChip = (state) => el("span", { class: `chip state-${state}`, text: word("state", state) });
