/** The facts beside the film: what was seen, what speaks against it, and what proves each. */
import { el } from "./dom.js";
import { factName, factValue, said, values } from "./said.js";
import { clock, figure, t, word } from "./words.js";

/**
 * @typedef {import("./api.js").EntryDocument} EntryDocument
 * @typedef {{proof: string | null, place: number | null}} Proof file that shows it, and its key in the strip
 */

const MAIN = ["mass_kg", "mass_effective_kg", "limit_kg", "registered_mass_kg", "over_kg", "over_percent", "fine_by_law"];

/** @param {string} title @param {...any} parts @returns {HTMLElement | null} nothing where there are no parts */
export function section(title, ...parts) {
  const there = parts.flat().filter(Boolean);
  return there.length ? el("section", {}, el("h3", { text: title }), ...there) : null;
}

/** @param {boolean | null} met */
const mark = (met) => (met === true ? ["yes", "✓"] : met === false ? ["no", "✗"] : ["open", "?"]);

/** @param {any[]} checks @param {string} [kind] class of the list */
function checkList(checks, kind = "") {
  if (!checks.length) return null;
  const rows = checks.map(({ what, met, found, wanted }) => {
    const [word_, sign] = mark(met);
    const more = [found && said("said", found), wanted && `${t("entry.wanted")} ${said("said", wanted)}`].filter(Boolean).join(" · ");
    const label = t(`entry.met_${word_}`);
    return el("li", { class: word_ }, el("b", { text: sign, title: label, "aria-label": label }), el("span", { text: said("what", what) }), more && el("small", { text: more }));
  });
  return el("ul", { class: `checks ${kind}` }, ...rows);
}

/** @param {any[]} facts @returns {any[]} facts with their doubt and their range laid to them */
export function gathered(facts) {
  const byName = new Map(facts.map((fact) => [fact.name, fact]));
  return facts
    .filter((fact) => !/_(doubt|low|high)$/.test(fact.name) || !byName.has(fact.name.replace(/_(doubt|low|high)$/, "")))
    .map((fact) => ({
      ...fact,
      doubt: byName.get(`${fact.name}_doubt`)?.value ?? null,
      low: byName.get(`${fact.name}_low`)?.value ?? null,
      high: byName.get(`${fact.name}_high`)?.value ?? null,
    }));
}

/** @param {any} fact @param {(name: string) => number} placeOf @param {(name: string) => void} show */
function factRow(fact, placeOf, show) {
  const place = fact.proof ? placeOf(fact.proof) : 0;
  const range = fact.low === null || fact.high === null ? "" : ` (${figure(fact.low)}–${figure(fact.high)})`;
  const sure = fact.confidence === null || fact.value === "unknown" ? "" : `${Math.round(fact.confidence * 100)}%`;
  const about = [sure, fact.shots ? t("entry.shots_n", { n: fact.shots }) : ""].filter(Boolean).join(" · ");
  const row = el(
    "tr",
    { class: fact.value === "unknown" ? "dim" : "", data: { fact: fact.name, ...(place ? { proof: fact.proof } : {}) } },
    el("th", { scope: "row", text: factName(fact.name) }),
    el("td", {}, factValue(fact) + range, fact.doubt && el("small", { class: "doubt", text: `⚠ ${said("doubt", fact.doubt)}` })),
    el("td", { class: "about", text: about }),
    el("td", { class: "proof" }, place ? el("button", { class: "proof-button", type: "button", title: t("entry.show_proof", { name: fact.proof }), text: place }) : null),
  );
  if (place) {
    row.classList.add("proved");
    row.addEventListener("click", () => show(fact.proof));
  }
  return row;
}

/** @param {any} weigh @param {Map<string, any>} facts */
function weighing(weigh, facts) {
  if (!weigh) return null;
  const figures = MAIN.filter((name) => facts.has(name)).map((name) =>
    el("div", { class: name.startsWith("over") ? "over" : "" }, el("dt", { text: factName(name) }), el("dd", { text: factValue(facts.get(name)) })),
  );
  if (!facts.has("mass_kg")) figures.unshift(el("div", {}, el("dt", { text: factName("mass_kg") }), el("dd", { text: factValue({ value: weigh.total_kg, unit: "kg" }) })));
  const yes = (value, key) => t(`entry.${key}_${value === null ? "open" : value ? "yes" : "no"}`);
  const about = [
    weigh.scale_class === null ? weigh.device_id : t("entry.scale", { id: weigh.device_id, grade: weigh.scale_class }),
    yes(weigh.certified, "certified"),
    yes(weigh.announced, "announced"),
    weigh.axle_count === null ? "" : t("entry.axles_n", { n: weigh.axle_count }),
    t("entry.matched", { share: Math.round(weigh.match_confidence * 100) }),
    clock(weigh.weighed_at, "time"),
  ].filter(Boolean);
  return [el("dl", { class: "figures" }, ...figures), el("p", { class: `small ${weigh.certified === false ? "bad-text" : "muted"}`, text: about.join(" · ") })];
}

/** @param {any} registry */
function register(registry) {
  if (!registry) return null;
  const told = [values(registry.answered), registry.plate, registry.use_nature && t("entry.use", { use: word("entry", `use_${registry.use_nature}`) })];
  const permits = registry.permits.length ? values(registry.permits.join(", ")) : t("entry.no_permits");
  const when = registry.as_of ? t(registry.stale ? "entry.as_of_stale" : "entry.as_of", { at: clock(registry.as_of) }) : "";
  return [
    el("p", { text: [...told.filter(Boolean), t("entry.permits", { permits })].join(" · ") }),
    el("p", { class: `small ${registry.stale ? "warn-text" : "muted"}`, text: [registry.source, when].filter(Boolean).join(" · ") }),
  ];
}

/** @param {any} lead @returns {string[]} what speaks against it or is not known */
function doubtsOf(lead) {
  const doubts = lead.evidence.missing.map((text) => said("doubt", text));
  if (lead.act.confidence === "unverified") doubts.push(t("entry.rule_unverified"));
  if (lead.weigh?.certified === false) doubts.push(t("entry.scale_not_certified"));
  if (lead.registry?.stale) doubts.push(t("entry.register_stale"));
  if (lead.registry?.answered === "unreachable") doubts.push(t("entry.register_unreachable"));
  return doubts;
}

/** @param {any} lead @param {import("./api.js").Row} row @returns {HTMLElement[]} what people have put right */
function corrected(lead, row) {
  const was = { plate: lead.vehicle?.plate?.text ?? lead.plate?.text ?? "", vehicle_class: lead.vehicle?.vehicle_class ?? lead.vehicle_class };
  return Object.entries(was)
    .filter(([name, value]) => row[name] !== undefined && row[name] !== value)
    .map(([name, value]) => el("p", { class: "corrected", text: t("entry.corrected_from", { name: factName(name), was: values(value || "unknown"), is: values(row[name]) }) }));
}

/** @param {any} lead @param {import("./api.js").Row} row @returns {HTMLElement[]} */
function opening(lead, row) {
  const act = lead.act ?? lead;
  const law = act.legal_basis?.length ? el("details", {}, el("summary", { text: t("entry.legal_basis") }), el("ul", {}, ...act.legal_basis.map((text) => el("li", { text })))) : null;
  const from = row.kind === "report" ? el("p", { class: "small muted", text: t("entry.reported_by", { source: row.source, reference: lead.reference ?? "—" }) }) : null;
  return [el("p", { class: "summary", text: act.summary }), from, law, ...corrected(lead, row)];
}

/**
 * @param {EntryDocument} document
 * @param {HTMLElement[]} past what was done so far, and other entries: it stands before the details
 * @param {{placeOf: (name: string) => number, show: (name: string) => void}} proofs key of a picture in the strip (0 where
 *   it is not there), and how to show it
 * @returns {HTMLElement[]}
 */
export function factsPanel({ row, entry: lead, updates }, past, { placeOf, show }) {
  const first = section(t("entry.suspected"), ...opening(lead, row));
  if (row.kind === "report") return [first, ...past].filter(Boolean);
  const facts = gathered(lead.facts);
  const byName = new Map(facts.map((fact) => [fact.name, fact]));
  const doubts = doubtsOf(lead);
  const rest = lead.weigh ? facts.filter((fact) => !MAIN.includes(fact.name)) : facts;
  // What is known comes before what is not, and what has a picture of its own before what has none.
  const weight = (fact) => (fact.value === "unknown" ? 2 : 0) + (fact.doubt ? 0 : 1) + (fact.confidence === null ? 1 : 0);
  const rows = [...rest].sort((a, b) => weight(a) - weight(b)).map((fact) => factRow(fact, placeOf, show));
  const unmet = (check) => (check.met === true ? 1 : 0);
  const again = updates.length ? t("entry.seen_again", { n: updates.length, at: clock(updates.at(-1).occurred_at) }) : "";
  return [
    first,
    section(t("entry.weighing"), weighing(lead.weigh, byName)),
    section(t("entry.doubts"), doubts.length ? el("ul", { class: "doubts" }, ...doubts.map((text) => el("li", { text }))) : null),
    ...past,
    section(t("entry.why"), checkList(lead.checks)),
    section(t("entry.facts"), el("table", { class: "facts-table" }, el("tbody", {}, ...rows))),
    section(t("entry.register"), register(lead.registry)),
    section(t("entry.grade_of", { grade: lead.evidence_grade }), checkList([...lead.grading].sort((a, b) => unmet(a) - unmet(b)), "grading")),
    section(t("entry.prior"), el("p", { text: lead.prior_count === null ? t("entry.prior_unknown") : t("entry.prior_n", { n: lead.prior_count }) }), again && el("p", { text: again })),
  ].filter(Boolean);
}
