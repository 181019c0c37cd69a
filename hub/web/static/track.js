/**
 * Where the vehicle is at each moment of the clip.
 *
 * Two clocks meet here. The box's notes (track.json, draft.json) count seconds of the camera's stream; the player counts
 * seconds of the clip. The clip's first frame was taken at the stream's `draft.clip.start_s`, so stream = clip + start_s.
 * The stream's `anchor_s` is the moment `anchor_at` of UTC, which gives each picture its place in the clip.
 */

/** Longest gap in seconds between two rows that is bridged: beyond it nobody knows where the vehicle was. */
const BRIDGED_S = 1;

/** @typedef {[number, number, number, number]} Box x0, y0, x1, y1 in pixels */

export class Track {
  /** @param {any} track track.json; null where it is not here @param {any} draft draft.json; null where it is not here */
  constructor(track, draft) {
    this.rows = track?.boxes ?? [];
    /** @type {[number, number]} width and height of the picture that the boxes are in */
    this.size = [track?.width ?? 0, track?.height ?? 0];
    this.draft = draft;
    this.start = draft?.clip?.start_s ?? null;
  }

  /** Whether boxes can be laid over the clip. */
  get placed() {
    return this.start !== null && this.rows.length > 0;
  }

  /** @param {number} clip seconds of the clip @returns {number} seconds of the stream */
  streamOf(clip) {
    return clip + (this.start ?? 0);
  }

  /** @param {number} stream @returns {number} seconds of the clip */
  clipOf(stream) {
    return stream - (this.start ?? 0);
  }

  /** @param {string} at ISO 8601 @returns {number | null} seconds of the clip at which that was */
  clipAt(at) {
    if (this.start === null || !this.draft.anchor_at) return null;
    return this.clipOf(this.draft.anchor_s + (Date.parse(at) - Date.parse(this.draft.anchor_at)) / 1000);
  }

  /** @returns {{from: number, to: number} | null} the act, in seconds of the clip */
  get act() {
    if (this.start === null) return null;
    return { from: this.clipOf(this.draft.act_from_s), to: this.clipOf(this.draft.act_proven_s) };
  }

  /** @returns {{from: number, to: number} | null} from the vehicle's first to its last box, in seconds of the clip */
  get seen() {
    if (!this.placed) return null;
    return { from: this.clipOf(this.rows[0][0]), to: this.clipOf(this.rows.at(-1)[0]) };
  }

  /**
   * @param {number} stream seconds of the stream
   * @returns {{box: Box, filled: boolean} | null} the box, interpolated; `filled` where the box itself only guessed it
   */
  boxAt(stream) {
    const rows = this.rows;
    let after = rows.findIndex((row) => row[0] >= stream - 1e-3);
    if (after < 0) after = rows.length;
    const next = rows[after];
    if (next && Math.abs(next[0] - stream) <= 2e-3) return { box: next.slice(1, 5), filled: next[6] === 0 };
    const last = rows[after - 1];
    if (!next || !last) {
      const end = next ?? last;
      return end && Math.abs(end[0] - stream) < 0.06 ? { box: end.slice(1, 5), filled: true } : null;
    }
    if (next[0] - last[0] > BRIDGED_S) return null;
    const share = (stream - last[0]) / (next[0] - last[0]);
    const box = [1, 2, 3, 4].map((i) => last[i] + share * (next[i] - last[i]));
    return { box, filled: last[6] === 0 || next[6] === 0 };
  }

  /**
   * @param {string} name of a picture's file
   * @returns {{at: number | null, boxes: Box[]}} its place in the clip, and what it shows, in its pixels
   */
  picture(name) {
    const stem = name.replace(/(\.overlay)?\.jpg$/, "");
    const shot = this.draft?.pictures?.find((picture) => picture.name === stem);
    if (shot) return { at: this.clipAt(shot.taken_at), boxes: shot.boxes };
    const panorama = /^panorama-(\d+)$/.exec(stem);
    const clip = this.draft?.clip;
    if (!panorama || !clip) return { at: null, boxes: [] };
    const within = this.draft.moments_s.filter((m) => m >= clip.start_s - 0.05 && m <= clip.end_s + 0.05);
    const moment = within[Number(panorama[1]) - 1];
    if (moment === undefined) return { at: null, boxes: [] };
    const found = this.boxAt(moment);
    return { at: Math.max(this.clipOf(moment), 0), boxes: found ? [found.box] : [] };
  }
}
