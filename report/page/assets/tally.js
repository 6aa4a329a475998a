import {bitServer, kindClosed, kindFinding, kindFrame, kindGap, kindViolation} from './batch.js';
import {inSlices} from './slices.js';

const stripBins = 512; // time bins of all traffic
const laneBins = 256; // and of one connection
const maxMarks = 128; // gaps, violations, closes kept of one connection
const maxLanes = 20000; // connections with bins of their own
const rowsAtOnce = 4096;

// Tally counts traffic over time: bytes and frames of each direction in bins of
// equal width, in all and (as "lanes") for each connection. Where time runs
// beyond the last bin, as it does live, bins are folded in pairs.
class Tally {
  // from and to are ms since the start; fixed keeps to what lies between.
  constructor(from, to, fixed) {
    this.from = from;
    this.to = Math.max(to, from + 1e-3);
    this.fixed = fixed;
    this.end = this.to; // of what is shown: the bins may reach farther
    this.bytes = [new Float64Array(stripBins), new Float64Array(stripBins)];
    this.frames = [new Float64Array(stripBins), new Float64Array(stripBins)];
    this.lanes = new Map();
    this.marks = []; // {kind, row, time} of all connections
    this.next = 0;
    this.abort = null;
  }

  // width is that of a bin in ms.
  get width() {
    return (this.to - this.from) / stripBins;
  }

  // catchUp counts what the store has and was not counted, in slices, and calls
  // changed as it gets on.
  catchUp(store, changed) {
    if (this.abort || this.next >= store.rows) return;
    this.abort = new AbortController();
    inSlices(() => this.step(store), {signal: this.abort.signal, progress: changed}).then((whole) => {
      this.abort = whole ? null : this.abort;
      changed();
      if (whole) this.catchUp(store, changed);
    });
  }

  // stop gives up counting, for good.
  stop() {
    if (this.abort) this.abort.abort();
    this.next = Infinity;
  }

  step(store) {
    if (this.next < store.first) this.next = store.first;
    if (this.next >= store.rows) return true;
    const batch = store.batchOf(this.next);
    const begin = this.next - batch.first;
    const end = Math.min(batch.rows, begin + rowsAtOnce);
    for (let j = begin; j < end; j++) this.count(batch, j);
    this.next = batch.first + end;
    return this.next >= store.rows;
  }

  count(batch, j) {
    const time = batch.time[j];
    if (this.fixed && (time < this.from || time > this.to)) return;
    while (time > this.to + this.width) this.fold(); // the last bin takes what was rounded up
    if (time > this.end) this.end = time;
    const place = Math.max(0, (time - this.from) / (this.to - this.from));
    const kind = batch.kind[j];
    const lane = this.lane(batch.conn[j]);
    if (kind !== kindFrame) {
      if (kind === kindGap || kind === kindViolation || kind === kindClosed || kind === kindFinding) {
        const mark = {kind, row: batch.first + j, time};
        if (this.marks.length < 16 * maxMarks) this.marks.push(mark);
        if (lane && lane.marks.length < maxMarks) lane.marks.push(mark);
      }
      return;
    }
    const side = batch.bits[j] & bitServer ? 1 : 0;
    const bin = Math.min(stripBins - 1, Math.floor(place * stripBins));
    this.bytes[side][bin] += batch.length[j];
    this.frames[side][bin]++;
    if (lane) lane.frames[side][Math.min(laneBins - 1, Math.floor(place * laneBins))]++;
  }

  lane(conn) {
    if (conn === 0) return null;
    let lane = this.lanes.get(conn);
    if (lane === undefined && this.lanes.size < maxLanes) {
      lane = {frames: [new Uint32Array(laneBins), new Uint32Array(laneBins)], marks: []};
      this.lanes.set(conn, lane);
    }
    return lane || null;
  }

  fold() {
    this.to = this.from + 2 * (this.to - this.from);
    for (const bins of [...this.bytes, ...this.frames]) foldBins(bins);
    for (const lane of this.lanes.values()) lane.frames.forEach(foldBins);
  }
}

function foldBins(bins) {
  const half = bins.length / 2;
  for (let k = 0; k < half; k++) bins[k] = bins[2 * k] + bins[2 * k + 1];
  bins.fill(0, half);
}

// Traffic keeps two tallies: of the whole capture, and of the chosen time range
// (the same one while there is none).
export class Traffic {
  constructor(store, state) {
    this.store = store;
    this.state = state;
    this.listeners = [];
    this.whole = null;
    this.shown = null;
    store.on((what) => {
      if (what === 'rows') this.catchUp();
    });
    state.on((changed) => {
      if (changed.has('range')) this.setRange();
    });
  }

  // on calls listener() when counts have changed.
  on(listener) {
    this.listeners.push(listener);
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  catchUp() {
    if (this.whole === null) {
      const [from, to] = this.store.span();
      this.whole = new Tally(from, to, false);
      this.shown = this.whole;
      if (this.state.range) this.setRange();
    }
    this.whole.catchUp(this.store, () => this.tell());
    if (this.shown !== this.whole) this.shown.catchUp(this.store, () => this.tell());
  }

  setRange() {
    if (this.whole === null) return;
    if (this.shown !== this.whole) this.shown.stop();
    const range = this.state.range;
    this.shown = range ? new Tally(range[0], range[1], true) : this.whole;
    this.tell();
    this.catchUp();
  }
}
