// The lines of one log that this page holds: read on demand by number, extended by live pieces, forgotten when far from view.
import { parse, plain } from './ansi.js';

const page = 256;
const keep = 24000;
// A line that grows beyond this is shown cut, as the server cuts what it reads: ten megabytes without a line feed must not be drawn.
const longest = 16384;

export class Lines {
  #lines = new Map();
  #reading = new Set();

  constructor(address, attempt) {
    this.address = address;
    this.attempt = attempt;
    this.total = 0;
    this.length = 0;
    this.ended = false;
    // Whether the server has told anything yet.
    this.known = false;
  }

  get(number) { return this.#lines.get(number); }

  /** Reads lines from the server; throws when it refuses. */
  async read(query, signal) {
    const response = await fetch(`${this.address}/lines?${new URLSearchParams({ ...query, attempt: this.attempt })}`, { signal, headers: { Accept: 'application/json' } });
    if (!response.ok) throw Object.assign(new Error(await problem(response)), { status: response.status });
    const batch = await response.json();
    batch.lines.forEach(line => this.#put({ ...line, end: line.number === batch.total ? batch.length : undefined }));
    // Live pieces may have gone farther while this answer was on its way.
    this.total = Math.max(this.total, batch.total);
    this.length = Math.max(this.length, batch.length);
    this.ended ||= batch.ended;
    this.known = true;
    return batch;
  }

  /** The first line between the two that is not here; 0 when all are. */
  missing(first, last) {
    for (let number = first; number <= Math.min(last, this.total); number++) if (!this.#lines.has(number)) return number;
    return 0;
  }

  /** Reads around a missing line, unless that is on its way. Resolves to whether something new is here. */
  async fill(number, signal) {
    const first = Math.max(1, number - page / 4);
    const key = Math.floor(first / page);
    if (this.#reading.has(key)) return false;
    this.#reading.add(key);
    try {
      const batch = await this.read({ first: this.#lines.has(first) ? number : first, count: page }, signal);
      return batch.lines.length > 0;
    } finally {
      this.#reading.delete(key);
    }
  }

  /** Takes a live piece. False: pieces are missing before it, so that the lines must be read again. */
  extend(piece) {
    if (piece.offset > this.length) return false;
    const end = piece.offset + piece.length;
    piece.lines.forEach((line, index) => this.#extend(line, {
      end: index === piece.lines.length - 1 ? end : undefined,
      // The piece may begin inside its first line, whose beginning is then elsewhere.
      whole: index > 0 || (piece.offset === this.length && line.number > this.total),
    }));
    this.length = Math.max(this.length, end);
    this.total = Math.max(this.total, piece.total);
    this.ended ||= piece.ended;
    return true;
  }

  #extend(line, { end, whole }) {
    const known = this.#lines.get(line.number);
    if (!known) {
      if (whole) this.#put({ ...line, end });
    } else if (line.offset === known.offset) {
      if (line.text.length >= known.text.length) this.#put({ ...line, end });
    } else if (line.offset === known.end) {
      this.#put({ ...known, ...joined(known, line), end });
    } else {
      // A part that does not fit to what is here: the line is read again when it is looked at.
      this.#lines.delete(line.number);
    }
  }

  /** Forgets all lines that the page can read again. */
  forget(first = 0, last = -1) {
    for (const number of this.#lines.keys()) if (number < first || number > last) this.#lines.delete(number);
  }

  trim(first, last) {
    if (this.#lines.size > keep) this.forget(first - keep / 4, last + keep / 4);
  }

  /** The pieces that a line shows. Colours go on from the line before, where that is here. */
  styled(number) {
    const line = this.#lines.get(number);
    if (line.pieces) return line.pieces;
    let first = number;
    while (this.#lines.has(first - 1) && !this.#lines.get(first).after && number - first < page) first--;
    for (let n = first; n <= number; n++) {
      const entry = this.#lines.get(n);
      if (entry.after) continue;
      const { pieces, style } = parse(entry.text, this.#lines.get(n - 1)?.after ?? plain);
      entry.pieces = pieces;
      entry.after = style;
    }
    return line.pieces;
  }

  #put(line) { this.#lines.set(line.number, { ...line, pieces: null, after: null }); }
}

/** The text of a line and of its continuation. What a carriage return has overwritten is not needed to show a progress bar. */
function joined(known, line) {
  if (known.truncated) return { text: known.text, truncated: true };
  let text = known.text + line.text;
  if (text.length > longest) text = text.slice(Math.max(0, text.lastIndexOf('\r', text.length - 2)));
  return { text: text.slice(0, longest), truncated: line.truncated || text.length > longest };
}

async function problem(response) {
  try {
    const body = await response.json();
    return body.detail ?? body.title ?? `HTTP ${response.status}`;
  } catch {
    return `HTTP ${response.status}`;
  }
}
