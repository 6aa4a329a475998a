import {element, setText} from './dom.js';
import {formatNumber} from './text.js';

const typingPause = 180; // ms after the last key before a filter is applied

// Toolbar is what stands above the frames: the choices of what they show, the
// filter box with its fault and caret, and how many rows there are.
export class Toolbar {
  constructor(bar, app) {
    this.app = app;
    this.state = app.state;
    this.view = app.view;
    this.choices = [...bar.querySelectorAll('button[data-key]')];
    this.filter = bar.querySelector('.filter input');
    this.fault = bar.querySelector('.fault');
    this.notes = bar.querySelector('.query-notes');
    this.kind = bar.querySelector('.kind');
    this.count = bar.querySelector('.count');
    this.progress = bar.querySelector('progress');
    for (const choice of this.choices) {
      choice.addEventListener('click', () => this.state.set({[choice.dataset.key]: choice.dataset.value}));
    }
    this.filter.addEventListener('input', () => this.typed());
    this.filter.addEventListener('keydown', (event) => this.key(event));
    this.state.on(() => this.show());
    this.chosen = false; // anew, and not told how many rows that makes
    this.view.on((what) => {
      if (what === 'reset') this.chosen = true;
      this.showCount();
      this.tellCount();
    });
    app.store.on(() => this.showCount());
    this.show();
  }

  focus() {
    this.filter.focus();
    this.filter.select();
  }

  typed() {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.apply(), typingPause);
  }

  apply() {
    clearTimeout(this.pause);
    this.state.set({filter: this.filter.value});
  }

  key(event) {
    if (event.key === 'Enter') {
      this.apply();
      if (!this.view.query.error) this.app.focusFrames();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      if (this.filter.value === '') this.app.focusFrames();
      this.filter.value = '';
      this.apply();
    }
  }

  show() {
    for (const choice of this.choices) {
      choice.setAttribute('aria-pressed', String(this.state[choice.dataset.key]) === choice.dataset.value);
    }
    if (this.filter.value !== this.state.filter) this.filter.value = this.state.filter;
    this.showQuery();
  }

  // showQuery tells how the box was understood, or where it was not: the text
  // once more, with a caret under the column.
  showQuery() {
    const {kind, error} = this.view.query;
    setText(this.kind, {none: '', filter: 'display filter', text: 'text search', regex: 'regular expression'}[kind] || '');
    this.kind.title = this.view.query.hint || '';
    const notes = this.view.query.notes || [];
    this.notes.hidden = notes.length === 0;
    setText(this.notes, notes.map(this.app.visible).join('; '));
    this.filter.setAttribute('aria-invalid', error !== null);
    this.fault.hidden = error === null;
    if (error === null || this.fault.told === error) return;
    this.fault.told = error;
    const at = Math.max(0, error.at || 0);
    const text = this.app.visible(this.state.filter);
    const caret = ' '.repeat(this.app.visible(this.state.filter.slice(0, at)).length) + '^' + '~'.repeat(Math.max(0, (error.length || 1) - 1));
    this.fault.replaceChildren(element('pre', '', text + '\n' + caret), element('span', '', this.app.visible(error.message) + ' (not applied)'));
    this.app.announce('filter: ' + error.message);
  }

  // tellCount has the number of rows read out once after each choice.
  tellCount() {
    if (!this.chosen || !this.view.done || this.app.loading) return;
    this.chosen = false;
    this.app.announce(this.count.textContent);
  }

  showCount() {
    this.showQuery();
    const store = this.app.store;
    const all = store.rows - store.first;
    const shown = this.view.count;
    setText(this.count, (shown === all ? formatNumber(all) : formatNumber(shown) + ' of ' + formatNumber(all)) + (all === 1 ? ' row' : ' rows'));
    const loading = this.app.loading && store.index.rows > 0;
    const done = loading ? store.rows / store.index.rows : this.view.progress;
    this.progress.classList.toggle('idle', done >= 1);
    this.progress.value = done;
  }
}
