/** The questions before a step: why, which other entry, what is right. Answered with digits and Enter. */
import { el, one } from "./dom.js";
import { keyOf } from "./keys.js";
import { className } from "./said.js";
import { clock, page, plateChip, stateChip, t, word } from "./words.js";

const PURSUED = ["opened", "dispatched", "accepted", "disposed", "checked", "filed", "first_warning", "police"];

/**
 * @typedef {{reason?: string, note?: string, other?: number, correction?: any}} Answer what a step needs besides its name
 * @typedef {import("./api.js").EntryDocument} EntryDocument
 * @typedef {import("./api.js").ActionOffer} ActionOffer
 */

/**
 * @param {string} title
 * @param {{body: HTMLElement[], answer: () => Answer | null, pick?: (digit: number, typing: boolean) => Answer | null,
 *   hint?: string, beside?: boolean}} parts `answer` gives null while something lacks; `pick` answers at once by a digit;
 *   `beside` leaves the film usable
 * @returns {Promise<Answer | null>} null where the person left
 */
function ask(title, { body, answer, pick, hint = t("queue.enter_hint"), beside = false }) {
  const dialog = one("#ask");
  return new Promise((resolve) => {
    const leave = (given) => {
      // What had the focus goes with the dialog, and keys belong to the page again at once.
      if (dialog.contains(window.document.activeElement)) window.document.activeElement.blur();
      dialog.close();
      resolve(given);
    };
    const finish = (given) => given !== null && leave(given);
    const submit = (event) => {
      event.preventDefault();
      finish(answer());
    };
    const form = el(
      "form",
      { on: { submit } },
      el("h2", { id: "ask-title", text: title }),
      ...body,
      el("p", { class: "small muted", text: hint }),
      el("p", { class: "buttons" }, el("button", { type: "button", text: t("common.cancel"), on: { click: () => leave(null) } }), el("button", { class: "primary", text: t("common.send") })),
    );
    dialog.replaceChildren(form);
    dialog.className = beside ? "beside" : "";
    dialog.oncancel = (event) => {
      event.preventDefault();
      leave(null);
    };
    dialog.onkeydown = (event) => {
      const typing = Boolean(event.target.closest("input:not([type=radio]), textarea, select"));
      const key = keyOf(event);
      if (key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        leave(null);
      } else if (key === "Enter" && !event.isComposing && !event.target.closest("button")) {
        event.preventDefault();
        finish(answer());
      } else if (pick && /^[1-9]$/.test(key)) {
        const picked = pick(Number(key), typing);
        if (!picked) return;
        event.preventDefault();
        leave(picked);
      }
    };
    if (beside) dialog.show();
    else dialog.showModal();
    const first = dialog.querySelector("[autofocus]") ?? dialog.querySelector("input, textarea, select, .primary");
    first?.focus();
    first?.select?.();
  });
}

/** @param {string} label @param {boolean} [required] @param {boolean} [first] whether it gets the focus */
function noteField(label, required = false, first = false) {
  const area = el("textarea", { name: "note", rows: 2, maxlength: 2000, required, autofocus: first });
  return { area, field: el("label", { class: "field" }, label, area) };
}

/** @param {ActionOffer} offer @returns {Promise<Answer | null>} */
function askReason(offer) {
  const choices = offer.reasons.map(({ code, text }, i) =>
    el("label", { class: "choice" }, el("input", { type: "radio", name: "reason", value: code, checked: i === 0, autofocus: i === 0 }), el("kbd", { text: i < 9 ? i + 1 : "" }), text),
  );
  const note = noteField(t("queue.note"));
  const chosen = () => ({ reason: one("input:checked", list).value, note: note.area.value.trim() });
  const list = el("fieldset", { class: "choices" }, ...choices);
  return ask(t("queue.ask_reason", { action: offer.label }), {
    body: [list, note.field],
    answer: chosen,
    pick: (digit, typing) => (typing || !offer.reasons[digit - 1] ? null : { reason: offer.reasons[digit - 1].code, note: note.area.value.trim() }),
    hint: t("queue.digits_hint"),
  });
}

/** @param {EntryDocument} document @returns {import("./api.js").Row[]} entries it may repeat, likeliest first */
export function likelyOthers({ row, same_act }) {
  const rank = (other) => (PURSUED.includes(other.state) ? 0 : 2) + (other.case_number ? 0 : 1);
  return same_act.filter((other) => other.number !== row.number && other.state !== "duplicate" && other.state !== "false_alarm").sort((a, b) => rank(a) - rank(b) || a.number - b.number);
}

/** @param {ActionOffer} offer @param {EntryDocument} document @returns {Promise<Answer | null>} */
function askOther(offer, document) {
  const others = likelyOthers(document).slice(0, 9);
  const input = el("input", { name: "other", inputmode: "numeric", pattern: "[0-9]+", required: true, value: others[0]?.number ?? "", autofocus: true });
  const take = (number) => {
    input.value = number;
    for (const line of lines) line.setAttribute("aria-pressed", String(line.dataset.number === String(number)));
  };
  const lines = others.map((row) =>
    el("button", { type: "button", class: "choice", tabindex: -1, data: { number: String(row.number) }, on: { click: () => take(row.number) } }, `#${row.number}`, el("span", { text: `${clock(row.occurred_ms)} ${row.title}` }), plateChip(row.plate, row.plate_colour), stateChip(row.state)),
  );
  if (others.length) take(others[0].number);
  input.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || !others.length) return;
    event.preventDefault();
    const now = others.findIndex((row) => String(row.number) === input.value);
    take(others[Math.min(Math.max(now + by, 0), others.length - 1)].number);
  });
  const reasons = offer.needs_reason ? el("select", { name: "reason" }, ...offer.reasons.map(({ code, text }) => el("option", { value: code, text }))) : null;
  const note = noteField(offer.needs_note ? t("queue.note_text") : t("queue.note"), Boolean(offer.needs_note));
  return ask(offer.action === "duplicate" ? t("queue.ask_duplicate") : offer.label, {
    body: [el("div", { class: "choices" }, ...lines), el("label", { class: "field" }, t("queue.other_number"), input), reasons && el("label", { class: "field" }, offer.label, reasons), note.field].filter(Boolean),
    answer: () => {
      if (!/^\d+$/.test(input.value.trim()) || !note.area.reportValidity()) return null;
      return { other: Number(input.value), note: note.area.value.trim(), ...(reasons ? { reason: reasons.value } : {}) };
    },
  });
}

/** @param {ActionOffer} offer @returns {Promise<Answer | null>} */
function askNote(offer) {
  const note = noteField(t("queue.note_text"), true, true);
  return ask(offer.label, { body: [note.field], answer: () => (note.area.reportValidity() ? { note: note.area.value.trim() } : null) });
}

/** @param {string} name @param {string[]} values @param {(value: string) => string} text @param {string} now */
function choice(name, values, text, now) {
  return el("select", { name }, ...[...new Set([now, ...values])].map((value) => el("option", { value, text: text(value), selected: value === now })));
}

/**
 * @param {ActionOffer} offer
 * @param {EntryDocument} document
 * @param {{takeBox: (taken: (box: number[], clip: number) => void) => void, leaveBox: () => void}} film
 * @returns {Promise<Answer | null>}
 */
async function askCorrection(offer, { row, entry }, film) {
  const axles = entry.facts?.find((fact) => fact.name === "axle_count")?.value;
  const was = { plate: row.plate, plate_type: row.plate_type || "unknown", vehicle_class: row.vehicle_class || "unknown", axle_count: typeof axles === "number" ? String(axles) : "" };
  const types = Object.keys(page.words).filter((key) => key.startsWith("fact.type.")).map((key) => key.slice("fact.type.".length));
  const fields = {
    plate: el("input", { name: "plate", value: was.plate, maxlength: 16, autocomplete: "off", autofocus: true }),
    plate_type: choice("plate_type", types, (value) => word("fact", `type.${value}`).replace(/^type\./, ""), was.plate_type),
    vehicle_class: choice("vehicle_class", [...page.classes, "unknown"], className, was.vehicle_class),
    axle_count: el("input", { name: "axle_count", type: "number", min: 1, max: 20, value: was.axle_count }),
  };
  let box = null;
  const told = el("span", { class: "small muted", text: t("queue.box_hint") });
  film.takeBox((drawn, clip) => {
    box = [Number(clip.toFixed(3)), ...drawn.map((value) => Number(value.toFixed(1)))];
    told.textContent = t("queue.box_taken", { at: clip.toFixed(2) });
  });
  const note = noteField(t("queue.note"));
  const labels = Object.entries(fields).map(([name, field]) => el("label", { class: "field" }, word("fact", `name.${name}`), field));
  const answer = await ask(offer.label, {
    body: [el("div", { class: "fields" }, ...labels), el("p", { class: "box-told" }, told), note.field],
    beside: true,
    answer: () => {
      const correction = Object.fromEntries(Object.entries(fields).filter(([name, field]) => field.value.trim() !== was[name]).map(([name, field]) => [name, name === "axle_count" ? Number(field.value) : field.value.trim()]));
      if (correction.axle_count === 0) delete correction.axle_count;
      if (box) correction.box = box;
      if (Object.keys(correction).length) return { correction, note: note.area.value.trim() };
      told.textContent = t("queue.nothing_changed");
      return null;
    },
  });
  film.leaveBox();
  return answer;
}

/**
 * Ask what a step needs.
 * @param {ActionOffer} offer
 * @param {EntryDocument} document
 * @param {import("./film.js").Film} film where a box can be drawn
 * @param {boolean} sure whether it must be asked even where nothing is needed
 * @returns {Promise<Answer | null>} null where the person left
 */
export function askFor(offer, document, film, sure) {
  if (offer.action === "correct") return askCorrection(offer, document, film);
  if (offer.needs_other) return askOther(offer, document);
  if (offer.needs_reason) return askReason(offer);
  if (offer.needs_note || offer.action === "note") return askNote(offer);
  if (!sure) return Promise.resolve({});
  const note = noteField(t("queue.note"));
  return ask(t("queue.ask_sure", { action: offer.label }), { body: [el("p", { text: `#${document.row.number} ${document.row.title}` }), note.field], answer: () => ({ note: note.area.value.trim() }) });
}
