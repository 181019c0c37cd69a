/** Short words at the edge of the page: what was done, with undo; what was refused, until it is read. */
import { el, one } from "./dom.js";
import { t } from "./words.js";

const SHOWN_MS = 8000;

/**
 * @param {string} text
 * @param {{kind?: "good" | "bad" | "", stays?: boolean, button?: {text: string, key?: string, press: () => void}}} [options]
 * @returns {HTMLElement}
 */
export function toast(text, { kind = "", stays = kind === "bad", button } = {}) {
  const leave = () => made.remove();
  const made = el(
    "div",
    { class: `toast ${kind}`, role: kind === "bad" ? "alert" : null },
    el("span", { text }),
    button &&
      el("button", { type: "button", class: "small", on: { click: () => { leave(); button.press(); } } }, button.text, button.key && el("kbd", { text: button.key })),
    el("button", { type: "button", class: "link", "aria-label": t("common.close"), text: "✕", on: { click: leave } }),
  );
  const box = one("#toasts");
  // The last word is enough; but what was refused stays until it is read.
  for (const older of box.querySelectorAll(".toast:not(.bad)")) older.remove();
  box.append(made);
  if (!stays) setTimeout(leave, SHOWN_MS);
  return made;
}
