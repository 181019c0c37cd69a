/** What was done so far, and what else there is of the same act or the same vehicle. */
import { el } from "./dom.js";
import { section } from "./facts.js";
import { factName, values } from "./said.js";
import { clock, plateChip, stateChip, t, word } from "./words.js";

/** @param {import("./api.js").Row} row @returns {HTMLElement} one line that leads to the entry */
function line(row) {
  return el(
    "li",
    {},
    el("a", { href: `/entries/${row.number}`, target: "_blank", text: `#${row.number}` }),
    el("span", { text: `${clock(row.occurred_ms)} ${row.title}` }),
    plateChip(row.plate, row.plate_colour),
    stateChip(row.state),
  );
}

/** @param {any} correction @returns {string} */
function correctionText(correction) {
  return Object.entries(correction)
    .map(([name, value]) => (name === "box" ? t("entry.box_drawn") : `${factName(name)} → ${values(value)}`))
    .join("; ");
}

/** @param {import("./api.js").Step} step */
function stepLine(step) {
  const reason = [step.reason_text, step.other && `#${step.other}`, step.note, step.correction && correctionText(step.correction)].filter(Boolean).join(" — ");
  return el(
    "li",
    { class: step.undone ? "undone" : "" },
    el("time", { text: clock(step.at_ms) }),
    el("b", { text: step.user_name }),
    el("span", { text: word("action", step.action) }),
    step.from_state !== step.to_state && stateChip(step.to_state),
    reason && el("small", { text: reason }),
    step.undone && el("small", { class: "muted", text: t("entry.undone") }),
  );
}

/** @param {import("./api.js").Row[]} list */
const lines = (list) => (list.length ? el("ul", { class: "lines" }, ...list.map(line)) : null);

/** @param {import("./api.js").EntryDocument} document @returns {HTMLElement[]} other entries of the same act, if any */
export function sameAct({ row, same_act }) {
  const first = row.duplicate_of ? el("p", {}, t("entry.duplicate_of"), " ", el("a", { href: `/entries/${row.duplicate_of}`, text: `#${row.duplicate_of}` })) : null;
  return [section(t("entry.same_act"), first, lines(same_act))].filter(Boolean);
}

/** @param {import("./api.js").EntryDocument} document @returns {HTMLElement[]} its steps, and the vehicle's other entries */
export function pastPanel({ steps, same_act, history }) {
  const alike = new Set(same_act.map((row) => row.number));
  return [
    section(t("entry.steps"), steps.length ? el("ol", { class: "steps" }, ...steps.map(stepLine)) : null),
    section(t("entry.history"), lines(history.filter((row) => !alike.has(row.number)))),
  ].filter(Boolean);
}

/** @param {import("./api.js").EntryDocument} document @returns {HTMLElement} what a court or an engineer may ask for */
export function technical({ row, entry: lead, files }) {
  const size = (bytes) => (bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MiB` : `${Math.ceil(bytes / 1024)} KiB`);
  const fileRows = files.map((file) =>
    el(
      "tr",
      {},
      el("td", {}, file.held ? el("a", { href: file.url, target: "_blank", text: file.name }) : file.name),
      el("td", { class: "number", text: size(file.bytes) }),
      el("td", { text: t(file.held ? "entry.file_held" : file.gone ? "entry.file_gone" : file.wanted ? "entry.file_wanted" : "entry.file_at_box") }),
    ),
  );
  const ids = [
    [t("entry.entry_id"), row.entry_id],
    [t("entry.source"), row.source === "box" ? `${row.site_id} / ${row.box_id} / ${row.camera_id}` : row.source],
    [t("entry.received"), clock(row.received_ms)],
    ...(lead.models ?? []).map((model) => [model.name, `${model.provider} ${model.sha256.slice(0, 16)}`]),
    ...(lead.rules_sha256 ? [[t("entry.rules"), `${lead.act.rule_id} v${lead.act.rule_version} ${lead.rules_sha256.slice(0, 16)}`]] : []),
    ...(lead.evidence ? [[t("entry.chain"), `${lead.evidence.chain_seq} ${lead.evidence.manifest_sha256.slice(0, 16)}`]] : []),
    ...("clock_error_ms" in lead ? [[t("entry.clock_error"), lead.clock_error_ms === null ? t("common.unknown") : `${lead.clock_error_ms} ms`]] : []),
  ];
  return el(
    "details",
    { class: "technical" },
    el("summary", { text: t("entry.technical") }),
    el("table", { class: "facts-table" }, el("tbody", {}, ...ids.map(([name, value]) => el("tr", {}, el("th", { scope: "row", text: name }), el("td", { class: "mono", text: value }))))),
    el("table", { class: "facts-table" }, el("tbody", {}, ...fileRows)),
  );
}
