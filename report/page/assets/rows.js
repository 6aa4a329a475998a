import {element} from './dom.js';
import {ScrollMap} from './scroll.js';

const overscan = 10; // rows beyond either edge, for what scrolls before we draw
const settleAfter = 150; // ms without scrolling before scrollTop is corrected

// VirtualRows shows a list of any length with as many elements as fit on the
// screen, all of one height. Elements are reused and stand in the document in
// the order in which they are seen, for those who have it read to them.
//
// The owner gives {rowHeight, create() -> element, fill(element, index),
// onScroll()} and calls setCount when the list has grown or changed.
export class VirtualRows {
  constructor(scroller, owner) {
    this.scroller = scroller;
    this.owner = owner;
    this.rowHeight = owner.rowHeight;
    this.count = 0;
    this.position = 0; // virtual px at the upper edge
    this.lastTop = 0;
    this.from = 0; // the elements show rows from <= index < from + shown.length
    this.shown = [];
    this.spare = [];
    this.frame = 0;
    this.viewport = scroller.clientHeight;
    this.spacer = element('div', 'spacer');
    this.layer = element('div', 'layer');
    this.spacer.setAttribute('role', 'presentation');
    this.layer.setAttribute('role', 'presentation');
    this.spacer.append(this.layer);
    scroller.append(this.spacer);
    this.map = new ScrollMap(0, this.viewport);
    scroller.addEventListener('scroll', () => this.scrolled(), {passive: true});
    new ResizeObserver(() => this.resized()).observe(scroller);
  }

  scrolled() {
    const top = this.scroller.scrollTop;
    if (top === this.lastTop) return;
    this.position = this.map.moved(this.position, this.lastTop, top, this.viewport);
    this.lastTop = top;
    this.schedule();
    if (!this.map.exact) {
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.settle(), settleAfter);
    }
    if (this.owner.onScroll) this.owner.onScroll();
  }

  // settle brings scrollTop in line with the position after exact small steps.
  settle() {
    const top = Math.round(this.map.toPhysical(this.position));
    if (Math.abs(top - this.scroller.scrollTop) < 2) return;
    this.scroller.scrollTop = top;
    this.lastTop = this.scroller.scrollTop;
    this.draw();
  }

  resized() {
    const height = this.scroller.clientHeight;
    if (height === this.viewport) return;
    const atEnd = this.atEnd();
    this.viewport = height;
    this.remap();
    this.moveTo(atEnd && this.count > 0 && this.position > 0 ? this.map.end : this.position);
  }

  remap() {
    this.map = new ScrollMap(this.count * this.rowHeight, this.viewport);
    this.spacer.style.height = this.map.height + 'px';
  }

  // setRowHeight changes the height of all rows, keeping the first one in sight.
  setRowHeight(height) {
    const first = this.position / this.rowHeight;
    this.rowHeight = height;
    this.remap();
    this.moveTo(first * height);
  }

  // setCount says how many rows there are now; refill fills the shown anew.
  setCount(count, refill) {
    if (count !== this.count) {
      this.count = count;
      this.remap();
      this.moveTo(this.position);
    }
    if (refill) this.refresh();
    else this.schedule();
  }

  // refresh fills all shown rows anew with the next frame.
  refresh() {
    this.stale = true;
    this.schedule();
  }

  atEnd() {
    return this.position >= this.map.end - this.rowHeight / 2;
  }

  moveTo(position) {
    this.position = Math.min(Math.max(position, 0), this.map.end);
    const top = Math.round(this.map.toPhysical(this.position));
    if (this.scroller.scrollTop !== top) this.scroller.scrollTop = top;
    this.lastTop = this.scroller.scrollTop;
    if (this.map.exact) this.position = this.lastTop;
    this.schedule();
  }

  // reveal scrolls as little as needed to show the row; with center, to the middle.
  reveal(index, center) {
    const top = index * this.rowHeight;
    const inside = top >= this.position && top + this.rowHeight <= this.position + this.viewport;
    if (inside) return;
    if (center) this.moveTo(top - (this.viewport - this.rowHeight) / 2);
    else if (top < this.position) this.moveTo(top);
    else this.moveTo(top + this.rowHeight - this.viewport);
  }

  // page is the number of rows that fit.
  page() {
    return Math.max(1, Math.floor(this.viewport / this.rowHeight) - 1);
  }

  // elementOf is the element that shows the row, null where it is not shown.
  elementOf(index) {
    return this.shown[index - this.from] || null;
  }

  schedule() {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const from = Math.max(0, Math.floor(this.position / this.rowHeight) - overscan);
    const to = Math.min(this.count, Math.ceil((this.position + this.viewport) / this.rowHeight) + overscan);
    this.place(from, Math.max(from, to));
    const y = this.lastTop + from * this.rowHeight - this.position;
    this.layer.style.transform = 'translateY(' + Math.round(y) + 'px)';
    this.stale = false;
    if (this.owner.drawn) this.owner.drawn();
  }

  // place makes the elements show from <= index < to, moving from one end to
  // the other what has left the screen and filling only what is new.
  place(from, to) {
    const shown = this.shown;
    if (from >= this.from + shown.length || to <= this.from) {
      while (shown.length > 0) this.drop(shown.pop());
      this.from = from;
    }
    while (shown.length > 0 && this.from < from) {
      this.drop(shown.shift());
      this.from++;
    }
    while (this.from + shown.length > to) this.drop(shown.pop());
    if (this.stale) shown.forEach((e, k) => this.owner.fill(e, this.from + k));
    while (this.from > from) {
      const e = this.take();
      this.from--;
      shown.unshift(e);
      this.owner.fill(e, this.from);
      this.layer.prepend(e);
    }
    while (this.from + shown.length < to) {
      const e = this.take();
      this.owner.fill(e, this.from + shown.length);
      shown.push(e);
      this.layer.append(e);
    }
    for (const e of this.spare) if (e.parentNode) e.remove();
  }

  take() {
    return this.spare.pop() || this.owner.create();
  }

  drop(e) {
    this.spare.push(e);
  }
}
