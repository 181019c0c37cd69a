/** When each frame of an MP4 is shown: by the file's own tables, for cameras do not keep an even step. */

/** @param {DataView} view @param {number} at @param {number} end */
function* boxes(view, at, end) {
  while (at + 8 <= end) {
    let size = view.getUint32(at);
    const type = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5), view.getUint8(at + 6), view.getUint8(at + 7));
    let head = 8;
    if (size === 1 && at + 16 <= end) {
      size = Number(view.getBigUint64(at + 8));
      head = 16;
    }
    if (size === 0) size = end - at;
    if (size < head) return;
    yield { type, from: at + head, to: Math.min(at + size, end) };
    at += size;
  }
}

/** @param {DataView} view @param {{from: number, to: number}} within @param {...string} path */
function find(view, within, ...path) {
  let place = within;
  for (const type of path) {
    place = [...boxes(view, place.from, place.to)].find((box) => box.type === type);
    if (!place) return null;
  }
  return place;
}

/** @param {DataView} view @param {{from: number}} box of pairs (count, value) behind 8 bytes of head */
function runs(view, box, signed = false) {
  const found = [];
  const count = view.getUint32(box.from + 4);
  for (let i = 0, at = box.from + 8; i < count; i += 1, at += 8) {
    found.push([view.getUint32(at), signed ? view.getInt32(at + 4) : view.getUint32(at + 4)]);
  }
  return found;
}

/** @param {DataView} view @param {{from: number, to: number}} track @returns {number} ticks the film begins late by its edit list */
function editStart(view, track) {
  const list = find(view, track, "edts", "elst");
  if (!list) return 0;
  const wide = view.getUint8(list.from) === 1;
  for (let i = 0, at = list.from + 8; i < view.getUint32(list.from + 4); i += 1, at += wide ? 20 : 12) {
    const start = wide ? Number(view.getBigInt64(at + 8)) : view.getInt32(at + 4);
    if (start >= 0) return start;
  }
  return 0;
}

/**
 * @param {ArrayBuffer} buffer an MP4, or as much of it as holds its index (ISO/IEC 14496-12: moov, stts, ctts, elst)
 * @returns {number[]} seconds at which each frame of the film begins, ascending; none where the index is not there
 */
export function frameTimes(buffer) {
  const view = new DataView(buffer);
  const moov = [...boxes(view, 0, view.byteLength)].find((box) => box.type === "moov");
  if (!moov) return [];
  for (const track of boxes(view, moov.from, moov.to)) {
    if (track.type !== "trak") continue;
    const handler = find(view, track, "mdia", "hdlr");
    const head = find(view, track, "mdia", "mdhd");
    const table = find(view, track, "mdia", "minf", "stbl");
    if (!handler || !head || !table || view.getUint32(handler.from + 8) !== 0x76696465) continue; // "vide"
    const scale = view.getUint32(head.from + (view.getUint8(head.from) === 1 ? 20 : 12));
    const steps = find(view, table, "stts");
    if (!steps || !scale) return [];
    const shifts = find(view, table, "ctts");
    const shown = shifts ? runs(view, shifts, true).flatMap(([count, value]) => Array(count).fill(value)) : [];
    const start = editStart(view, track);
    const times = [];
    let decoded = 0;
    for (const [count, delta] of runs(view, steps)) {
      for (let i = 0; i < count; i += 1, decoded += delta) times.push((decoded + (shown[times.length] ?? 0) - start) / scale);
    }
    return times.sort((a, b) => a - b).filter((time) => time > -1e-6);
  }
  return [];
}

/**
 * @param {number[]} times ascending
 * @param {number} at
 * @returns {number} place of the frame that is shown at a time
 */
export function frameAt(times, at) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= at + 1e-4) low = middle + 1;
    else high = middle;
  }
  return Math.max(low - 1, 0);
}
