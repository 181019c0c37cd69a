/** The search: what is asked stands in the page's address, so it can be kept, sent and gone back to. */
import { ApiError, call, get, post } from "./api.js";
import { el, one } from "./dom.js";
import { keyOf } from "./keys.js";
import { className } from "./said.js";
import { toast } from "./toast.js";
import { clock, plateChip, stateChip, t } from "./words.js";

const LIMIT = 50;
const form = one("#fields");
const body = one("#results tbody");
let next = null;
let asked = "";
let rows = [];
let chosen = -1;
/** Counts questions, so that a late answer to an old one is not shown. */
let turn = 0;

/** @returns {string} the fields that are filled in, as a query */
function query() {
  const filled = [...new FormData(form)].filter(([, value]) => String(value).trim());
  return new URLSearchParams(filled.map(([name, value]) => [name, String(value).trim()])).toString();
}

/** @param {string | URLSearchParams} text a query @returns {void} the fields take what it says */
function fill(text) {
  const given = new URLSearchParams(text);
  for (const field of form.elements) if (field.name) field.value = given.get(field.name) ?? "";
}

/** @param {Error} error */
function fault(error) {
  if (!(error instanceof ApiError)) throw error;
  const box = one("#fault");
  box.hidden = false;
  box.textContent = error.status === 0 ? t("common.no_answer") : t("common.went_wrong", { status: error.status, detail: error.message });
}

/** @param {boolean} [on] whether to go on where the list ends */
async function search(on = false) {
  one("#fault").hidden = true;
  if (!on) {
    turn += 1;
    asked = query();
    history.replaceState(null, "", asked ? `?${asked}` : location.pathname);
    rows = [];
    chosen = -1;
  }
  const mine = turn;
  try {
    const answer = await get(`/api/search?${asked}&limit=${LIMIT}${on && next ? `&after=${encodeURIComponent(next)}` : ""}`);
    if (mine !== turn) return;
    rows.push(...answer.items);
    next = answer.next;
  } catch (error) {
    return fault(error);
  }
  // A page may be short while the hub is still walking: go on by itself until something is there to see.
  if (next && rows.length < LIMIT) {
    show();
    return search(true);
  }
  show();
}

function show() {
  body.replaceChildren(...rows.map(line));
  one("#more").hidden = !next;
  one("#count").textContent = rows.length ? t(next ? "search.found_more" : "search.found", { n: rows.length }) : next ? "…" : t("search.none");
  choose(Math.min(chosen, rows.length - 1));
}

/** @param {import("./api.js").Row} row */
function line(row) {
  const cells = [
    el("a", { href: `/entries/${row.number}`, text: `#${row.number}` }),
    clock(row.occurred_ms),
    el("span", { class: `chip level-${row.level}`, text: t(`common.level_${row.level}`) }),
    row.title,
    plateChip(row.plate, row.plate_colour),
    className(row.vehicle_class),
    row.place || row.source,
    stateChip(row.state),
    row.case_number ?? "",
  ];
  return el("tr", { on: { click: (event) => !event.target.closest("a") && location.assign(`/entries/${row.number}`) } }, ...cells.map((cell) => el("td", {}, cell)));
}

/** @param {number} place */
function choose(place) {
  chosen = place;
  [...body.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === place)));
  body.children[place]?.scrollIntoView({ block: "nearest" });
}

// ---- searches that are kept

async function showSaved() {
  const answer = await get("/api/searches");
  const items = answer.items.map((saved) =>
    el(
      "li",
      { class: "chip" },
      el("button", { type: "button", class: "link", text: saved.name, on: { click: () => { fill(new URLSearchParams(saved.query)); search(); } } }),
      el("button", { type: "button", class: "link", "aria-label": t("search.forget", { name: saved.name }), text: "✕", on: { click: () => call("DELETE", `/api/searches/${saved.id}`).then(showSaved).catch(fault) } }),
    ),
  );
  one("#saved").replaceChildren(...items);
}

function keep() {
  const dialog = one("#ask");
  const name = el("input", { name: "name", required: true, maxlength: 100, autocomplete: "off" });
  const submit = async (event) => {
    event.preventDefault();
    dialog.close();
    try {
      await post("/api/searches", { name: name.value.trim(), query: Object.fromEntries(new URLSearchParams(query())) });
      await showSaved();
      toast(t("search.saved"), { kind: "good" });
    } catch (error) {
      fault(error);
    }
  };
  dialog.replaceChildren(
    el(
      "form",
      { on: { submit } },
      el("h2", { id: "ask-title", text: t("search.keep") }),
      el("label", { class: "field" }, t("search.keep_as"), name),
      el("p", { class: "buttons" }, el("button", { type: "button", text: t("common.cancel"), on: { click: () => dialog.close() } }), el("button", { class: "primary", text: t("common.save") })),
    ),
  );
  dialog.showModal();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  search().then(() => rows.length && document.activeElement.blur());
});
form.addEventListener("reset", () => setTimeout(search));
one("#more").addEventListener("click", () => search(true));
one("#keep").addEventListener("click", keep);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const key = keyOf(event);
  if (key === "j" || key === "ArrowDown") choose(Math.min(chosen + 1, rows.length - 1));
  else if (key === "k" || key === "ArrowUp") choose(Math.max(chosen - 1, 0));
  else if (key === "Enter" && rows[chosen] && !event.target.closest("a, button")) location.assign(`/entries/${rows[chosen].number}`);
  else if (key === "/") form.elements.namedItem("plate").select();
  else return;
  event.preventDefault();
});

fill(location.search);
showSaved().catch(fault);
search();
