// <prts-log src="…/log" attempt="1" state="running" texts="{…}">: a job's log. Draws only the lines in sight, so that a million are no more than ten.
import { Lines } from './lines.js';
import { Rows, make } from './rows.js';

const lineHeight = 20;
// Browsers end at 17 to 33 million pixels; beyond this, the bar is a scale and wheel and keys go by lines.
const tallest = 12_000_000;
const overscan = 8;

class LogViewer extends HTMLElement {
  static observedAttributes = ['src', 'state'];
  #y = 0;
  #set = -1;
  #follow = false;
  #frame = 0;
  #painted = 0;
  #stop = null;
  #source = null;
  #retry = 0;

  connectedCallback() {
    if (!this.scroller) this.#build();
    this.#start();
  }

  disconnectedCallback() { this.#end(); }

  attributeChangedCallback(name, before, now) {
    if (!this.isConnected || before === null || before === now) return;
    if (name === 'src') this.#start();
    // The job began, or went on elsewhere, while nothing was open.
    else if (!this.#source && !this.lines.ended) this.#listen();
  }

  // ---- parts

  #build() {
    this.texts = JSON.parse(this.getAttribute('texts') ?? '{}');
    this.number = new Intl.NumberFormat(document.documentElement.lang || undefined);
    const button = (name, pressed) => {
      const element = make('button', { type: 'button', className: 'log-tool', textContent: this.texts[name] ?? name });
      if (pressed !== undefined) element.setAttribute('aria-pressed', String(pressed));
      return element;
    };
    this.count = make('span', { className: 'log-count' });
    this.notice = make('span', { className: 'log-notice' });
    this.notice.setAttribute('role', 'status');
    const times = button('times', stored('times'));
    const wrap = button('wrap', stored('wrap'));
    this.raw = make('a', { className: 'log-tool', textContent: this.texts.raw ?? 'raw', target: '_blank' });
    this.jump = button('jump');
    this.jump.classList.add('log-jump');
    const tools = make('div', { className: 'log-tools' });
    tools.append(this.count, this.notice, make('span', { className: 'grow' }), times, wrap, this.raw);
    this.scroller = make('div', { className: 'log-scroller', tabIndex: 0 });
    this.scroller.setAttribute('role', 'region');
    this.scroller.setAttribute('aria-label', this.texts.title ?? 'log');
    this.space = make('div', { className: 'log-space' });
    this.layer = make('div', { className: 'log-layer' });
    this.rows = new Rows(this.layer, this.texts);
    this.space.append(this.layer);
    this.scroller.append(this.space);
    this.append(tools, this.scroller, this.jump);
    for (const [element, name] of [[times, 'times'], [wrap, 'wrap']]) {
      this.classList.toggle(`log-${name}`, stored(name));
      element.addEventListener('click', () => {
        const now = this.classList.toggle(`log-${name}`);
        element.setAttribute('aria-pressed', String(now));
        localStorage.setItem(`prts-log-${name}`, String(now));
        this.#draw();
      });
    }
    this.jump.addEventListener('click', () => { this.#follow = true; this.#draw(); });
    this.scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.scroller.addEventListener('wheel', event => this.#wheel(event), { passive: false });
    this.scroller.addEventListener('keydown', event => this.#key(event));
    this.layer.addEventListener('click', event => this.#choose(event));
    this.resized = new ResizeObserver(() => this.#draw());
    this.onVisibility = () => (document.hidden ? this.#close() : this.#listen());
    this.onHash = () => this.#goToAddress();
    this.onStep = event => this.#step(event);
  }

  // ---- the log

  async #start() {
    this.#end();
    this.#stop = new AbortController();
    this.lines = new Lines(this.getAttribute('src'), this.getAttribute('attempt'));
    this.raw.href = `${this.getAttribute('src')}?attempt=${this.getAttribute('attempt')}&download=true`;
    this.rows.reset(this.lines, this.raw.href);
    this.resized.observe(this.scroller);
    document.addEventListener('visibilitychange', this.onVisibility);
    document.addEventListener('click', this.onStep);
    addEventListener('hashchange', this.onHash);
    if (!await this.#tail()) return;
    if (!this.#goToAddress()) this.#follow = !this.lines.ended || this.getAttribute('state') === 'failed';
    this.#listen();
    this.#draw();
  }

  #end() {
    this.#stop?.abort();
    this.#close();
    clearTimeout(this.#retry);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.resized?.disconnect();
    document.removeEventListener('visibilitychange', this.onVisibility);
    document.removeEventListener('click', this.onStep);
    removeEventListener('hashchange', this.onHash);
  }

  /** Reads the log's end, and with it how long it is. Tries on while the server cannot be reached. */
  async #tail() {
    const { signal } = this.#stop;
    for (let wait = 500; ; wait = Math.min(wait * 2, 5000)) {
      try {
        await this.lines.read({ first: -256, count: 256 }, signal);
        this.#say('');
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        this.#say(error.status && error.status !== 404 ? `${this.texts.failed} ${error.message}` : this.texts.lost);
        if (error.status && error.status < 500 && error.status !== 404) return false;
        await new Promise(done => { this.#retry = setTimeout(done, wait); });
        if (signal.aborted) return false;
      }
    }
  }

  // One connection a visible page: browsers allow six to a host.
  #listen() {
    if (this.#source || this.lines.ended || document.hidden || this.#stop.signal.aborted) return;
    const source = this.#source = new EventSource(`${this.getAttribute('src')}/live?attempt=${this.getAttribute('attempt')}&offset=${this.lines.length}`);
    source.onopen = () => this.#say('');
    source.addEventListener('lines', event => {
      if (!this.lines.extend(JSON.parse(event.data))) this.#reopen(0);
      if (this.lines.ended) this.#close();
      this.#drawNow();
    });
    source.addEventListener('gap', event => {
      const gap = JSON.parse(event.data);
      this.lines.length = Math.max(this.lines.length, gap.offset);
      this.lines.total = Math.max(this.lines.total, gap.total);
      this.#draw();
    });
    source.onerror = () => {
      // Its own reconnecting would begin at the old offset again.
      this.#say(this.texts.lost);
      this.#reopen(1500);
    };
  }

  #reopen(wait) {
    this.#close();
    clearTimeout(this.#retry);
    const { signal } = this.#stop;
    this.#retry = setTimeout(async () => {
      if (signal.aborted || document.hidden || !await this.#tail()) return;
      this.#listen();
      this.#draw();
    }, wait);
  }

  #close() {
    this.#source?.close();
    this.#source = null;
  }

  // ---- where the reader is

  get #whole() { return this.lines.total * lineHeight; }
  get #view() { return this.scroller.clientHeight; }
  get #most() { return Math.max(0, this.#whole - this.#view); }
  get #scale() {
    const drawn = Math.min(this.#whole, tallest) - this.#view;
    return this.#whole > tallest && drawn > 0 ? this.#most / drawn : 1;
  }

  #scrolled() {
    if (Math.abs(this.scroller.scrollTop - this.#set) < 1) return;
    this.#move(this.scroller.scrollTop * this.#scale);
  }

  #move(y) {
    this.#y = Math.min(this.#most, Math.max(0, y));
    this.#follow = this.#y >= this.#most - lineHeight / 2;
    this.#draw();
  }

  #wheel(event) {
    if (event.deltaY < 0) this.#follow = false;
    if (this.#scale === 1 || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.#move(this.#y + event.deltaY * [1, lineHeight, this.#view][event.deltaMode]);
  }

  #key(event) {
    if (event.target !== this.scroller || event.altKey || event.metaKey) return;
    const page = this.#view - lineHeight;
    const by = { ArrowUp: -lineHeight, ArrowDown: lineHeight, PageUp: -page, PageDown: page }[event.key];
    const to = { Home: 0, End: this.#most }[event.key] ?? (by === undefined || event.ctrlKey ? undefined : this.#y + by);
    if (to === undefined) return;
    event.preventDefault();
    this.#move(to);
  }

  goTo(number) {
    this.#follow = false;
    this.#y = Math.min(this.#most, Math.max(0, (number - 0.5) * lineHeight - this.#view / 3));
    this.#draw();
  }

  #goToAddress() {
    const match = /^#L(\d+)(?:-L?(\d+))?$/.exec(location.hash) ?? /[?&]line=(\d+)(?:-(\d+))?/.exec(location.search);
    if (!match) return false;
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    this.rows.choose(first, last);
    this.goTo(this.rows.chosen.first);
    return true;
  }

  #choose(event) {
    const link = event.target.closest('.log-n');
    if (!link || event.ctrlKey || event.metaKey || event.button) return;
    event.preventDefault();
    event.stopPropagation();
    const number = Number(link.dataset.n);
    if (event.shiftKey) getSelection().removeAllRanges();
    const { first, last } = this.rows.choose(event.shiftKey && this.rows.chosen ? this.rows.chosen.first : number, number);
    history.replaceState(history.state, '', `${location.pathname}${location.search}#L${first}${last > first ? `-L${last}` : ''}`);
  }

  /** A step's button, wherever it is in the job's section, leads to the step's first line. */
  async #step(event) {
    const button = event.target.closest('[data-log-offset]');
    if (!button || button.closest('.job') !== this.closest('.job')) return;
    try {
      const { first } = await this.lines.read({ offset: button.dataset.logOffset, count: 64 }, this.#stop.signal);
      this.rows.choose(first, first);
      this.goTo(first);
      this.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#say(`${this.texts.failed} ${error.message}`);
    }
  }

  // ---- drawing

  #draw() { this.#frame ||= requestAnimationFrame(() => { this.#frame = 0; this.#paint(); }); }

  // New lines need not wait for a frame to begin: on a busy machine frames are far apart.
  #drawNow() {
    if (this.#frame || performance.now() - this.#painted < 1000 / 60) return this.#draw();
    this.#paint();
  }

  // Reads before it writes, and scrolls after it has drawn: the browser lays out once a frame.
  #paint() {
    this.#painted = performance.now();
    const { total } = this.lines;
    const view = this.#view;
    const most = Math.max(0, this.#whole - view);
    const scale = this.#scale;
    this.count.textContent = !this.lines.known ? '' : ((total === 1 ? this.texts.single : this.texts.lines) ?? '{0}').replace('{0}', this.number.format(total));
    this.jump.hidden = this.#follow || this.#y >= most - lineHeight;
    this.toggleAttribute('live', !!this.#source);
    this.layer.dataset.empty = total > 0 ? '' : this.texts[!this.lines.known ? 'loading' : this.lines.ended ? 'empty' : 'waiting'];
    if (this.#follow) this.#y = most;
    this.#y = Math.min(this.#y, most);
    this.space.style.height = `${Math.min(this.#whole, tallest)}px`;
    // The line at this share of the log stands at this share of the window: right at both ends, and smooth where lines wrap.
    const share = most > 0 ? this.#y / most : 0;
    const anchor = Math.max(0, Math.min(total - 0.001, share * (most > 0 ? total : 0)));
    const screen = Math.ceil(view / lineHeight);
    const first = Math.max(1, Math.floor(anchor) + 1 - Math.ceil(share * screen) - overscan);
    const last = Math.min(total, Math.floor(anchor) + 1 + Math.ceil((1 - share) * screen) + overscan);
    this.rows.show(first, last);
    const top = this.#y / scale;
    if (Math.abs(this.#set - top) >= 1) this.scroller.scrollTop = top;
    this.#set = this.scroller.scrollTop;
    if (total === 0) return;
    this.#fetch(first, last);
    const row = this.rows.element(Math.floor(anchor) + 1);
    const wrapped = this.classList.contains('log-wrap');
    const above = wrapped && row ? row.offsetTop : (Math.floor(anchor) + 1 - first) * lineHeight;
    const height = wrapped && row ? row.offsetHeight : lineHeight;
    let place = this.#set + share * view - above - (anchor - Math.floor(anchor)) * height;
    // What is shorter than the window begins at its top.
    if (most === 0 && !this.#follow) place = this.#set;
    else if (most === 0 && this.layer.offsetHeight <= view) place = 0;
    else if (most === 0) place = this.#set + view - this.layer.offsetHeight;
    this.layer.style.transform = `translateY(${place}px)`;
  }

  async #fetch(first, last) {
    const number = this.lines.missing(first, last);
    if (number === 0) return;
    const { signal } = this.#stop;
    try {
      if (await this.lines.fill(number, signal)) this.#draw();
    } catch (error) {
      if (signal.aborted) return;
      this.#say(`${this.texts.failed} ${error.message}`);
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => this.#draw(), 2000);
    }
  }

  #say(text) { if (this.notice.textContent !== text) this.notice.textContent = text; }
}

const stored = name => localStorage.getItem(`prts-log-${name}`) === 'true';
customElements.define('prts-log', LogViewer);
