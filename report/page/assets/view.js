import {bitCompletes, bitServer, kindFrame, kindMessage} from './batch.js';
import {inSlices} from './slices.js';

const stepRows = 4096; // rows looked at between two looks at the clock

// View is which rows of the store are shown: those of the chosen connections,
// time range, direction, mode and filter, in ascending order. It is computed in
// slices and grows as the store does; a newer choice replaces an older one at
// once. Listeners hear 'reset' (another list begins), 'grew', 'shifted' (its
// first rows were forgotten; shift says how many), 'inserted' (one, at inserted),
// 'progress', 'query'.
export class View {
  constructor(store, state, compile) {
    this.store = store;
    this.state = state;
    this.compile = compile;
    this.count = 0;
    this.list = new Uint32Array(1024);
    this.next = 0; // first row that was not looked at yet
    this.shift = 0;
    this.inserted = 0;
    this.feed = null;
    this.query = {kind: 'none', error: null}; // of the box's text
    this.applied = this.query; // the last one without a fault
    this.listeners = [];
    this.abort = null;
    store.on((what) => {
      if (what === 'forgot') this.forget();
      if (what === 'rows') this.pump();
    });
    state.on((changed) => {
      const filtered = changed.has('filter') && this.setQuery();
      if (filtered || ['conns', 'range', 'show', 'mode'].some((key) => changed.has(key))) this.reset();
    });
  }

  // on calls listener(what) after each change.
  on(listener) {
    this.listeners.push(listener);
  }

  tell(what) {
    for (const listener of this.listeners) listener(what);
  }

  // row is the store's row at an index of the view.
  row(index) {
    return this.list[index];
  }

  // find is the index of the row, or of the first shown row behind it.
  find(row) {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.list[middle] < row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // indexOf is the index of the row, -1 where it is not shown.
  indexOf(row) {
    const index = this.find(row);
    return index < this.count && this.list[index] === row ? index : -1;
  }

  // place is the index of the row, or half an index before the first shown row
  // behind it, and -1 for no row: from where keys move on.
  place(row) {
    if (row < 0) return -1;
    const index = this.find(row);
    return index < this.count && this.list[index] === row ? index : index - 0.5;
  }

  // done is true when all rows were looked at; progress is how far it is, 0 to 1.
  get done() {
    return this.next >= this.store.rows;
  }

  get progress() {
    const all = this.store.rows - this.store.first;
    return all === 0 ? 1 : (this.next - this.store.first) / all;
  }

  // setQuery compiles the filter box's text. With a fault in it, the rows stay
  // those of the text before, and it returns false.
  setQuery() {
    const query = this.compile(this.state.filter, this.store);
    if (this.feed) this.feed.unfilter();
    if (this.feed && query.kind === 'filter') {
      this.feed.filter(this.state.filter.trim(), (served) => this.useQuery(served) && this.reset());
      return false;
    }
    return this.useQuery(query);
  }

  useQuery(query) {
    this.query = query;
    if (!query.error) this.applied = query;
    this.tell('query');
    return !query.error;
  }

  // setFeed has display filters evaluated by the live server from here on.
  setFeed(feed) {
    this.feed = feed;
    feed.onMatch((late) => {
      for (const row of late) this.insert(row);
      this.pump();
    });
    if (this.state.filter !== '' && this.setQuery()) this.reset();
  }

  // insert shows a row that was passed over before.
  insert(row) {
    const index = this.find(row);
    if (row >= this.next || !this.store.has(row) || (index < this.count && this.list[index] === row)) return;
    const batch = this.store.batchOf(row);
    if (!rowTest(this.state, {kind: 'none'})(batch, row - batch.first)) return;
    this.reserve(1);
    this.list.copyWithin(index + 1, index, this.count);
    this.list[index] = row;
    this.count++;
    this.inserted = index;
    this.tell('inserted');
  }

  // reset begins anew.
  reset() {
    if (this.abort) this.abort.abort();
    this.abort = null;
    this.count = 0;
    this.next = this.store.first;
    if (this.applied.reset) this.applied.reset();
    this.tell('reset');
    this.pump();
  }

  // pump looks at what was not looked at yet.
  pump() {
    if (this.abort || this.done) return;
    if (this.applied.ready && !this.applied.ready(this.next)) return;
    const abort = new AbortController();
    this.abort = abort;
    const test = rowTest(this.state, this.applied);
    let told = this.count;
    const grew = () => {
      if (this.count !== told) this.tell('grew');
      told = this.count;
      this.tell('progress');
    };
    inSlices(() => this.step(test), {signal: abort.signal, progress: grew}).then((whole) => {
      if (!whole) return;
      this.abort = null;
      grew();
      this.pump();
    });
  }

  step(test) {
    const store = this.store;
    if (this.next < store.first) this.next = store.first;
    if (this.next >= store.rows) return true;
    const batch = store.batchOf(this.next);
    const begin = this.next - batch.first;
    let end = Math.min(batch.rows, begin + stepRows);
    if (this.applied.ready) {
      end = begin;
      while (end < batch.rows && end < begin + stepRows && this.applied.ready(batch.first + end)) end++;
      if (end === begin) return true; // the server's word comes
    }
    this.reserve(end - begin);
    for (let j = begin; j < end; j++) {
      if (test(batch, j)) this.list[this.count++] = batch.first + j;
    }
    this.next = batch.first + end;
    return this.next >= store.rows;
  }

  reserve(more) {
    if (this.count + more <= this.list.length) return;
    const bigger = new Uint32Array(Math.max(this.list.length * 2, this.count + more));
    bigger.set(this.list.subarray(0, this.count));
    this.list = bigger;
  }

  forget() {
    this.shift = this.find(this.store.first);
    if (this.shift === 0) return;
    this.list.copyWithin(0, this.shift, this.count);
    this.count -= this.shift;
    this.tell('shifted');
  }
}

// rowTest is a function (batch, j) -> bool for what was chosen.
function rowTest(state, query) {
  const conns = state.conns.size > 0 ? new Set(state.conns) : null;
  const only = conns && conns.size === 1 ? [...conns][0] : -1;
  const range = state.range;
  const show = state.show;
  const whole = state.mode === 'messages';
  const test = query.kind === 'none' ? null : query.test;
  return (batch, j) => {
    if (conns !== null) {
      if (only >= 0 ? batch.conn[j] !== only : !conns.has(batch.conn[j])) return false;
    }
    if (range !== null && (batch.time[j] < range[0] || batch.time[j] > range[1])) return false;
    const kind = batch.kind[j];
    if (kind === kindFrame || kind === kindMessage) {
      const control = kind === kindFrame && (batch.op[j] & 8) !== 0;
      if (show === 'control') {
        if (!control) return false;
      } else {
        if (show === 'sent' && (batch.bits[j] & bitServer) !== 0) return false;
        if (show === 'received' && (batch.bits[j] & bitServer) === 0) return false;
        if (whole && (control || (kind === kindFrame && (batch.bits[j] & bitCompletes) === 0))) return false;
      }
    } else if (show === 'sent' || show === 'received') {
      return false;
    }
    return test === null || test(batch.first + j);
  };
}
