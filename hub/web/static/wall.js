// The live wall: asks the hub every few seconds while it can be seen, and loads a picture only when it is newer.
const EVERY_MS = 3000;
const OLD_PICTURE_S = 120; // a running camera's picture older than this is marked
const CLOCK_OFF_MS = 500; // clock errors beyond this are marked
const MANY_LEADS = 100;
const OLD_LEAD_S = 300;

const root = document.getElementById("wall");
const words = JSON.parse(root.dataset.words);
const grid = document.getElementById("grid");
const large = document.getElementById("large");
const cards = new Map();
const inSight = new Set();
let seen = null; // the last answer, and when it came by this browser's steady clock
let shownLarge = null;

const say = (key, values = {}) =>
  Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), words[`wall.${key}`]);
const hubNow = () => seen.wall.now_ms + performance.now() - seen.at;
const seconds = (ms) => Math.max(0, (hubNow() - ms) / 1000);

function ago(age) {
  if (age < 60) return say("seconds_ago", { n: Math.round(age) });
  if (age < 3600) return say("minutes_ago", { n: Math.floor(age / 60) });
  if (age < 86400) return say("hours_ago", { n: Math.floor(age / 3600) });
  return say("days_ago", { n: Math.floor(age / 86400) });
}

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
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
  const element = make("article");
  const button = make("button", "picture");
  button.type = "button";
  const card = {
    element, button, image: make("img"), blank: make("span", "blank"), band: make("span", "band"),
    place: make("span", "place"), word: make("span", "word"), facts: make("p", "facts"), url: null, camera: null,
  };
  card.image.hidden = true;
  card.image.alt = "";
  button.append(card.image, card.blank, card.band);
  button.addEventListener("click", () => enlarge(card));
  const heading = make("h3");
  heading.append(card.place, card.word);
  element.dataset.id = id;
  element.append(button, heading, card.facts);
  sight.observe(element);
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
  card.element.className = `camera ${away ? "away" : camera.state}`;
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
  const facts = [make("span", "mono-like", `${camera.box_id} / ${camera.camera_id}`)];
  if (camera.fps !== null) facts.push(make("span", "", say("fps", { n: camera.fps.toFixed(1) })));
  if (camera.frame_ms !== null) {
    const age = seconds(camera.frame_ms);
    const old = camera.state === "running" && age > OLD_PICTURE_S;
    facts.push(make("span", old ? "warn" : "", say("picture_age", { age: ago(age) })));
  }
  if (box.outbox_depth) facts.push(make("span", isLate(box) ? "warn" : "", say("outbox_n", { n: box.outbox_depth })));
  if (isClockOff(box)) facts.push(make("span", "warn", say("clock_ms", { n: Math.round(box.clock_error_ms) })));
  if (card.facts.textContent !== facts.map((fact) => fact.textContent).join("")) card.facts.replaceChildren(...facts);
  if (inSight.has(card)) loadPicture(card);
}

function fillBoxes(boxes) {
  const rows = boxes.map((box) => {
    const row = make("tr");
    const cell = (text, className = "") => row.append(make("td", className, text));
    cell(`${box.site_id}/${box.box_id}`);
    const state = make("td");
    state.append(make("span", `chip ${box.state === "online" ? "good" : "bad"}`, say(`box_${box.state}`)));
    row.append(state);
    cell(box.seen_ms === null ? "" : ago(seconds(box.seen_ms)));
    const oldest = box.outbox_oldest_s === null ? "" : ` · ${say("oldest", { age: ago(box.outbox_oldest_s) })}`;
    cell(box.outbox_depth === null ? say("unknown") : `${box.outbox_depth}${oldest}`, isLate(box) ? "warn" : "");
    cell(clockText(box.clock_error_ms), isClockOff(box) ? "warn" : "");
    const networks = make("td", "", box.models.map((model) => `${model.name} ${model.sha256.slice(0, 8)}`).join(", "));
    networks.title = box.models.map((model) => `${model.name} ${model.provider} ${model.sha256}`).join("\n");
    row.append(networks);
    cell(box.software);
    cell(box.disk_free_bytes === null ? "" : `${(box.disk_free_bytes / 1e9).toFixed(0)} GB`);
    cell(box.temperature_c === null ? "" : `${box.temperature_c.toFixed(0)} °C`);
    return row;
  });
  document.querySelector("#boxes tbody").replaceChildren(...rows);
  document.getElementById("boxes").hidden = boxes.length === 0;
}

function fillSums(cameras, boxes) {
  const running = cameras.filter((camera) => camera.state === "running").length;
  const away = boxes.filter((box) => box.state !== "online").length;
  const chips = [["cameras_running", running, "good"], ["cameras_faulty", cameras.length - running, "bad"], ["boxes_away", away, "bad"]];
  const shown = chips.filter(([, n]) => n > 0).map(([key, n, kind]) => make("li", `chip ${kind}`, say(key, { n })));
  const sums = document.getElementById("sums");
  if (sums.textContent !== shown.map((chip) => chip.textContent).join("")) sums.replaceChildren(...shown);
}

function fillSites(boxes) {
  const select = document.getElementById("site");
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
  const site = document.getElementById("site").value;
  const faultsOnly = document.getElementById("faults").checked;
  const wanted = [];
  for (const camera of cameras) {
    const id = `${camera.site_id}/${camera.box_id}/${camera.camera_id}`;
    const card = cards.get(id) ?? newCard(id);
    fillCard(card, camera, boxOf.get(`${camera.site_id}/${camera.box_id}`));
    if ((!site || site === camera.site_id) && !(faultsOnly && camera.state === "running")) wanted.push(card.element);
  }
  const present = [...grid.children];
  if (wanted.length !== present.length || wanted.some((element, i) => element !== present[i])) grid.replaceChildren(...wanted);
  const none = document.getElementById("none");
  none.hidden = wanted.length > 0;
  set(none, say(cameras.length ? "none_match" : "none"));
  fillBoxes(boxes.filter((box) => !site || site === box.site_id));
  if (shownLarge) fillLarge();
}

function fillLarge() {
  const { camera, name, url } = shownLarge;
  set(large.querySelector("h2"), name);
  const image = large.querySelector("img");
  if (!image.src.endsWith(url)) image.src = url;
  image.alt = say("picture_of", { place: name });
  set(large.querySelector("p"), say("picture_age", { age: ago(seconds(camera.frame_ms)) }));
}

function enlarge(card) {
  shownLarge = card;
  fillLarge();
  large.showModal();
}

async function ask() {
  if (document.hidden) return;
  const fault = document.getElementById("fault");
  try {
    const answer = await fetch("/api/wall", { signal: AbortSignal.timeout(10_000) });
    if (answer.status === 401) {
      location.reload(); // leads to the log-in and back
      return;
    }
    if (!answer.ok) throw new Error(answer.status);
    seen = { wall: await answer.json(), at: performance.now(), time: new Date() };
    fault.hidden = true;
  } catch {
    const clock = { timeZone: root.dataset.timezone, hour12: false };
    set(fault, say("no_answer", { time: seen ? seen.time.toLocaleTimeString(root.dataset.language, clock) : "–" }));
    fault.hidden = false;
  }
  draw();
}

large.addEventListener("close", () => { shownLarge = null; });
document.getElementById("site").addEventListener("change", draw);
document.getElementById("faults").addEventListener("change", draw);
document.addEventListener("visibilitychange", ask);
ask().finally(function again() { setTimeout(() => ask().finally(again), EVERY_MS); });
