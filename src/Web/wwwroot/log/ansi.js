// Terminal text to styled pieces: colours and weights (SGR), carriage returns, and nothing else that a terminal would do.

export const plain = Object.freeze({});

// CSI, OSC (to BEL or ST), other strings, and two- or three-byte escapes.
const escapes = /\x1b(?:\[([0-?]*)[ -/]*([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\|$)|[PX^_][^\x1b]*(?:\x1b\\|$)|[()*+#%][0-9A-Za-z]|[0-~]|$)/g;
const controls = /[\x00-\x08\x0b-\x1f\x7f]/g;

/** What a line shows, as pieces { text, style }, and the style in force after it. */
export function parse(line, style) {
  const drafts = line.includes('\r') ? line.split('\r') : [line];
  let shown = drafts.length - 1;
  while (shown > 0 && strip(drafts[shown]) === '') shown--;
  const pieces = [];
  drafts.forEach((draft, index) => { style = read(draft, style, index === shown ? pieces : null); });
  return { pieces, style };
}

/** The text without escapes. */
export function strip(text) {
  return text.includes('\x1b') ? text.replace(escapes, '') : text;
}

function read(text, style, pieces) {
  let from = 0;
  if (text.includes('\x1b')) {
    for (const match of text.matchAll(escapes)) {
      add(pieces, text.slice(from, match.index), style);
      from = match.index + match[0].length;
      if (match[2] === 'm') style = change(style, match[1] ?? '');
    }
  }
  add(pieces, text.slice(from), style);
  return style;
}

function add(pieces, text, style) {
  if (pieces && text) pieces.push({ text: text.replace(controls, control), style });
}

/** Control characters are made visible: what cannot be seen deceives. */
function control(character) {
  const code = character.charCodeAt(0);
  return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code);
}

const on = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline', 7: 'inverse', 8: 'hidden', 9: 'strike', 21: 'underline', 53: 'overline' };
const off = { 22: ['bold', 'dim'], 23: ['italic'], 24: ['underline'], 27: ['inverse'], 28: ['hidden'], 29: ['strike'], 39: ['fg'], 49: ['bg'], 55: ['overline'] };

function change(style, parameters) {
  const next = { ...style };
  const codes = parameters.split(';');
  for (let i = 0; i < codes.length; i++) {
    const parts = codes[i].split(':');
    const code = Number(parts[0] || 0);
    if (code === 0) for (const key of Object.keys(next)) delete next[key];
    else if (code === 4 && parts[1] === '0') delete next.underline;
    else if (on[code]) next[on[code]] = true;
    else if (off[code]) off[code].forEach(key => delete next[key]);
    else if (code >= 30 && code <= 37) next.fg = code - 30;
    else if (code >= 40 && code <= 47) next.bg = code - 40;
    else if (code >= 90 && code <= 97) next.fg = code - 82;
    else if (code >= 100 && code <= 107) next.bg = code - 92;
    else if (code === 38 || code === 48) {
      const rest = parts.length > 1 ? parts.slice(1) : codes.slice(i + 1);
      const { color, used } = extended(rest);
      if (parts.length === 1) i += used;
      if (color !== null) next[code === 38 ? 'fg' : 'bg'] = color;
    }
  }
  return Object.keys(next).length ? next : plain;
}

/** 5;n of 256, or 2;r;g;b (with colons there may be an empty colour space before r). */
function extended(codes) {
  const byte = text => Math.min(255, Math.max(0, Number(text) || 0));
  if (codes[0] === '5') return { color: palette(byte(codes[1])), used: 2 };
  if (codes[0] !== '2') return { color: null, used: 0 };
  const [r, g, b] = (codes.length === 5 && codes[1] === '' ? codes.slice(2) : codes.slice(1, 4)).map(byte);
  return { color: `rgb(${r},${g},${b ?? 0})`, used: 4 };
}

/** A number below 16 is a colour of the theme; the others are fixed. */
function palette(index) {
  if (index < 16) return index;
  if (index >= 232) { const grey = 8 + (index - 232) * 10; return `rgb(${grey},${grey},${grey})`; }
  const level = part => (part === 0 ? 0 : 55 + part * 40);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))},${level(Math.floor(cube / 6) % 6)},${level(cube % 6)})`;
}

/** Classes and colours for an element that shows a piece. */
export function dress(element, style) {
  const { fg, bg } = style.inverse ? { fg: style.bg ?? 'bg', bg: style.fg ?? 'fg' } : style;
  for (const name of ['bold', 'dim', 'italic', 'underline', 'overline', 'strike', 'hidden']) if (style[name]) element.classList.add(`a-${name}`);
  paint(element, 'color', 'fg', fg);
  paint(element, 'backgroundColor', 'bg', bg);
}

function paint(element, property, prefix, color) {
  if (color === undefined) return;
  if (typeof color === 'string' && color.startsWith('rgb')) element.style[property] = color;
  else element.classList.add(`a-${prefix}-${color}`);
}
