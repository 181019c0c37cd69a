/** The film: play, loop the moment, step by its real frames, at any speed. */
import { frameAt } from "./frames.js";

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];
/** What is shown before the act begins and after it is proven, in seconds. */
const BEFORE_S = 1;
const AFTER_S = 1;
/** An act that is proven at once is shown for this long around it. */
const LEAST_S = 3;

export class Player {
  /**
   * @param {HTMLVideoElement} video
   * @param {(clip: number) => void} onFrame called with the time of each frame that is shown, in seconds of the clip
   * @param {() => void} onChange called when something else than the frame changed
   */
  constructor(video, onFrame, onChange) {
    this.video = video;
    this.onFrame = onFrame;
    this.onChange = onChange;
    /** @type {number[]} */
    this.times = [];
    this.looping = true;
    this.speed = 1;
    /** @type {{from: number, to: number} | null} */
    this.moment = null;
    /** The frame on the screen, in seconds of the clip. */
    this.at = 0;
    /** Where to go when the seek that is under way has ended. @type {number | null} */
    this.wanted = null;
    video.muted = true;
    for (const event of ["play", "pause", "ratechange", "loadedmetadata", "waiting", "error"]) video.addEventListener(event, onChange);
    video.addEventListener("seeked", () => this.seekOn());
    video.addEventListener("ended", () => this.looping && this.replay());
    this.watch();
  }

  /** Tell of every frame as it comes on the screen; by the screen's own rhythm where the browser cannot say. */
  watch() {
    const told = (at) => {
      this.at = at;
      if (this.looping && !this.video.paused && this.moment && at >= this.moment.to) this.go(this.moment.from);
      this.onFrame(at);
    };
    if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) {
      const next = (_, frame) => {
        told(frame.mediaTime);
        this.video.requestVideoFrameCallback(next);
      };
      this.video.requestVideoFrameCallback(next);
      return;
    }
    const next = () => {
      if (this.video.readyState >= 2 && this.video.currentTime !== this.at) told(this.video.currentTime);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }

  /**
   * @param {string} url
   * @param {number[]} times of its frames; none where they are not known
   * @param {{from: number, to: number} | null} act in seconds of the clip
   */
  load(url, times, act) {
    this.times = times;
    this.at = 0;
    this.wanted = null;
    this.moment = null;
    this.video.src = url;
    this.video.defaultPlaybackRate = this.speed;
    this.video.playbackRate = this.speed;
    this.video.onloadedmetadata = () => this.begin(act);
  }

  /** @param {{from: number, to: number} | null} act */
  begin(act) {
    const length = this.video.duration || 0;
    const middle = act ? (act.from + act.to) / 2 : 0;
    const from = act ? Math.min(act.from - BEFORE_S, middle - LEAST_S / 2) : 0;
    const to = act ? Math.max(act.to + AFTER_S, middle + LEAST_S / 2) : length;
    this.moment = { from: Math.max(from, 0), to: Math.min(to, length) };
    this.replay();
  }

  unload() {
    this.video.onloadedmetadata = null;
    this.wanted = null;
    this.moment = null;
    this.times = [];
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }

  get ready() {
    return this.moment !== null;
  }

  replay() {
    this.go(this.looping && this.moment ? this.moment.from : 0);
    this.play();
  }

  play() {
    // A play that is cut short by the next lead or by a pause is no fault.
    this.video.play().catch(() => this.onChange());
  }

  toggle() {
    if (!this.ready) return;
    if (!this.video.paused) this.video.pause();
    else if (this.video.ended) this.replay();
    else this.play();
  }

  pause() {
    this.video.pause();
  }

  /** @param {number} clip seconds of the clip; seeks that come faster than the browser can follow are left out */
  go(clip) {
    const target = Math.min(Math.max(clip, 0), this.video.duration || clip);
    if (this.video.seeking) {
      this.wanted = target;
      return;
    }
    this.video.currentTime = target;
  }

  seekOn() {
    if (this.wanted === null) return;
    const target = this.wanted;
    this.wanted = null;
    this.video.currentTime = target;
  }

  /** @param {number} by frames to go on, or back where negative */
  step(by) {
    if (!this.ready) return;
    this.pause();
    const now = this.video.seeking ? (this.wanted ?? this.video.currentTime) : this.at;
    if (!this.times.length) return this.go(now + by * 0.04);
    const place = Math.min(Math.max(frameAt(this.times, now) + by, 0), this.times.length - 1);
    const ends = this.times[place + 1] ?? this.video.duration;
    // The middle of the frame's time: its very beginning may be rounded to the frame before.
    this.go((this.times[place] + ends) / 2);
  }

  /** @param {number} by steps of speed */
  faster(by) {
    const place = Math.min(Math.max(SPEEDS.indexOf(this.speed) + by, 0), SPEEDS.length - 1);
    this.setSpeed(SPEEDS[place]);
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = SPEEDS.includes(speed) ? speed : 1;
    this.video.playbackRate = this.speed;
    this.onChange();
  }

  /** @param {boolean} on whether the moment of the act is shown again and again */
  setLoop(on) {
    this.looping = on;
    if (on && this.moment && (this.at < this.moment.from || this.at > this.moment.to)) this.replay();
    this.onChange();
  }
}
