/** The page of one entry: the same viewer, all its steps, and what can be taken out of it. */
import { Desk, tellFault, watchSession } from "./desk.js";
import { Evidence } from "./evidence.js";
import { filmKeys } from "./keyboard.js";
import { actionOf, help, listen } from "./keys.js";
import { Live } from "./live.js";
import { one } from "./dom.js";
import { Viewer } from "./viewer.js";
import { page, t } from "./words.js";

const evidence = new Evidence(page.number, page.purpose);
const exports = document.querySelector("#exports");
const viewer = new Viewer({ act: (action) => desk.act(evidence, action), fault: tellFault, after: () => (exports ? [exports.content.firstElementChild.cloneNode(true)] : []) });
const live = new Live({
  changed: (numbers) => numbers.includes(page.number) && !desk.pending.has(page.number) && viewer.reload().catch(tellFault),
  presence: (number, viewers) => number === page.number && viewer.showViewers(viewers),
  state: (state) => {
    const box = one("#link-state");
    box.textContent = t(`queue.${state}`);
    box.dataset.state = state;
  },
  again: () => viewer.reload().catch(tellFault),
});
const settled = (document) => {
  evidence.take(document);
  viewer.show();
};
const desk = new Desk({ online: () => live.online, viewer, leave: () => {}, settled, failed: () => {}, open: () => viewer.reload().catch(tellFault) });
const does = {
  ...filmKeys(viewer.film),
  undo: () => desk.undo(page.number),
  help: () => help(evidence.document?.actions ?? [], Object.keys(does)),
};
listen(does, (key) => {
  const action = actionOf(evidence.document?.actions ?? [], key);
  if (action) desk.act(evidence, action);
  return action !== null;
});
watchSession();
live.at(page.number);
document.body.classList.add("lead-open");
viewer.open(evidence, null).then(() => viewer.showViewers(evidence.document?.viewers ?? []));
