/** The live wall: asks the hub every few seconds while it can be seen, and loads a picture only when it is newer. */
import { get } from "./api.js";
import { el, one } from "./dom.js";
import { clock, t } from "./words.js";

const EVERY_MS = 3000;
const OLD_PICTURE_S = 120; // a running camera's picture older than this is marked
const CLOCK_OFF_MS = 500; // clock errors beyond this are marked
const MANY_LEADS = 100;
const OLD_LEAD_S = 300;

const grid = one("#grid");
const large = one("#large");
const cards = new Map();
const inSight = new Set();
let seen = null; // the last answer, and when it came by this browser's steady clock
let shownLarge = null;

const say = (key, values) => t(`wall.${key}`, values);
const hubNow = () => seen.wall.now_ms + performance.now() - seen.at;
const seconds = (ms) => Math.max(0, (hubNow() - ms) / 1000);

function ago(age) {
  if (age < 60) return say("seconds_ago", { n: Math.round(age) });
  if (age < 3600) return say("minutes_ago", { n: Math.floor(age / 60) });
  if (age < 86400) return say("hours_ago", { n: Math.floor(age / 3600) });
  return say("days_ago", { n: Math.floor(age / 86400) });
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const sight = new IntersectionObserver((changes) => {
  for (const change of changes) {
    const card = cards.get(change.target.dataset.id);
    if (!card) continue;
    if (change.isIntersecting) inSight.add(card);
    else inSight.delete(card);
    if (change.isIntersecting) loadPicture(card);
  }
}, { rootMargin: "200px" });

function newCard(id) {
  const card = {
    image: el("img", { alt: "", hidden: true }),
    blank: el("span", { class: "camera-blank" }),
    band: el("span", { class: "camera-band" }),
    place: el("span", { class: "camera-place" }),
    word: el("span", { class: "camera-word" }),
    facts: el("p", { class: "camera-facts" }),
    url: null,
    camera: null,
  };
  const props = { class: "camera-picture", type: "button", on: { click: () => enlarge(card) } };
  card.button = el("button", props, card.image, card.blank, card.band);
  const heading = el("h3", {}, card.place, card.word);
  card.element = el("article", { data: { id } }, card.button, heading, card.facts);
  sight.observe(card.element);
  cards.set(id, card);
  return card;
}

async function loadPicture(card) {
  const url = card.camera.url;
  if (!url || url === card.url || card.loading) return;
  card.loading = true;
  const next = new Image();
  next.src = url;
  try {
    await next.decode(); // the old picture stays until the new one can be shown at once
    card.url = url;
    card.image.src = url;
    card.image.hidden = false;
    card.blank.hidden = true;
    card.button.disabled = false;
    if (shownLarge === card) fillLarge();
  } catch {
    // gone or broken: the next answer names another
  } finally {
    card.loading = false;
  }
}

function trouble(box) {
  if (box.state === "online") return "";
  if (box.seen_ms === null) return say("never_heard");
  const age = ago(seconds(box.seen_ms));
  if (box.state === "silent") return say("silent_since", { age });
  return say(box.reason === "stopped" ? "offline_stopped" : "offline_connection_lost", { age });
}

const clockText = (error) => (error === null ? say("unknown") : say("ms", { n: (error > 0 ? "+" : "") + Math.round(error) }));
const isLate = (box) => box.outbox_depth > MANY_LEADS || box.outbox_oldest_s > OLD_LEAD_S;
const isClockOff = (box) => box.clock_error_ms !== null && Math.abs(box.clock_error_ms) > CLOCK_OFF_MS;

function fillCard(card, camera, box) {
  card.camera = camera;
  const away = box.state !== "online";
  card.element.className = `camera ${away ? "box-away" : camera.state}`;
  card.name = camera.place || camera.camera_id;
  set(card.place, card.name);
  card.place.title = `${camera.place} · ${camera.site_id}/${camera.box_id}/${camera.camera_id}`;
  set(card.word, away ? say(`box_${box.state}`) : say(`state_${camera.state}`));
  set(card.band, trouble(box));
  card.band.hidden = !away;
  card.button.setAttribute("aria-label", `${say("enlarge")}: ${card.name}`);
  if (camera.url === null) {
    set(card.blank, say("no_picture"));
    card.button.disabled = true;
  }
  const fact = (text, marked = false) => facts.push(el("span", { class: marked ? "warn" : null, text }));
  const facts = [];
  fact(`${camera.box_id} / ${camera.camera_id}`);
  if (camera.fps !== null) fact(say("fps", { n: camera.fps.toFixed(1) }));
  if (camera.frame_ms !== null) {
    const age = seconds(camera.frame_ms);
    fact(say("picture_age", { age: ago(age) }), camera.state === "running" && age > OLD_PICTURE_S);
  }
  if (box.outbox_depth) fact(say("outbox_n", { n: box.outbox_depth }), isLate(box));
  if (isClockOff(box)) fact(say("clock_ms", { n: Math.round(box.clock_error_ms) }), true);
  if (card.facts.textContent !== facts.map((shown) => shown.textContent).join("")) card.facts.replaceChildren(...facts);
  if (inSight.has(card)) loadPicture(card);
}

function fillBoxes(boxes) {
  const cell = (text, marked = false) => el("td", { class: marked ? "warn" : null, text });
  const rows = boxes.map((box) => {
    const oldest = box.outbox_oldest_s === null ? "" : ` · ${say("oldest", { age: ago(box.outbox_oldest_s) })}`;
    const networks = cell(box.models.map((model) => `${model.name} ${model.sha256.slice(0, 8)}`).join(", "));
    networks.title = box.models.map((model) => `${model.name} ${model.provider} ${model.sha256}`).join("\n");
    const state = el("span", { class: `chip ${box.state === "online" ? "good" : "bad"}`, text: say(`box_${box.state}`) });
    return el("tr", {},
      cell(`${box.site_id}/${box.box_id}`),
      el("td", {}, state),
      cell(box.seen_ms === null ? "" : ago(seconds(box.seen_ms))),
      cell(box.outbox_depth === null ? say("unknown") : `${box.outbox_depth}${oldest}`, isLate(box)),
      cell(clockText(box.clock_error_ms), isClockOff(box)),
      networks,
      cell(box.software),
      cell(box.disk_free_bytes === null ? "" : `${(box.disk_free_bytes / 1e9).toFixed(0)} GB`),
      cell(box.temperature_c === null ? "" : `${box.temperature_c.toFixed(0)} °C`),
    );
  });
  one("#boxes tbody").replaceChildren(...rows);
  one("#boxes").hidden = boxes.length === 0;
}

function fillSums(cameras, boxes) {
  const running = cameras.filter((camera) => camera.state === "running").length;
  const away = boxes.filter((box) => box.state !== "online").length;
  const chips = [["cameras_running", running, "good"], ["cameras_faulty", cameras.length - running, "bad"], ["boxes_away", away, "bad"]];
  const shown = chips.filter(([, n]) => n > 0).map(([key, n, kind]) => el("li", { class: `chip ${kind}`, text: say(key, { n }) }));
  const sums = one("#sums");
  if (sums.textContent !== shown.map((chip) => chip.textContent).join("")) sums.replaceChildren(...shown);
}

function fillSites(boxes) {
  const select = one("#site");
  const sites = [...new Set(boxes.map((box) => box.site_id))];
  if (sites.join("\n") === [...select.options].slice(1).map((option) => option.value).join("\n")) return;
  const chosen = select.value;
  select.replaceChildren(select.options[0], ...sites.map((site) => new Option(site, site, false, site === chosen)));
}

function draw() {
  if (!seen) return;
  const { cameras, boxes } = seen.wall;
  const boxOf = new Map(boxes.map((box) => [`${box.site_id}/${box.box_id}`, box]));
  fillSites(boxes);
  fillSums(cameras, boxes);
  const site = one("#site").value;
  const faultsOnly = one("#faults").checked;
  const wanted = [];
  for (const camera of cameras) {
    const id = `${camera.site_id}/${camera.box_id}/${camera.camera_id}`;
    const card = cards.get(id) ?? newCard(id);
    fillCard(card, camera, boxOf.get(`${camera.site_id}/${camera.box_id}`));
    if ((!site || site === camera.site_id) && !(faultsOnly && camera.state === "running")) wanted.push(card.element);
  }
  const present = [...grid.children];
  if (wanted.length !== present.length || wanted.some((element, i) => element !== present[i])) grid.replaceChildren(...wanted);
  const none = one("#none");
  none.hidden = wanted.length > 0;
  set(none, say(cameras.length ? "none_match" : "none"));
  fillBoxes(boxes.filter((box) => !site || site === box.site_id));
  if (shownLarge) fillLarge();
}

function fillLarge() {
  const { camera, name, url } = shownLarge;
  set(one("h2", large), name);
  const image = one("img", large);
  if (!image.src.endsWith(url)) image.src = url;
  image.alt = say("picture_of", { place: name });
  set(one("p", large), say("picture_age", { age: ago(seconds(camera.frame_ms)) }));
}

function enlarge(card) {
  shownLarge = card;
  fillLarge();
  large.showModal();
}

async function ask() {
  if (document.hidden) return;
  const fault = one("#fault");
  try {
    const wall = await get("/api/wall", { signal: AbortSignal.timeout(10_000) });
    seen = { wall, at: performance.now() };
    fault.hidden = true;
  } catch (error) {
    if (error.status === 401) location.reload(); // leads to the log-in and back
    set(fault, say("no_answer", { time: seen ? clock(seen.wall.now_ms, "time") : "–" }));
    fault.hidden = false;
  }
  draw();
}

large.addEventListener("close", () => { shownLarge = null; });
one("#site").addEventListener("change", draw);
one("#faults").addEventListener("change", draw);
document.addEventListener("visibilitychange", ask);
ask().finally(function again() { setTimeout(() => ask().finally(again), EVERY_MS); });
