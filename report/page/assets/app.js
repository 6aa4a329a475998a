import {kindClosed, kindFinding, kindGap, kindViolation} from './batch.js';
import {ConnectionList} from './connections.js';
import {copyRow} from './copy.js';
import {createDetail} from './detail.js';
import {setText} from './dom.js';
import {hasEmbedded, readEmbeddedBatches, readEmbeddedIndex} from './embedded.js';
import {createExport} from './export.js';
import {compileQuery} from './filter.js';
import {bindKeys, createKeyHelp} from './keys.js';
import {LiveFeed} from './live.js';
import {Overview} from './overview.js';
import {Plots} from './plot.js';
import {setUpPrint} from './print.js';
import {setUpSplitter} from './splitter.js';
import {State, stateFromHash, stateToHash} from './state.js';
import {Store} from './store.js';
import {FrameTable} from './table.js';
import {Traffic} from './tally.js';
import {formatBytes, formatClock, formatDuration, formatNumber, visible} from './text.js';
import {setUpTheme, themeColors} from './theme.js';
import {Toolbar} from './toolbar.js';
import {VerdictPane} from './verdict.js';
import {View} from './view.js';

const place = (id) => document.getElementById(id);

// App is what the panes share: the rows, what was chosen, and the ways from one
// pane to another.
class App {
  // live is null for a file, or says where the server gives exports.
  constructor(live) {
    this.live = live;
    this.loading = !live;
    this.store = new Store();
    this.state = new State();
    this.state.set(stateFromHash(location.hash));
    this.view = new View(this.store, this.state, compileQuery);
    this.view.setQuery();
    this.traffic = new Traffic(this.store, this.state);
    this.visible = visible;
    this.palette = null;
  }

  // build makes the panes; the index should be there, so that they show it.
  build() {
    setUpTheme(place('theme'), () => {
      this.palette = null;
      this.traffic.tell();
      if (this.plots) this.plots.draw();
    });
    this.verdict = new VerdictPane(place('verdict'), this);
    this.overview = new Overview(place('overview'), this);
    this.connections = new ConnectionList(place('connections-grid'), this);
    this.plots = new Plots(place('plots'), this);
    this.toolbar = new Toolbar(place('toolbar'), this);
    this.table = new FrameTable(place('frames-grid'), place('more'), this);
    this.detail = createDetail(place('detail-body'), this);
    createExport(place('export'), this);
    createKeyHelp(place('keys'));
    setUpPrint(place('print'), this);
    setUpSplitter(place('splitter'), document.querySelector('main'));
    place('help').addEventListener('click', () => place('keys').showModal());
    place('skip').addEventListener('click', (event) => {
      event.preventDefault(); // the address holds what is chosen
      this.focusFrames();
    });
    place('close-detail').addEventListener('click', () => this.closeDetail());
    this.bind();
    this.keepHash();
    const told = () => this.showSource();
    this.store.on((what) => what === 'rows' || told());
    told();
    this.showDetail();
    document.body.classList.add('ready');
  }

  // colors are the theme's, resolved, for canvases.
  colors() {
    if (this.palette === null) this.palette = themeColors();
    return this.palette;
  }

  // announce has a text read out to those who do not see it.
  announce(text) {
    setText(place('announce'), visible(text));
  }

  // keepHash writes what is chosen into the address without a step of history,
  // and follows where somebody goes back or pastes another link.
  keepHash() {
    let pending = 0;
    let written = location.hash;
    this.state.on((changed) => {
      if (changed.has('row')) this.showDetail();
      if (pending !== 0) return;
      pending = setTimeout(() => {
        pending = 0;
        written = stateToHash(this.state);
        if (written !== location.hash) history.replaceState(null, '', written || location.pathname + location.search);
      }, 200); // browsers refuse more than about 100 changes in 30 s
    });
    window.addEventListener('hashchange', () => {
      if (location.hash === written) return;
      this.state.set(stateFromHash(location.hash));
      if (this.state.row >= 0) this.select(this.state.row);
    });
  }

  showDetail() {
    document.body.classList.toggle('has-detail', this.state.row >= 0);
  }

  closeDetail() {
    this.state.set({row: -1});
    this.focusFrames();
  }

  focusFrames() {
    place('frames-grid').focus();
  }

  // select makes the row the current one. Where what was chosen hides it, the
  // choice is given up, and that is said.
  select(row) {
    if (this.view.next > row && this.view.indexOf(row) < 0) {
      this.announce('showing all rows again, since the row was hidden');
      this.state.set({conns: new Set(), range: null, filter: '', show: 'all', mode: 'frames'});
    }
    this.table.select(row, true);
  }

  // showPacket goes to the first row told at or behind the packet.
  showPacket(packet, row) {
    const to = row === undefined ? this.store.rowOfPacket(packet) : row;
    if (to < 0 || !this.store.has(to)) return this.announce('packet ' + packet + ' has no row');
    this.select(to);
    this.focusFrames();
  }

  // selectConnection shows only the connection's rows.
  selectConnection(conn) {
    this.state.set({conns: new Set([conn])});
    this.connections.show(conn);
  }

  // shown goes through the rows that are shown.
  * shown() {
    for (let index = 0; index < this.view.count; index++) yield this.view.row(index);
  }

  bind() {
    const focus = (id) => () => place(id).focus();
    const choose = (patch) => () => this.state.set(patch);
    const times = ['relative', 'absolute', 'delta'];
    bindKeys({
      '/': () => this.toolbar.focus(),
      '?': () => place('keys').showModal(),
      1: choose({show: 'all'}),
      2: choose({show: 'sent'}),
      3: choose({show: 'received'}),
      4: choose({show: 'control'}),
      m: () => this.state.set({mode: this.state.mode === 'frames' ? 'messages' : 'frames'}),
      t: () => this.state.set({time: times[(times.indexOf(this.state.time) + 1) % 3]}),
      v: () => this.verdict.focus(),
      o: () => this.overview.focus(),
      l: focus('connections-grid'),
      f: focus('frames-grid'),
      d: () => this.detail.focus(),
      c: () => this.state.row >= 0 && copyRow(this, this.state.row, 'text'),
      r: () => this.goToReply(),
      n: () => this.goToTrouble(1),
      N: () => this.goToTrouble(-1),
      ']': () => this.goAlongConnection(1),
      '[': () => this.goAlongConnection(-1),
      j: (event) => this.table.key(event),
      k: (event) => this.table.key(event),
      g: (event) => this.table.key(event),
      G: (event) => this.table.key(event),
      Enter: (event) => (event.target === place('frames-grid') && this.state.row >= 0 ? this.detail.focus() : false),
      Escape: () => this.escape(),
    });
  }

  escape() {
    const state = this.state;
    if (place('detail').contains(document.activeElement)) this.focusFrames();
    else if (state.range) state.set({range: null});
    else if (state.conns.size > 0) state.set({conns: new Set()});
    else if (state.filter) state.set({filter: ''});
    else if (state.row >= 0) state.set({row: -1});
  }

  goToReply() {
    const row = this.state.row;
    if (row < 0 || !this.store.has(row)) return;
    const request = this.store.request(row);
    const to = request >= 0 ? request : this.store.answer(row);
    if (to >= 0) this.goTo(to);
    else this.announce('the row answers nothing and has no answer');
  }

  // goTo selects the row, and has the next keys move on from there.
  goTo(row) {
    this.select(row);
    if (!place('detail').contains(document.activeElement)) this.focusFrames();
  }

  // goToTrouble goes to the next shown row that tells of a fault.
  goToTrouble(step) {
    this.walk(step, (row) => {
      const kind = this.store.kind(row);
      return kind === kindGap || kind === kindViolation || kind === kindClosed || kind === kindFinding;
    }, 'no more gaps, violations, closes or findings');
  }

  goAlongConnection(step) {
    if (this.state.row < 0 || !this.store.has(this.state.row)) return;
    const conn = this.store.conn(this.state.row);
    this.walk(step, (row) => this.store.conn(row) === conn, 'no more rows of connection #' + conn);
  }

  walk(step, wanted, otherwise) {
    const view = this.view;
    const here = view.place(this.state.row);
    for (let index = step > 0 ? Math.floor(here + 1) : Math.ceil(here - 1); index >= 0 && index < view.count; index += step) {
      if (wanted(view.row(index))) return this.goTo(view.row(index));
    }
    this.announce(otherwise);
  }

  // showSource says what was captured, when, and what is not in the page.
  showSource() {
    const {index, started} = this.store;
    const source = index.source || {};
    setText(place('source'), visible(source.name || (source.interfaces || []).join(', ') || ''));
    document.title = (source.name ? visible(source.name) + ' - ' : '') + 'wstap';
    const words = [];
    if (started > 0n) words.push(formatClock(started, true).replace(/\.\d+$/, '') + ' UTC');
    if (index.ended) words.push(formatDuration(this.store.span()[1]));
    const count = (n, noun) => formatNumber(n) + ' ' + noun + (n === 1 ? '' : 's');
    words.push(count(index.connections.length, 'connection'));
    const summary = index.summary || {};
    if (index.capture) words.push(count(index.capture.packets || 0, 'packet'));
    else if (summary.frames !== undefined) words.push(count(summary.frames, 'frame'), count(summary.messages || 0, 'message'), count(summary.packets || 0, 'packet'));
    setText(place('facts'), words.join(' \u00b7 '));
    const notes = [];
    if (index.redacted) notes.push('secrets are redacted');
    const capture = index.capture || summary;
    const dropped = (index.dropped && index.dropped.rows) || 0;
    if (dropped + this.store.forgotten > 0) notes.push('oldest ' + formatNumber(Math.max(dropped, this.store.first)) + ' rows forgotten');
    if (index.dropped && index.dropped.connections) notes.push('oldest ' + formatNumber(index.dropped.connections) + ' connections forgotten');
    if (index.dropped && index.dropped.bytes) notes.push(formatBytes(index.dropped.bytes) + ' of payload not kept');
    if (capture.dropped) notes.push(formatNumber(capture.dropped) + ' packets dropped by the kernel');
    if (capture.interface_dropped) notes.push(formatNumber(capture.interface_dropped) + ' by the interface');
    const limits = Object.entries(summary.limits || {}).filter(([, n]) => n > 0);
    if (limits.length > 0) notes.push('limits reached: ' + limits.map(([name, n]) => visible(name) + ' ' + formatNumber(n)).join(', '));
    setText(place('notes'), notes.join(' \u00b7 '));
  }
}

// exportURL is where the live server gives its packets, of all connections or
// of those whose numbers are given.
function exportURL(format, conns) {
  return 'export?format=' + format + (conns && conns.length > 0 ? '&conns=' + conns.join(',') : '');
}

// pause lets the browser paint and take input.
function pause() {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

async function start() {
  const app = new App(hasEmbedded() ? null : {exportURL});
  const status = place('status');
  if (app.live) {
    app.build();
    app.view.setFeed(new LiveFeed(app.store, (word) => {
      status.dataset.state = word;
      setText(status, {connected: 'live', lost: 'connection lost, trying again', ended: 'capture ended'}[word]);
    }));
    return;
  }
  app.store.setIndex(await readEmbeddedIndex());
  app.build();
  await readEmbeddedBatches(async (bytes) => {
    app.store.addBatch(bytes);
    await pause();
  });
  app.loading = false;
  app.store.finish();
  app.view.tell('progress');
}

start().catch((fault) => {
  const status = place('status');
  status.dataset.state = 'failed';
  setText(status, 'the page could not be read: ' + visible(String(fault && fault.message)));
  throw fault;
});
