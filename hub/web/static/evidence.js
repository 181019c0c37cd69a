/** What is known of the entries that are looked at and of the next ones: fetched once, ready before it is asked for. */
import { ApiError, blob, get } from "./api.js";
import { frameTimes } from "./frames.js";
import { Track } from "./track.js";

/** Clips up to this size are taken whole: every seek is then within this machine. Larger ones are streamed. */
const WHOLE_BYTES = 64 * 2 ** 20;
const INDEX_BYTES = 2 ** 20;
/** While the hub makes a copy for viewing, of a clip that browsers do not play, it is asked again after this long. */
const COPY_MS = 1000;

/** One entry's document and files. */
export class Evidence {
  /** @param {number} number @param {string} purpose */
  constructor(number, purpose) {
    this.number = number;
    this.purpose = purpose;
    /** @type {Map<string, Promise<string>>} object URLs by file name */
    this.urls = new Map();
    /** @type {Map<string, Promise<any>>} */
    this.notes = new Map();
    this.clipTaken = null;
    this.stop = new AbortController();
    this.loaded = this.load();
  }

  /** @returns {Promise<import("./api.js").EntryDocument>} */
  async load() {
    /** @type {import("./api.js").EntryDocument} */
    this.document = await get(`/api/entries/${this.number}?purpose=${this.purpose}`, { signal: this.stop.signal });
    return this.document;
  }

  /** Ask the hub again. */
  reload() {
    this.loaded = this.load();
    return this.loaded;
  }

  /** @param {import("./api.js").EntryDocument} document that came as the answer to an action */
  take(document) {
    this.document = document;
    this.loaded = Promise.resolve(document);
  }

  /** @param {string} name */
  file(name) {
    return this.document.files.find((file) => file.name === name) ?? null;
  }

  get clipFile() {
    return this.document.files.find((file) => file.kind === "clip") ?? null;
  }

  /** Pictures in the order of their keys: the best view, the shots, then the panoramas. */
  get pictures() {
    const order = ["close_up", "shot", "panorama"];
    const rank = (file) => (order.includes(file.kind) ? order.indexOf(file.kind) : order.length);
    return this.document.files
      .filter((file) => file.kind !== "overlay" && /\.(jpe?g|png|webp)$/i.test(file.name))
      .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, "en", { numeric: true }));
  }

  /** @param {string} name @returns {Promise<string>} an object URL */
  url(name) {
    if (!this.urls.has(name)) {
      const made = blob(this.file(name).url, { signal: this.stop.signal }).then((data) => URL.createObjectURL(data));
      made.catch(() => this.urls.delete(name));
      this.urls.set(name, made);
    }
    return this.urls.get(name);
  }

  /** @param {string} name of a JSON file @returns {Promise<any>} null where it is not here */
  note(name) {
    const file = this.file(name);
    if (!file?.held) return Promise.resolve(null);
    if (!this.notes.has(name)) {
      const made = get(file.url, { signal: this.stop.signal });
      made.catch(() => this.notes.delete(name));
      this.notes.set(name, made);
    }
    return this.notes.get(name);
  }

  /** @returns {Promise<Track>} */
  async track() {
    const [track, draft] = await Promise.all([this.note("track.json"), this.note("draft.json")]);
    return new Track(track, draft);
  }

  /** @returns {Promise<{url: string, times: number[]} | null>} the clip, and when its frames are shown; null while it is away */
  async clip() {
    const file = this.clipFile;
    if (!file?.held) return null;
    if (!this.clipTaken) {
      this.clipTaken = takeClip(`${file.url}?viewing=1`, file.bytes, this.stop.signal);
      this.clipTaken.catch(() => (this.clipTaken = null));
    }
    return this.clipTaken;
  }

  /** Fetch all that a decision needs, in the order in which it is looked at. */
  async warm() {
    await this.loaded;
    const first = this.pictures.filter((file) => file.held).slice(0, 4);
    await Promise.all([this.track(), ...first.map((file) => this.url(file.name))]);
    await this.clip();
  }

  async dispose() {
    this.stop.abort();
    const clip = await this.clipTaken?.catch(() => null);
    const urls = await Promise.allSettled(this.urls.values());
    for (const url of [clip?.url, ...urls.map((done) => done.value)]) if (url?.startsWith("blob:")) URL.revokeObjectURL(url);
  }
}

/** @param {string} url @param {number} bytes @param {AbortSignal} signal */
async function takeClip(url, bytes, signal) {
  const whole = bytes <= WHOLE_BYTES;
  const options = whole ? { signal } : { signal, headers: { Range: `bytes=0-${INDEX_BYTES - 1}` } };
  let data = await blob(url, options);
  while (!data) {
    await new Promise((resolve) => setTimeout(resolve, COPY_MS));
    data = await blob(url, options);
  }
  const times = frameTimes(await data.arrayBuffer());
  return { url: whole ? URL.createObjectURL(data) : url, times };
}

/** The entries that are kept at hand. */
export class Cupboard {
  /** @param {string} [purpose] */
  constructor(purpose = "review") {
    this.purpose = purpose;
    /** @type {Map<number, Evidence>} */
    this.held = new Map();
  }

  /** @param {number} number */
  of(number) {
    if (!this.held.has(number)) {
      const made = new Evidence(number, this.purpose);
      made.loaded.catch(() => this.held.get(number) === made && this.held.delete(number));
      this.held.set(number, made);
    }
    return this.held.get(number);
  }

  /** @param {number[]} numbers that will be looked at soon; others than these are let go */
  async keep(numbers) {
    for (const [number, evidence] of this.held) {
      if (numbers.includes(number)) continue;
      this.held.delete(number);
      evidence.dispose();
    }
    for (const number of numbers) {
      try {
        await this.of(number).warm();
      } catch (error) {
        // What could not be fetched ahead is asked for again, and told of, when it is opened.
        if (!(error instanceof ApiError) && error.name !== "AbortError") throw error;
      }
    }
  }

  /** @param {number} number whose document has changed at the hub */
  forget(number) {
    const evidence = this.held.get(number);
    this.held.delete(number);
    evidence?.dispose();
  }
}
