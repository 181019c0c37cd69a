/** What a box says in its own words, in the language of who reads: by the texts of words/fact.yaml. */
import { figure, page, t } from "./words.js";

/** @param {string} kind @param {string} value */
const known = (kind, value) => page.words[`fact.${kind}.${value}`] ?? value;

/** @type {Record<string, [RegExp, string][]>} patterns of texts with changing parts, by kind */
const patterns = {};
for (const [key, text] of Object.entries(page.words)) {
  const found = /^fact\.(doubt|what|said)\.(.*\*.*)$/s.exec(key);
  if (!found) continue;
  const source = found[2].replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "(.*?)");
  (patterns[found[1]] ??= []).push([new RegExp(`^${source}$`, "s"), text]);
}

/** @param {string} text @returns {string} words between commas, each in our language */
export const values = (text) => String(text).split(", ").map((part) => known("value", part)).join(", ");

/**
 * @param {"doubt" | "what" | "said"} kind
 * @param {string} text
 * @returns {string} the text as our readers say it; as it came where there is no word for it
 */
export function said(kind, text) {
  const exact = page.words[`fact.${kind}.${text}`];
  if (exact !== undefined) return exact;
  for (const [pattern, words] of patterns[kind] ?? []) {
    const parts = pattern.exec(text)?.slice(1);
    if (parts) return words.replaceAll("*", () => values(parts.shift()));
  }
  return values(text);
}

/** @param {string} name */
export const factName = (name) => known("name", name);

/** @param {number} value @param {string | null} unit */
function measured(value, unit) {
  if (unit === "kg" && Math.abs(value) >= 1000) return `${figure(value / 1000, 2)} ${known("unit", "t")}`;
  if (unit === "%") return `${figure(value, 1)}%`;
  const shown = figure(value, unit === "km/h" ? 0 : 2);
  return unit ? `${shown} ${known("unit", unit)}` : shown;
}

/** @param {{value: unknown, unit?: string | null}} fact @returns {string} */
export function factValue({ value, unit = null }) {
  if (value === "unknown") return t("common.unknown");
  if (typeof value === "boolean") return t(value ? "common.yes" : "common.no");
  if (typeof value === "number") return measured(value, unit);
  return values(value);
}

/** @param {string} name of a vehicle's class */
export const className = (name) => known("value", name || "unknown");
