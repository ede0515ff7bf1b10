// What pages need of the browser and no server: the reader's time, running durations, copying.

const language = document.documentElement.lang || 'en';
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
const exact = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
const units = language.startsWith('zh') ? ['时', '分', '秒', '毫秒'] : ['h', 'm', 's', 'ms'];
const live = new Set();

function ago(time) {
  const seconds = (time - Date.now()) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return relative.format(0, 'second');
  if (size < 3600 * 0.9) return relative.format(Math.round(seconds / 60), 'minute');
  if (size < 86400 * 0.9) return relative.format(Math.round(seconds / 3600), 'hour');
  if (size < 86400 * 30) return relative.format(Math.round(seconds / 86400), 'day');
  return exact.format(time);
}

export function duration(milliseconds) {
  const [h, m, s, ms] = units;
  const seconds = Math.floor(milliseconds / 1000);
  if (milliseconds < 1000) return milliseconds > 0 ? `${Math.round(milliseconds)} ${ms}` : `0${s}`;
  if (seconds < 10) return `${(Math.floor(milliseconds / 100) / 10).toFixed(1)}${s}`;
  if (seconds < 60) return `${seconds}${s}`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${m} ${seconds % 60}${s}`;
  return `${Math.floor(seconds / 3600)}${h} ${Math.floor(seconds / 60) % 60}${m}`;
}

class Ticking extends HTMLElement {
  connectedCallback() { live.add(this); this.show(); }
  disconnectedCallback() { live.delete(this); }
  attributeChangedCallback() { if (this.isConnected) this.show(); }
  write(text) { if (this.textContent !== text) this.textContent = text; }
}

// <prts-time at="2026-01-01T00:00:00Z" exact>: how long ago, with the exact local time as its hint; or that time itself.
customElements.define('prts-time', class extends Ticking {
  static observedAttributes = ['at'];
  show() {
    const time = Date.parse(this.getAttribute('at') ?? '');
    this.write(Number.isNaN(time) ? '–' : this.hasAttribute('exact') ? exact.format(time) : ago(time));
    this.title = Number.isNaN(time) ? '' : exact.format(time);
  }
});

// <prts-duration from="…" to="…" running>: counts on while it runs.
customElements.define('prts-duration', class extends Ticking {
  static observedAttributes = ['from', 'to', 'running'];
  show() {
    const from = Date.parse(this.getAttribute('from') ?? '');
    const to = Date.parse(this.getAttribute('to') ?? '');
    if (Number.isNaN(from)) this.write('');
    else if (!Number.isNaN(to)) this.write(duration(to - from));
    else this.write(this.hasAttribute('running') ? duration(Math.max(0, Math.floor((Date.now() - from) / 1000) * 1000)) : '');
  }
});

setInterval(() => { if (!document.hidden) for (const element of live) element.show(); }, 1000);

// <prts-reveal>: a scrolled region that begins where its current link is.
customElements.define('prts-reveal', class extends HTMLElement {
  connectedCallback() {
    requestAnimationFrame(() => {
      const link = this.querySelector('[aria-current]');
      if (!link) return;
      const [outer, inner] = [this.getBoundingClientRect(), link.getBoundingClientRect()];
      if (inner.bottom > outer.bottom || inner.right > outer.right)
        this.scrollBy(inner.left - outer.left - (outer.width - inner.width) / 2, inner.top - outer.top - (outer.height - inner.height) / 2);
    });
  }
});

async function copy(text) {
  if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
  // Plain HTTP on another machine has no clipboard API.
  const area = Object.assign(document.createElement('textarea'), { value: text, readOnly: true });
  area.style.cssText = 'position:fixed;top:0;opacity:0';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

document.addEventListener('click', async event => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  await copy(button.dataset.copy);
  button.dataset.done = '';
  setTimeout(() => delete button.dataset.done, 1500);
});

// The server has forgotten this page (it was restarted, say): its address holds its state, so load it again.
document.getElementById('components-reconnect-modal')?.addEventListener('components-reconnect-state-changed', event => {
  const state = event.detail.state;
  if (state === 'show') event.currentTarget.show();
  else if (state === 'hide') event.currentTarget.close();
  else if (state === 'rejected') location.reload();
  else if (state === 'failed') setTimeout(() => location.reload(), 3000);
});
