/** Elements made from data without markup: what a plate or a note says is text and nothing else. */

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [props] attributes; `class`, `text`, `data` (of strings) and `on` (of listeners)
 *   are understood, and what is null or false is left out
 * @param {...(Node | string | null | false | undefined)} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") made.textContent = String(value);
    else if (name === "class") made.className = String(value);
    else if (name === "data") Object.assign(made.dataset, value);
    else if (name === "on") for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {any} the element, which must be there
 */
export function one(selector, within = document) {
  const found = within.querySelector(selector);
  if (!found) throw new Error(`the page lacks ${selector}`);
  return found;
}

/** @param {string} key @param {unknown} [fallback] @returns {any} a habit of this browser's user */
export function habit(key, fallback = null) {
  try {
    return JSON.parse(localStorage.getItem(`lushao.${key}`) ?? "null") ?? fallback;
  } catch {
    return fallback;
  }
}

/** @param {string} key @param {unknown} value */
export function keepHabit(key, value) {
  try {
    localStorage.setItem(`lushao.${key}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing forgets the habit; nothing else depends on it.
  }
}
