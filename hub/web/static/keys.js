/** All keys, in one place: what each does, and what people see of it. */
import { el, one } from "./dom.js";
import { t, word } from "./words.js";

/** Name of what a key does (text `queue.key_NAME`), its keys, and under which heading it is shown. */
const KEYS = [
  ["list", "next", ["j", "ArrowDown"]],
  ["list", "previous", ["k", "ArrowUp"]],
  ["list", "filter", ["/"]],
  ["film", "play", [" "]],
  ["film", "back_frame", [","]],
  ["film", "next_frame", ["."]],
  ["film", "back_second", ["ArrowLeft"]],
  ["film", "next_second", ["ArrowRight"]],
  ["film", "slower", ["["]],
  ["film", "faster", ["]"]],
  ["film", "loop", ["l"]],
  ["film", "overlay", ["o"]],
  ["film", "plate", ["z"]],
  ["film", "follow", ["v"]],
  ["film", "shot", ["1", "2", "3", "4", "5", "6", "7", "8", "9"]],
  ["film", "film", ["0", "Escape"]],
  ["page", "undo", ["u"]],
  ["page", "help", ["?"]],
];

/**
 * Keys and looks of the steps of a case. Steps that never are on offer together may share a key.
 * `ask`: without a reason or number to give, it is still asked whether it is meant, for others act on it at once.
 * @type {Record<string, {key: string, look?: string, ask?: boolean}>}
 */
export const ACTIONS = {
  confirm: { key: "y", look: "primary" },
  pass_technical: { key: "p", look: "primary" },
  pass_legal: { key: "p", look: "primary", ask: true },
  accept: { key: "y", look: "primary" },
  check: { key: "p", look: "primary" },
  file: { key: "p", look: "primary", ask: true },
  dispatch: { key: "s", look: "primary", ask: true },
  dispose: { key: "x", look: "primary" },
  reject: { key: "n", look: "danger" },
  return: { key: "r" },
  redo: { key: "r" },
  decline: { key: "n", look: "danger" },
  duplicate: { key: "d" },
  warn: { key: "w" },
  hand_over: { key: "h" },
  reopen: { key: "b" },
  other_act: { key: "a" },
  correct: { key: "e" },
  note: { key: "m" },
};

/** Another key for the step that takes an entry on, whatever its name: the same for everybody. */
const FORWARD = "y";
const FORWARD_STEPS = ["confirm", "accept", "pass_technical", "pass_legal", "check", "file"];

/** @param {KeyboardEvent} event @returns {string} the key, by its place on the board where an input method has taken it */
export function keyOf(event) {
  if (event.key !== "Process" && event.keyCode !== 229) return event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = /^(?:Key|Digit)(\w)$/.exec(event.code);
  return letter ? letter[1].toLowerCase() : ({ Comma: ",", Period: ".", Slash: event.shiftKey ? "?" : "/", Space: " " }[event.code] ?? "");
}

/** @param {import("./api.js").ActionOffer[]} offers @param {string} key @returns {string | null} action that the key means */
export function actionOf(offers, key) {
  const allowed = offers.filter((offer) => offer.code !== "roles");
  const found = allowed.find((offer) => ACTIONS[offer.action]?.key === key) ?? (key === FORWARD ? allowed.find((offer) => FORWARD_STEPS.includes(offer.action)) : null);
  return found?.action ?? null;
}

/**
 * Listen to keys and to buttons that bear their names (`data-key`).
 * @param {Record<string, (place?: number) => void>} does by name of the key; `shot` gets its number
 * @param {(key: string) => boolean} [other] told of every other key; true where it was meant
 */
export function listen(does, other = () => false) {
  const byKey = new Map(KEYS.flatMap(([, name, keys]) => keys.map((key) => [key, name])));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (typing) return;
    const key = keyOf(event);
    const name = byKey.get(key);
    // A button in focus keeps Space and Enter for itself, and a link Enter.
    if ((key === " " && event.target.closest("button, summary, a")) || key === "Enter") return;
    if (name && does[name]) {
      event.preventDefault();
      does[name](name === "shot" ? Number(key) : undefined);
    } else if (!event.repeat && other(key)) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-key]");
    if (!button || !does[button.dataset.key]) return;
    does[button.dataset.key]();
    button.blur();
  });
}

const SHOWN = { " ": "Space", ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };
const shown = (key) => el("kbd", { text: SHOWN[key] ?? (key.length === 1 ? key.toUpperCase() : key) });

/** Show or hide the list of keys. @param {import("./api.js").ActionOffer[]} offers of what is open @param {string[]} names that do something here */
export function help(offers, names) {
  const dialog = one("#keys");
  if (dialog.open) return dialog.close();
  const groups = ["list", "film", "decide", "page"].map((group) => {
    const rows = KEYS.filter(([of, name]) => of === group && names.includes(name)).map(([, name, keys]) => [
      name === "shot" ? [el("kbd", { text: "1" }), "–", el("kbd", { text: "9" })] : keys.map(shown),
      t(`queue.key_${name}`),
    ]);
    if (group === "decide") for (const offer of offers) if (ACTIONS[offer.action] && offer.code !== "roles") rows.push([[shown(ACTIONS[offer.action].key)], offer.label || word("action", offer.action)]);
    if (group === "page") rows.push([[shown("Enter")], t("queue.key_enter")], [[shown("Escape")], t("queue.key_leave")]);
    return rows.length && el("div", {}, el("h3", { text: t(`queue.group_${group}`) }), el("dl", {}, ...rows.flatMap(([keys, text]) => [el("dt", {}, ...keys), el("dd", { text })])));
  });
  const close = el("button", { type: "button", text: t("common.close"), autofocus: true, on: { click: () => dialog.close() } });
  dialog.replaceChildren(el("h2", { id: "keys-title", text: t("queue.key_help") }), el("div", { class: "key-groups" }, ...groups), el("p", { class: "buttons" }, close));
  dialog.onkeydown = (event) => {
    if (keyOf(event) === "?") dialog.close();
  };
  dialog.showModal();
}
