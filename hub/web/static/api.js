/** Calls to the hub. */
import { one } from "./dom.js";

/**
 * @typedef {object} Row an entry in a list; level 3 high to 1 low; times `_ms` are ms of UTC
 * @property {number} number @property {string} entry_id @property {"lead" | "report"} kind @property {string} source
 * @property {string} state @property {number} level @property {number} occurred_ms @property {number} received_ms
 * @property {number | null} due_ms @property {string} title @property {string} code @property {string} place
 * @property {string} plate @property {string} plate_type @property {string} plate_colour
 * @property {string} vehicle_class @property {string} grade @property {number} repeats
 * @property {0 | 1 | 2} evidence 0 none is to come, 1 some is still at the box, 2 all is here
 * @property {number} version @property {string | null} case_number @property {number | null} duplicate_of
 * @property {string[]} viewers @property {string | null} thumb
 *
 * @typedef {{name: string, kind: string, bytes: number, held: boolean, wanted: boolean,
 *   gone: boolean, url: string}} EvidenceFile `gone`: the box has it no more
 * @typedef {{seq: number, at_ms: number, user_name: string, action: string, from_state: string, to_state: string,
 *   reason: string, reason_text: string, note: string, other: number | null, correction: any, undone: boolean}} Step
 * @typedef {{action: string, label: string, needs_reason: boolean, needs_other: boolean, needs_note: boolean,
 *   allowed: boolean, why_not: string, code: string, other: number | null,
 *   reasons: {code: string, text: string}[]}} ActionOffer what can be done now, or why not
 *
 * @typedef {object} EntryDocument all of one entry
 * @property {Row} row @property {any} entry the lead or report as it came @property {any[]} updates
 * @property {EvidenceFile[]} files @property {Step[]} steps @property {ActionOffer[]} actions
 * @property {Row[]} same_act @property {Row[]} history @property {string[]} viewers
 * @property {{until_ms: number} | null} undo
 */

/** The hub refused, or did not answer (status 0). */
export class ApiError extends Error {
  /** @param {number} status @param {{detail?: unknown, code?: string, other?: number}} body */
  constructor(status, body) {
    super(typeof body.detail === "string" ? body.detail : JSON.stringify(body.detail ?? ""));
    this.status = status;
    this.code = body.code ?? "";
    this.other = body.other ?? null;
  }
}

/**
 * @param {"GET" | "POST" | "DELETE"} method
 * @param {string} path
 * @param {object} [body]
 * @param {RequestInit} [options]
 * @returns {Promise<any>} the answer's JSON. Raises ApiError.
 */
export async function call(method, path, body, options = {}) {
  const headers = method === "GET" ? {} : { "X-CSRF-Token": one('meta[name="csrf"]').content };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, body: body && JSON.stringify(body), ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { detail: error.message, code: "offline" });
  }
  const text = await response.text();
  let answer = {};
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    answer = { detail: text.slice(0, 200) };
  }
  if (response.ok) return answer;
  if (response.status === 401) document.dispatchEvent(new CustomEvent("lushao:logged-out"));
  throw new ApiError(response.status, answer.detail && typeof answer.detail === "object" && !Array.isArray(answer.detail) ? answer.detail : answer);
}

/** @param {string} path @param {RequestInit} [options] */
export const get = (path, options) => call("GET", path, undefined, options);
/** @param {string} path @param {object} [body] @param {RequestInit} [options] */
export const post = (path, body, options) => call("POST", path, body ?? {}, options);

/**
 * @param {string} url of an evidence file
 * @param {RequestInit} [options]
 * @returns {Promise<Blob | null>} null while the hub still prepares it. Raises ApiError.
 */
export async function blob(url, options) {
  let response;
  try {
    response = await fetch(url, options);
    if (response.status === 202) return null;
    if (response.ok) return await response.blob();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { detail: error.message, code: "offline" });
  }
  throw new ApiError(response.status, { detail: `${url}: ${response.status}` });
}
