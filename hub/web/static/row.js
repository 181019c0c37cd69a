/** One row of the queue: the gravity as a bar, the picture, what, who, where, and until when. */
import { el, one } from "./dom.js";
import { className } from "./said.js";
import { ago, clock, due, page, plateChip, stateChip, t } from "./words.js";

/** @typedef {import("./api.js").Row} Row */

/** @param {HTMLElement} made @param {number} dueMs */
function setDue(made, dueMs) {
  const { text, late, soon } = due(dueMs);
  made.textContent = text;
  made.className = `due ${late ? "late" : soon ? "soon" : ""}`;
}

/** @param {HTMLElement} item @param {Row} row time has gone on */
export function tick(item, row) {
  one(".age", item).textContent = ago(row.occurred_ms);
  if (row.due_ms !== null) setDue(one(".due", item), row.due_ms);
}

/** @param {Row} row @param {string} mark what becomes of it just now @returns {HTMLElement} */
export function rowItem(row, mark) {
  const thumb = row.thumb ? el("img", { class: "thumb", src: row.thumb, alt: "", loading: "lazy", decoding: "async" }) : el("span", { class: "thumb none", text: row.code || "—" });
  const dueBox = el("span", { class: "due" });
  if (row.due_ms !== null) setDue(dueBox, row.due_ms);
  return el(
    "li",
    { class: `row bar-${row.level} ${mark}`, data: { number: row.number } },
    thumb,
    el(
      "div",
      { class: "row-text" },
      el("div", { class: "row-title" }, el("b", { text: row.title }), row.state !== page.states[0] && stateChip(row.state), row.repeats > 0 && el("span", { class: "chip", text: t("entry.repeats", { n: row.repeats + 1 }) })),
      el("div", { class: "row-who" }, plateChip(row.plate, row.plate_colour), el("span", { text: className(row.vehicle_class) })),
      el("div", { class: "row-where", text: row.place || row.source }),
      el(
        "div",
        { class: "row-when" },
        el("span", { class: "age", text: ago(row.occurred_ms), title: clock(row.occurred_ms) }),
        dueBox,
        row.evidence === 1 && el("span", { class: "away", text: t("queue.evidence_coming") }),
        mark && el("span", { class: `chip mark ${mark}`, text: t(`queue.${mark}`) }),
        row.viewers.length > 0 && el("span", { class: "viewers", text: `◉ ${row.viewers.join(", ")}` }),
      ),
    ),
  );
}
