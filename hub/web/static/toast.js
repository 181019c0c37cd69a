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
  box.append(made);
  while (box.children.length > 4) (box.querySelector(".toast:not(.bad)") ?? box.firstChild).remove();
  if (!stays) setTimeout(leave, SHOWN_MS);
  return made;
}
