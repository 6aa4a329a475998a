import {kindClosed, kindEncrypted, kindFinding, kindGap, kindViolation} from './batch.js';
import {element, gridHead, setText} from './dom.js';
import {moveByKey} from './keys.js';
import {VirtualRows} from './rows.js';
import {isLifecycle, lifecycleText, previewText, remarkText, typeText} from './rowtext.js';
import {formatClock, formatNumber, formatTime} from './text.js';

const frameColumns = ['Time', 'Conn', 'Direction', 'Type', 'Length', 'Data', 'Packet'];
const frameRowHeights = {wide: 22, narrow: 42}; // px, as in style.css

// FrameTable is the list of frames, messages and what happened between them: a
// grid of which the selected row is the active one. It follows the newest row
// while its end is in sight, and stands still as soon as somebody reads.
export class FrameTable {
  // grid is the element with role grid; more the button "N new rows".
  constructor(grid, more, app) {
    this.app = app;
    this.store = app.store;
    this.state = app.state;
    this.view = app.view;
    this.grid = grid;
    this.more = more;
    this.empty = grid.parentNode.querySelector('.empty');
    this.narrow = window.matchMedia('(max-width: 800px)');
    this.stacked = window.matchMedia('(max-width: 800px), (max-height: 560px)');
    this.rowHeight = this.narrow.matches ? frameRowHeights.narrow : frameRowHeights.wide;
    this.follow = app.state.row < 0;
    this.unseen = 0; // rows that came while somebody read
    this.refilling = false; // rows that came are those of before, chosen anew
    this.known = 0; // rows of the view when last looked
    this.anchor = app.state.row; // row to bring into sight once the view has it
    this.scroller = element('div', 'scroller');
    this.scroller.setAttribute('role', 'rowgroup');
    this.scroller.tabIndex = -1;
    grid.append(this.header(), this.scroller);
    grid.setAttribute('aria-colcount', frameColumns.length);
    this.rows = new VirtualRows(this.scroller, this);
    this.narrow.addEventListener('change', () => this.rows.setRowHeight(this.narrow.matches ? frameRowHeights.narrow : frameRowHeights.wide));
    grid.addEventListener('keydown', (event) => this.key(event));
    this.scroller.addEventListener('mousedown', (event) => this.press(event));
    // The scroller can be clicked, the grid has the keys.
    this.scroller.addEventListener('focus', () => grid.focus({preventScroll: true}));
    more.addEventListener('click', () => this.goToEnd());
    this.view.on((what) => this.viewChanged(what));
    this.state.on((changed) => this.stateChanged(changed));
    this.store.on((what) => {
      if (what === 'index') this.rows.refresh(); // rows tell of connections
      this.showEmpty();
    });
    this.showTime();
  }

  header() {
    const { group, cells } = gridHead(frameColumns.map((name) => name.toLowerCase()));
    frameColumns.forEach((name, k) => setText(cells[k], name));
    this.timeHead = cells[0];
    return group;
  }

  create() {
    const row = element('div', 'row');
    row.setAttribute('role', 'row');
    row.cells = frameColumns.map((name, k) => {
      const cell = element('span', 'c-' + name.toLowerCase());
      cell.setAttribute('role', 'gridcell');
      cell.setAttribute('aria-colindex', k + 1);
      row.append(cell);
      return cell;
    });
    row.parts = [element('b'), element('span', 'preview'), element('span', 'remark')];
    row.cells[5].append(...row.parts);
    return row;
  }

  // fill shows the view's row at index in an element that create made.
  fill(e, index) {
    const store = this.store;
    const row = this.view.row(index);
    const kind = store.kind(row);
    const server = store.fromServer(row);
    const [time, conn, direction, type, length, , packet] = e.cells;
    const lifecycle = isLifecycle(kind);
    e.id = 'row-' + row;
    e.setAttribute('aria-rowindex', index + 2);
    e.setAttribute('aria-selected', row === this.state.row);
    e.className = 'row' + (index & 1 ? ' odd' : '') + (row === this.state.row ? ' current' : '') + rowTone(kind, store, row);
    setText(time, this.timeText(row, index));
    setText(conn, store.conn(row) === 0 ? '' : '#' + store.conn(row));
    const sided = !lifecycle || kind === kindGap || kind === kindViolation;
    setText(direction, !sided ? '' : server ? '\u2193 received' : '\u2191 sent');
    direction.classList.toggle('received', sided && server);
    direction.classList.toggle('sent', sided && !server);
    setText(type, typeText(store, row, this.state.mode === 'messages'));
    setText(length, lifecycle && kind !== kindGap ? '' : formatNumber(this.lengthOf(row)));
    setText(packet, String(store.packet(row)));
    const [summary, preview, remark] = e.parts;
    setText(summary, lifecycle ? '' : this.summaryText(row));
    setText(preview, lifecycle ? lifecycleText(store, row) : previewText(store, row));
    setText(remark, lifecycle ? '' : remarkText(store, row));
  }

  summaryText(row) {
    return this.app.visible(this.store.summary(row));
  }

  // lengthOf is the payload's length: in messages, of the message.
  lengthOf(row) {
    if (this.state.mode !== 'messages') return this.store.length(row);
    const detail = this.store.detail(row);
    if (detail && detail.message_length !== undefined) return detail.message_length;
    return this.store.size(row) || this.store.length(row);
  }

  timeText(row, index) {
    if (this.state.time === 'absolute') return formatClock(this.store.timeNs(row));
    if (this.state.time === 'relative') return formatTime(this.store.time(row));
    const before = index > 0 ? this.store.time(this.view.row(index - 1)) : this.store.time(row);
    return formatTime(this.store.time(row) - before);
  }

  showTime() {
    setText(this.timeHead, {absolute: 'Time (UTC)', relative: 'Time (s)', delta: 'Delta (s)'}[this.state.time]);
    this.grid.dataset.time = this.state.time;
  }

  stateChanged(changed) {
    if (changed.has('time')) this.showTime();
    if (changed.has('time') || changed.has('mode')) this.rows.refresh();
    if (changed.has('row')) {
      this.rows.refresh();
      if (this.stacked.matches && this.state.row >= 0) requestAnimationFrame(() => this.uncover());
    }
  }

  viewChanged(what) {
    const view = this.view;
    if (what === 'reset') {
      // What was being read stays in sight, if the new list has it.
      this.anchor = this.anchorRow();
      this.known = 0;
      this.refilling = true;
      this.rows.setCount(0, true);
    } else if (what === 'grew') {
      if (!this.refilling) this.unseen += view.count - this.known;
      this.known = view.count;
      this.rows.setCount(view.count);
      this.reachAnchor();
      if (this.follow && this.tails()) this.rows.moveTo(this.rows.map.end);
    } else if (what === 'shifted') {
      this.known -= view.shift;
      const position = this.rows.position - view.shift * this.rows.rowHeight;
      this.rows.setCount(view.count, true);
      this.rows.moveTo(this.follow && this.tails() ? this.rows.map.end : position);
    } else if (what === 'inserted') {
      const above = view.inserted * this.rows.rowHeight < this.rows.position;
      this.known++;
      this.rows.setCount(view.count, true);
      if (above) this.rows.moveTo(this.rows.position + this.rows.rowHeight);
    } else if (what === 'progress' && view.done) {
      this.refilling = false;
      this.reachAnchor();
      this.anchor = this.app.loading ? this.anchor : -1;
    }
    this.grid.setAttribute('aria-rowcount', view.count + 1);
    this.showEmpty();
    this.showMore();
  }

  // tails is true where rows keep coming: in a capture that goes on, not while
  // one is read from a file.
  tails() {
    const source = this.store.index.source;
    return this.app.live !== null && (!source || source.kind !== 'file');
  }

  showEmpty() {
    const all = this.store.rows - this.store.first;
    this.empty.hidden = this.view.count > 0 || !this.view.done || this.app.loading;
    setText(this.empty, all > 0 ? 'No row passes what is chosen. Escape takes it back, step by step.' : this.store.done ? 'No frames were captured.' : 'Waiting for frames.');
  }

  anchorRow() {
    if (this.state.row >= 0) return this.state.row;
    const top = Math.round(this.rows.position / this.rows.rowHeight);
    return top > 0 && top < this.known ? this.view.row(top) : -1;
  }

  reachAnchor() {
    if (this.anchor < 0 || this.view.next <= this.anchor) return;
    const index = this.view.find(this.anchor);
    this.anchor = -1;
    this.rows.reveal(Math.min(index, this.view.count - 1), true);
  }

  onScroll() {
    this.follow = this.rows.atEnd();
    this.anchor = -1;
    this.showMore();
  }

  showMore() {
    if (this.follow || !this.tails()) this.unseen = 0;
    this.more.hidden = this.unseen === 0;
    if (this.unseen > 0) setText(this.more, '\u2193 ' + formatNumber(this.unseen) + (this.unseen === 1 ? ' new row' : ' new rows'));
  }

  goToEnd() {
    this.follow = true;
    this.rows.moveTo(this.rows.map.end);
    this.showMore();
  }

  drawn() {
    const e = this.rows.elementOf(this.view.indexOf(this.state.row));
    if (e) this.grid.setAttribute('aria-activedescendant', e.id);
    else this.grid.removeAttribute('aria-activedescendant');
  }

  press(event) {
    const e = event.target.closest('.row');
    if (!e || event.button !== 0) return;
    this.follow = false;
    this.state.set({row: Number(e.id.slice(4))});
  }

  // uncover brings the selected row to where the detail, which lies over the
  // lower half of a small screen, does not hide it.
  uncover() {
    this.grid.scrollIntoView({block: 'start'});
    const index = this.view.indexOf(this.state.row);
    if (index >= 0) requestAnimationFrame(() => this.rows.reveal(index));
  }

  // select makes the row the current one and brings it into sight.
  select(row, center) {
    this.follow = false;
    this.state.set({row});
    const index = this.view.indexOf(row);
    if (index >= 0) {
      this.rows.reveal(index, center);
    } else {
      this.anchor = row;
      this.reachAnchor();
    }
  }

  key(event) {
    const count = this.view.count;
    if (count === 0) return;
    const to = moveByKey(event, this.view.place(this.state.row), count, this.rows.page());
    if (to < 0) return;
    event.preventDefault();
    this.select(this.view.row(to));
    if (to === count - 1 && this.tails()) this.goToEnd();
  }
}

function rowTone(kind, store, row) {
  if (kind === kindViolation) return ' life bad';
  if (kind === kindGap || kind === kindFinding) return ' life warn';
  if (kind === kindClosed) {
    const d = store.detail(row);
    return ' life' + (d && d.how === 'rst' ? ' bad' : '');
  }
  if (kind === kindEncrypted || isLifecycle(kind)) return ' life';
  return store.op(row) & 8 ? ' control' : '';
}
