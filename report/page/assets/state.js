// What of the state stands in the address, and how: so that a link to what one
// sees can be passed on and survives a reload.
const stateDefaults = {row: -1, filter: '', show: 'all', mode: 'frames', time: 'relative', pane: '', range: null};
const showWords = ['all', 'sent', 'received', 'control'];
const modeWords = ['frames', 'messages'];
const timeWords = ['absolute', 'relative', 'delta'];

// State is what the person at the page has chosen. Panes read its properties,
// change them with set only, and are told what has changed.
//
//   row     selected row, -1 without one
//   conns   Set of the selected connections' numbers, empty for all
//   range   null, or [from, to] in ms since the capture's start
//   filter  text of the filter box
//   show    'all', 'sent', 'received', 'control'
//   mode    'frames', 'messages'
//   time    'absolute', 'relative', 'delta'
//   pane    which part of the detail pane is open
export class State {
  constructor() {
    Object.assign(this, stateDefaults);
    this.conns = new Set();
    this.listeners = [];
  }

  // on calls listener(changed), a Set of property names, after each change.
  on(listener) {
    this.listeners.push(listener);
  }

  set(patch) {
    const changed = new Set();
    for (const key of Object.keys(patch)) {
      if (sameState(this[key], patch[key])) continue;
      this[key] = patch[key];
      changed.add(key);
    }
    if (changed.size === 0) return;
    for (const listener of this.listeners) listener(changed);
  }
}

function sameState(a, b) {
  if (a instanceof Set) return a.size === b.size && [...a].every((x) => b.has(x));
  if (Array.isArray(a) && Array.isArray(b)) return a[0] === b[0] && a[1] === b[1];
  return a === b;
}

// stateToHash writes what differs from the defaults: '#row=5&show=sent', or ''.
export function stateToHash(state) {
  const parts = new URLSearchParams();
  if (state.row >= 0) parts.set('row', state.row);
  if (state.conns.size > 0) parts.set('conn', [...state.conns].sort((a, b) => a - b).join(','));
  if (state.range) parts.set('range', state.range.map((ms) => (ms / 1e3).toFixed(6)).join('-'));
  for (const key of ['filter', 'show', 'mode', 'time', 'pane']) {
    if (state[key] !== stateDefaults[key]) parts.set(key, state[key]);
  }
  const text = parts.toString();
  return text === '' ? '' : '#' + text;
}

// stateFromHash reads a hash into a patch for State.set. What it does not
// understand it takes for absent: a hash can come from anywhere.
export function stateFromHash(hash) {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const word = (key, words) => (words.includes(parts.get(key)) ? parts.get(key) : stateDefaults[key]);
  const patch = {
    row: /^\d{1,12}$/.test(parts.get('row') || '') ? Number(parts.get('row')) : -1,
    conns: new Set(),
    range: null,
    filter: (parts.get('filter') || '').slice(0, 4096),
    show: word('show', showWords),
    mode: word('mode', modeWords),
    time: word('time', timeWords),
    pane: /^\w{1,20}$/.test(parts.get('pane') || '') ? parts.get('pane') : '',
  };
  for (const number of (parts.get('conn') || '').split(',')) {
    if (/^\d{1,9}$/.test(number) && patch.conns.size < 1000) patch.conns.add(Number(number));
  }
  const range = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(parts.get('range') || '');
  if (range && Number(range[1]) < Number(range[2])) patch.range = [Number(range[1]) * 1e3, Number(range[2]) * 1e3];
  return patch;
}
