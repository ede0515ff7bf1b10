// The elements of the lines in sight.
import { dress } from './ansi.js';

const most = 2000;

export class Rows {
  #rows = new Map();
  chosen = null;

  constructor(layer, texts) {
    this.layer = layer;
    this.texts = texts;
  }

  reset(lines, raw) {
    this.lines = lines;
    this.raw = raw;
    this.chosen = null;
    this.#rows.clear();
    this.layer.replaceChildren();
  }

  element(number) { return this.#rows.get(number)?.element; }

  /** Rows for these lines, in order; what stays in sight keeps its element, and with it the reader's selection. */
  show(first, last) {
    for (const [number, row] of this.#rows) {
      if (number >= first && number <= last) continue;
      row.element.remove();
      this.#rows.delete(number);
    }
    let next = this.layer.firstChild;
    for (let number = first; number <= Math.min(last, first + most); number++) {
      let row = this.#rows.get(number);
      if (!row) {
        row = this.#create(number);
        this.layer.insertBefore(row.element, next);
      } else {
        next = row.element.nextSibling;
      }
      const line = this.lines.get(number);
      if (row.line !== line) this.#write(row, line, number);
    }
    this.lines.trim(first, last);
  }

  /** Marks lines; the order of the two does not matter. */
  choose(one, other) {
    this.chosen = { first: Math.min(one, other), last: Math.max(one, other) };
    for (const [number, { element }] of this.#rows) element.classList.toggle('log-chosen', this.#isChosen(number));
    return this.chosen;
  }

  #isChosen(number) { return !!this.chosen && number >= this.chosen.first && number <= this.chosen.last; }

  #create(number) {
    const element = make('div', { className: 'log-row' });
    element.classList.toggle('log-chosen', this.#isChosen(number));
    const link = make('a', { className: 'log-n', href: `${location.pathname}${location.search}#L${number}`, tabIndex: -1 });
    link.dataset.n = number;
    link.setAttribute('aria-label', (this.texts.line ?? '{0}').replace('{0}', number));
    const time = make('span', { className: 'log-at' });
    const text = make('span', { className: 'log-text' });
    element.append(link, time, text);
    const row = { element, time, text, line: undefined };
    this.#rows.set(number, row);
    return row;
  }

  // Text is only ever set as text: what a build prints is never markup.
  #write(row, line, number) {
    row.line = line;
    if (!line) return row.text.replaceChildren();
    if (line.at) row.time.dataset.at = clock(line.at);
    const pieces = this.lines.styled(number).map(({ text, style }) => {
      if (Object.keys(style).length === 0) return document.createTextNode(text);
      const span = make('span', { textContent: text });
      dress(span, style);
      return span;
    });
    if (line.truncated) pieces.push(make('a', { className: 'log-cut', href: this.raw, target: '_blank', textContent: this.texts.cut }));
    row.text.replaceChildren(...pieces);
  }
}

export const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

function clock(at) {
  const time = new Date(at);
  const digits = (value, length = 2) => String(value).padStart(length, '0');
  return `${digits(time.getHours())}:${digits(time.getMinutes())}:${digits(time.getSeconds())}.${digits(time.getMilliseconds(), 3)}`;
}
