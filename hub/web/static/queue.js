/** The review page: the queue, the lead that is open, and what is decided of it. One document from morning to night. */
import { Desk, tellFault, watchSession } from "./desk.js";
import { one } from "./dom.js";
import { Cupboard } from "./evidence.js";
import { filmKeys } from "./keyboard.js";
import { actionOf, help, listen } from "./keys.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { toast } from "./toast.js";
import { Viewer } from "./viewer.js";
import { clock, t, word } from "./words.js";

/** So many leads ahead are fetched before they are asked for, and so many behind are kept. */
const AHEAD = 2;
const SETTLE_MS = 250;

const phone = matchMedia("(max-width: 700px)");
const cupboard = new Cupboard("review");
const list = new List({ open: (number) => open(number), changed: () => openFirst() });
const viewer = new Viewer({ act: (action) => act(action), fault: tellFault });
const live = new Live({ changed, presence, state: lineState, again: () => changed([viewer.evidence?.number ?? 0]) });
const desk = new Desk({ online: () => live.online, viewer, leave, settled, failed: (number) => list.mark(number, "not_sent"), open: (number) => open(number) });

/** @param {number} number @param {boolean} [push] whether the browser's way back leads to the list */
async function open(number, push = phone.matches) {
  performance.mark("open:asked");
  const evidence = cupboard.of(number);
  const row = list.rows.find((other) => other.number === number) ?? null;
  const before = document.body.classList.contains("lead-open");
  document.body.classList.add("lead-open");
  if (list.marks.get(number) === "not_sent") list.marks.delete(number);
  list.select(number);
  live.at(number);
  if (push && !before) history.pushState({ number }, "", `#${number}`);
  else history.replaceState({ number }, "", `#${number}`);
  await viewer.open(evidence, row);
  performance.measure("lead-open", "open:asked");
  if (viewer.evidence !== evidence) return;
  showPresence(number, evidence.document?.viewers ?? []);
  list.thumb(number, evidence.pictures.find((file) => file.held)?.url);
  await cupboard.keep([number, ...Array.from({ length: AHEAD }, (_, i) => list.from(i + 1)), list.from(-1)].filter((n) => n !== null));
}

function close() {
  document.body.classList.remove("lead-open");
  live.at(null);
  viewer.close();
  list.select(null);
}

function openFirst() {
  const number = list.shown[0]?.number ?? null;
  if (phone.matches) return;
  if (number === null) close();
  else if (!list.shown.some((row) => row.number === list.selected)) open(number);
}

/** @param {number} by */
function move(by) {
  const number = list.from(by);
  if (number !== null && number !== list.selected) open(number);
}

// ---- deciding

/** @param {string} action */
function act(action) {
  if (viewer.evidence) desk.act(viewer.evidence, action);
}

/** The decision of a lead is on its way: on to the next. @param {number} number */
function leave(number) {
  const next = list.following();
  list.marks.set(number, "sending");
  if (next !== null) open(next, false);
  else {
    close();
    list.paint();
    if (phone.matches && location.hash) history.back();
  }
}

/** @param {import("./api.js").EntryDocument} document as the hub has taken it */
function settled(document) {
  const { number } = document.row;
  list.update(document.row);
  if (!list.rows.some((row) => row.number === number)) list.refresh().catch(tellFault);
  if (viewer.evidence?.number === number) {
    viewer.evidence.take(document);
    viewer.show();
  } else cupboard.forget(number);
}

// ---- what comes from outside

let waiting = null;
const heard = new Set();

/** @param {number[]} numbers */
function changed(numbers) {
  for (const number of numbers) heard.add(number);
  waiting ??= setTimeout(async () => {
    waiting = null;
    const told = [...heard];
    heard.clear();
    const openNow = viewer.evidence?.number;
    for (const number of told) if (number !== openNow && !desk.pending.has(number)) cupboard.forget(number);
    try {
      await list.refresh();
      if (told.includes(openNow) && !desk.pending.has(openNow)) await recheck();
    } catch (error) {
      tellFault(error);
    }
    if (list.selected === null && !viewer.evidence) openFirst();
  }, SETTLE_MS);
}

/** The open lead may have been changed by somebody else: say so at once, without taking it away. */
async function recheck() {
  const before = viewer.evidence.document?.row.version;
  const document = await viewer.reload();
  if (!document || document.row.version === before) return;
  const last = document.steps.at(-1);
  if (!last || desk.done.includes(document.row.number)) return;
  const told = { who: last.user_name, at: clock(last.at_ms, "time"), action: word("action", last.action), state: word("state", document.row.state) };
  viewer.banner(t("queue.is_now", told));
}

/** @param {number} number @param {string[]} viewers */
function presence(number, viewers) {
  list.viewers(number, viewers);
  showPresence(number, viewers);
}

/** @param {number} number @param {string[]} viewers */
function showPresence(number, viewers) {
  if (viewer.evidence?.number === number) viewer.showViewers(viewers);
}

/** @param {"live" | "connecting" | "off"} state */
function lineState(state) {
  const box = one("#link-state");
  box.textContent = t(`queue.${state}`);
  box.dataset.state = state;
  document.body.classList.toggle("offline", state === "off");
  if (state === "off") one("#toasts").dataset.lost ??= (toast(t("common.offline"), { kind: "bad" }), "yes");
  else if (state === "live" && one("#toasts").dataset.lost) {
    delete one("#toasts").dataset.lost;
    one("#toasts").querySelectorAll(".bad").forEach((told) => told.textContent.includes(t("common.offline")) && told.remove());
    toast(t("common.online_again"), { kind: "good" });
  }
}

// ---- keys

const does = {
  ...filmKeys(viewer.film),
  next: () => move(1),
  previous: () => move(-1),
  filter: () => list.filter.select(),
  undo: () => desk.undo(),
  help: () => help(viewer.evidence?.document?.actions ?? [], Object.keys(does)),
};
listen(does, (key) => {
  const action = actionOf(viewer.evidence?.document?.actions ?? [], key);
  if (action) act(action);
  return action !== null;
});

one("#back").hidden = false;
one("#back").addEventListener("click", () => history.back());
addEventListener("popstate", () => {
  const number = Number(location.hash.slice(1));
  if (number) open(number, false);
  else close();
});

watchSession();
const asked = Number(location.hash.slice(1));
list.load().then(() => (asked ? open(asked, false) : openFirst()), tellFault);
