// A hex dump: offset, 16 bytes (8 where there is no room), and the same as ASCII.
// Only the lines in sight are elements. A byte is chosen by pointer or arrow keys; Shift extends.
import {element, setText} from './dom.js';
import {toHex} from './copy.js';

const lineHeight = 18; // px, as in detail.css
const wideWidth = 570; // px that a line of 16 bytes takes
const spareLines = 6; // above and below what is in sight
const maxDumpBytes = 8 << 20; // elements have a maximum height; beyond, the text says so

// createHex makes the dump of bytes, which are lent and may not change.
export function createHex(bytes) {
  return new HexDump(bytes).root;
}

class HexDump {
  constructor(bytes) {
    this.bytes = bytes.length > maxDumpBytes ? bytes.subarray(0, maxDumpBytes) : bytes;
    this.from = -1; // what is chosen: from the one to the other, both included
    this.to = -1;
    this.lines = new Map(); // by number
    this.root = element('div', 'hex');
    this.status = element('p', 'hex-status');
    this.status.setAttribute('role', 'status');
    this.pane = element('div', 'hex-pane');
    this.pane.tabIndex = 0;
    this.pane.setAttribute('role', 'group');
    this.pane.setAttribute('aria-label', 'hex dump, arrow keys choose a byte');
    this.space = element('div', 'hex-space');
    this.layOut(16);
    this.digits = Math.max(4, (this.bytes.length - 1).toString(16).length);
    this.pane.append(this.space);
    this.root.append(this.pane, this.status);
    this.pane.addEventListener('scroll', () => this.draw());
    this.pane.addEventListener('pointerdown', (event) => this.point(event, event.shiftKey));
    this.pane.addEventListener('pointermove', (event) => this.hover(event));
    this.pane.addEventListener('pointerleave', () => this.mark(-1));
    this.pane.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.resize()).observe(this.pane);
    this.hovered = -1;
    this.tell();
    this.draw();
  }

  // layOut begins anew with that many bytes a line.
  layOut(width) {
    this.width = width;
    this.count = Math.ceil(this.bytes.length / width);
    this.space.style.height = this.count * lineHeight + 'px';
    this.space.replaceChildren();
    this.space.classList.toggle('hex-narrow', width < 16);
    this.lines.clear();
  }

  resize() {
    const width = this.pane.clientWidth < wideWidth ? 8 : 16;
    if (width !== this.width) this.layOut(width);
    this.draw();
  }

  // draw makes the lines in sight and takes the others away.
  draw() {
    const height = this.pane.clientHeight || 400;
    const first = Math.max(0, Math.floor(this.pane.scrollTop / lineHeight) - spareLines);
    const last = Math.min(this.count - 1, Math.ceil((this.pane.scrollTop + height) / lineHeight) + spareLines);
    for (const [n, line] of this.lines) {
      if (n < first || n > last) {
        line.remove();
        this.lines.delete(n);
      }
    }
    for (let n = first; n <= last; n++) {
      if (this.lines.has(n)) continue;
      const line = this.line(n);
      this.lines.set(n, line);
      this.space.append(line);
    }
  }

  line(n) {
    const line = element('div', 'hex-line');
    line.style.top = n * lineHeight + 'px';
    line.append(element('span', 'hex-offset', (n * this.width).toString(16).padStart(this.digits, '0')));
    const hex = element('span', 'hex-bytes');
    const text = element('span', 'hex-text');
    const end = Math.min(this.bytes.length, (n + 1) * this.width);
    for (let at = n * this.width; at < end; at++) {
      const b = this.bytes[at];
      hex.append(this.cell(at, (b < 16 ? '0' : '') + b.toString(16)));
      text.append(this.cell(at, b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '\u00b7'));
    }
    line.append(hex, text);
    return line;
  }

  cell(at, text) {
    const cell = element('span', this.cellClass(at), text);
    cell.dataset.at = String(at);
    return cell;
  }

  cellClass(at) {
    const chosen = this.from >= 0 && at >= Math.min(this.from, this.to) && at <= Math.max(this.from, this.to);
    return 'hex-cell' + (chosen ? ' hex-chosen' : '') + (at === this.hovered ? ' hex-hovered' : '');
  }

  paint() {
    for (const cell of this.space.querySelectorAll('.hex-cell')) cell.className = this.cellClass(Number(cell.dataset.at));
  }

  at(event) {
    const at = event.target.dataset && event.target.dataset.at;
    return at === undefined ? -1 : Number(at);
  }

  point(event, extend) {
    const at = this.at(event);
    if (at < 0) return;
    if (!extend || this.from < 0) this.from = at;
    this.choose(at);
  }

  hover(event) {
    const at = this.at(event);
    if (event.buttons === 1 && at >= 0 && this.from >= 0) this.choose(at);
    this.mark(at);
  }

  mark(at) {
    if (at === this.hovered) return;
    this.hovered = at;
    this.paint();
    this.tell();
  }

  choose(at) {
    this.to = at;
    this.paint();
    this.tell();
  }

  key(event) {
    const lineBytes = this.width;
    const step = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -lineBytes, ArrowDown: lineBytes, PageUp: -20 * lineBytes, PageDown: 20 * lineBytes, Home: -this.bytes.length, End: this.bytes.length}[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || this.bytes.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const at = this.to < 0 ? 0 : Math.max(0, Math.min(this.bytes.length - 1, this.to + step));
    if (!event.shiftKey || this.from < 0) this.from = at;
    const top = Math.floor(at / lineBytes) * lineHeight;
    if (top < this.pane.scrollTop) this.pane.scrollTop = top;
    if (top + lineHeight > this.pane.scrollTop + this.pane.clientHeight) this.pane.scrollTop = top + lineHeight - this.pane.clientHeight;
    this.draw();
    this.choose(at);
  }

  // tell says which bytes are chosen and what they are as numbers.
  tell() {
    const at = this.from >= 0 ? Math.min(this.from, this.to) : this.hovered;
    const size = this.from >= 0 ? Math.abs(this.to - this.from) + 1 : 1;
    if (at < 0) {
      setText(this.status, this.bytes.length + ' bytes');
      return;
    }
    const part = this.bytes.subarray(at, at + size);
    const words = [`offset ${at} (0x${at.toString(16)})`, size === 1 ? '1 byte' : size + ' bytes', toHex(part.subarray(0, 8), ' ') + (size > 8 ? ' \u2026' : '')];
    if (size <= 8) words.push('= ' + bigEndian(part) + (size > 1 ? ', little endian ' + bigEndian(part.slice().reverse()) : ''));
    setText(this.status, words.join('   '));
  }
}

function bigEndian(bytes) {
  return bytes.reduce((n, b) => n * 256n + BigInt(b), 0n).toString();
}
