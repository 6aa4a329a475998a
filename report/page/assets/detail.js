// The detail pane: what one row is, in words, and its payload in tabs. Without
// a row it tells of the connection that is chosen.
import {bitCompletes, kindFrame} from './batch.js';
import {connectionPart, lifecyclePart} from './detail-connection.js';
import {frameFacts, headerPart, isGuess} from './detail-frame.js';
import {copyRow, copyText} from './copy.js';
import {button, element, empty} from './dom.js';
import {createHex} from './hex.js';
import {createTree, parseJSON} from './jsontree.js';
import {isLifecycle, messageOpcode, typeText} from './rowtext.js';
import {decodeText, endpointText, formatBytes, formatClock, formatNumber, formatTime, visible} from './text.js';

const shownCharacters = 200000; // of a text, before "more": layout is slow beyond

// createDetail fills the container, which it owns from then on, with what
// app.state.row is. focus() moves the keyboard's focus there.
export function createDetail(container, app) {
  const pane = new DetailPane(container, app);
  return {focus: () => pane.focus()};
}

class DetailPane {
  constructor(container, app) {
    this.container = container;
    this.app = app;
    this.shown = null;
    this.raw = false; // text as it was sent, not wrapped
    app.state.on((changed) => {
      if (changed.has('row') || changed.has('conns') || changed.has('pane')) this.show(changed.has('row') || changed.has('conns'));
    });
    app.store.on((what) => this.follow(what));
    this.show(true);
  }

  // follow shows what has become of the row and its connection, live, and leaves
  // alone what has not changed: trees stay open, dumps where they were scrolled.
  follow(what) {
    const {store, state} = this.app;
    if (what === 'rows' && this.waiting) this.show(false);
    else if (what === 'rows' && this.facts && store.has(state.row) && store.answer(state.row) !== this.answer) this.showFacts(state.row);
    if (what !== 'index' || this.shown === null) return;
    const connection = store.connection(this.shown.conn);
    if (connection === this.shown || !connection) return;
    this.shown = connection;
    const part = connectionPart(connection, this.app);
    this.connectionPart.replaceWith(part);
    this.connectionPart = part;
  }

  focus() {
    const tab = this.container.querySelector('[role=tab][aria-selected=true]') || this.container.querySelector('button');
    if (tab) tab.focus();
  }

  show(fresh) {
    const {store, state} = this.app;
    const row = state.row;
    const inside = this.container.contains(document.activeElement);
    if (fresh) this.container.scrollTop = 0;
    this.waiting = row >= 0 && !store.has(row);
    this.facts = null;
    this.shown = null;
    empty(this.container);
    if (row < 0) this.showOverview();
    else if (this.waiting) this.container.append(element('p', 'detail-hint', row < store.first ? 'The row is not held any more.' : 'The row is not there yet.'));
    else this.showRow(row);
    if (inside) this.focus();
  }

  showOverview() {
    const {store, state} = this.app;
    const chosen = [...state.conns];
    const connection = chosen.length === 1 ? store.connection(chosen[0]) : null;
    if (connection) this.container.append(heading('Connection #' + connection.conn), this.connection(connection));
    else this.container.append(element('p', 'detail-hint', 'Choose a row to see its payload, its header bits and what answers it.'));
  }

  showRow(row) {
    const {store} = this.app;
    const kind = store.kind(row);
    const lifecycle = isLifecycle(kind);
    const title = heading('');
    if (!lifecycle) title.append(element('span', store.fromServer(row) ? 'detail-received' : 'detail-sent', store.fromServer(row) ? '\u2193 received ' : '\u2191 sent '));
    title.append(typeText(store, row, false));
    const connection = store.connection(store.conn(row));
    if (connection) title.append(element('span', 'detail-dim', '  connection #' + connection.conn));
    this.container.append(title, this.place(row, connection, lifecycle));
    if (lifecycle) {
      this.container.append(lifecyclePart(row, this.app));
      if (connection) this.container.append(heading('Connection #' + connection.conn, 'h4'), this.connection(connection));
      return;
    }
    this.facts = element('div');
    this.container.append(this.facts, this.copying(row));
    this.showFacts(row);
    this.tabs(row, connection, kind === kindFrame);
  }

  showFacts(row) {
    this.answer = this.app.store.answer(row);
    this.facts.replaceChildren(frameFacts(row, this.app));
  }

  // connection is what is known of one, which follow keeps up to date.
  connection(connection) {
    this.shown = connection;
    this.connectionPart = connectionPart(connection, this.app);
    return this.connectionPart;
  }

  // place is when and in which packets the row was.
  place(row, connection, lifecycle) {
    const {store} = this.app;
    const detail = store.detail(row) || {};
    const list = element('p', 'detail-place');
    const time = detail.no_time ? 'no time' : `${formatClock(store.timeNs(row), true)} UTC, ${formatTime(store.time(row))} s after the start`;
    list.append(element('span', '', time));
    const packet = store.packet(row);
    if (detail.first_packet) list.append(this.packet(detail.first_packet, 'begun by packet '), this.packet(packet, 'completed by packet '));
    else if (packet) list.append(this.packet(packet, 'packet '));
    if (connection && !lifecycle) {
      const [from, to] = store.fromServer(row) ? [connection.server, connection.client] : [connection.client, connection.server];
      list.append(element('span', '', `${endpointText(from)} \u2192 ${endpointText(to)}`));
    }
    return list;
  }

  // packet is a packet's number that copies the filter for it.
  packet(number, before) {
    const part = element('span', '', before);
    const copy = button(formatNumber(number), async () => {
      const filter = `frame.number == ${number}`;
      const done = await copyText(filter);
      this.app.announce(done ? 'copied ' + filter : filter);
    }, `copy frame.number == ${number}, for Wireshark`);
    copy.className = 'detail-link';
    part.append(copy);
    return part;
  }

  copying(row) {
    const bar = element('p', 'detail-copy');
    bar.append(element('span', 'detail-dim', 'Copy '));
    const ways = [['text', 'text'], ['json', 'JSON'], ['base64', 'base64'], ['hex', 'hex'], ['line', 'line']];
    for (const [how, label] of this.app.store.size(row) > 0 ? ways : ways.slice(-1)) {
      bar.append(button(label, () => copyRow(this.app, row, how), 'copy ' + (how === 'line' ? 'the row as a line' : 'the payload as ' + label)));
    }
    return bar;
  }

  // tabs are the views of the payload. Which one was open stays, as far as the
  // row has it.
  tabs(row, connection, framed) {
    const {store, state} = this.app;
    const payload = store.payload(row);
    const binary = messageOpcode(store, row) === 2;
    const text = binary ? null : decodeText(payload);
    const json = text === null || !/^\s*[[{]/.test(text) ? null : parseJSON(text);
    const all = [];
    if (json) all.push(['json', 'JSON', () => createTree(json)]);
    if (payload.length > 0 && text !== null) all.push(['text', 'Text', () => this.text(text)]);
    if (payload.length > 0) all.push(['hex', 'Hex', () => createHex(payload)]);
    if (framed) all.push(['header', 'Header', () => headerPart(row, this.app)]);
    if (connection) all.push(['connection', 'Connection', () => this.connection(connection)]);
    if (all.length === 0) return;
    const open = all.find(([id]) => id === state.pane) || all[0];
    const list = element('div', 'detail-tabs');
    list.setAttribute('role', 'tablist');
    list.setAttribute('aria-label', 'Views of the row');
    const panel = element('div', 'detail-panel');
    panel.setAttribute('role', 'tabpanel');
    panel.id = 'detail-panel';
    panel.setAttribute('aria-labelledby', 'detail-tab-' + open[0]);
    if (payload.length === 0) panel.append(element('p', 'detail-hint', this.absence(row)));
    else if (open[0] !== 'header' && open[0] !== 'connection') this.cut(panel, row);
    panel.append(open[2]());
    all.forEach(([id, label], k) => {
      const tab = button(label, () => state.set({pane: id}));
      tab.setAttribute('role', 'tab');
      tab.id = 'detail-tab-' + id;
      tab.setAttribute('aria-selected', String(id === open[0]));
      tab.setAttribute('aria-controls', 'detail-panel');
      tab.tabIndex = id === open[0] ? 0 : -1;
      tab.addEventListener('keydown', (event) => {
        const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
        if (!step) return;
        event.preventDefault();
        event.stopPropagation();
        state.set({pane: all[(k + step + all.length) % all.length][0]});
      });
      list.append(tab);
    });
    this.container.append(list, panel);
  }

  // absence says why a row has no payload here.
  absence(row) {
    const {store} = this.app;
    const control = (store.op(row) & 8) !== 0;
    if (!control && store.kind(row) === kindFrame && (store.bits(row) & bitCompletes) === 0) {
      return 'A fragment: the frame that completes the message has its payload.';
    }
    if (store.length(row) === 0) return 'No payload.';
    if (isGuess(store.detail(row) || {})) return 'The payload could not be inflated, since what it refers to was lost or is wrong (RFC 7692, 7.2.2).';
    return 'No byte of the payload is kept here.';
  }

  cut(panel, row) {
    const {store} = this.app;
    if ((store.bits(row) & 64) === 0) return;
    const detail = store.detail(row) || {};
    const whole = detail.message_length || store.length(row);
    panel.append(element('p', 'detail-hint', `The first ${formatBytes(store.size(row))} of ${formatBytes(whole)}: --payload-limit keeps more.`));
  }

  text(text) {
    const part = element('div');
    const wrap = button('', () => {
      this.raw = !this.raw;
      show();
    });
    const pre = element('pre', 'detail-text');
    const show = () => {
      wrap.textContent = this.raw ? 'Wrap lines' : 'One line';
      pre.classList.toggle('detail-wrapped', !this.raw);
    };
    wrap.className = 'detail-wrap';
    const lines = (s) => (s.includes('\n') ? s.split('\n').map((l) => visible(l.replace(/\t/g, '    '))).join('\n') : visible(s));
    pre.textContent = lines(text.slice(0, shownCharacters));
    show();
    part.append(wrap, pre);
    if (text.length > shownCharacters) {
      const more = button(`${formatNumber(text.length - shownCharacters)} more characters`, () => {
        pre.textContent = lines(text);
        more.remove();
      });
      part.append(more);
    }
    return part;
  }
}

function heading(text, tag) {
  return element(tag || 'h3', 'detail-title', text);
}
