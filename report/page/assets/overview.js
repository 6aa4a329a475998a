import {kindClosed} from './batch.js';
import {element, empty, setText, sizeCanvas} from './dom.js';
import {formatBytes, formatDuration, formatNumber} from './text.js';

const axisHeight = 14; // px below the strip, for the times
const smallestDrag = 4; // px: less is a click

// Overview is the strip of all traffic over time, sent above and received below
// the line. Dragging over it, or moving its two edges with the arrow keys,
// chooses the time range for everything below.
export class Overview {
  constructor(container, app) {
    this.app = app;
    this.state = app.state;
    this.traffic = app.traffic;
    this.canvas = element('canvas');
    this.canvas.setAttribute('role', 'img');
    this.shade = [element('div', 'shade'), element('div', 'shade')];
    this.edges = [this.edge(0, 'Start of the time range'), this.edge(1, 'End of the time range')];
    this.readout = container.querySelector('.readout');
    this.clear = container.querySelector('.clear-range');
    this.clear.addEventListener('click', () => this.state.set({range: null}));
    this.strip = container.querySelector('.strip');
    empty(this.strip);
    this.strip.append(this.canvas, ...this.shade, ...this.edges);
    this.frame = 0;
    this.drag = null;
    this.strip.addEventListener('pointerdown', (event) => this.press(event));
    this.strip.addEventListener('pointermove', (event) => this.move(event));
    this.strip.addEventListener('pointerup', (event) => this.release(event));
    this.strip.addEventListener('pointercancel', () => this.release(null));
    this.strip.addEventListener('pointerleave', () => this.describe(null));
    this.traffic.on(() => this.schedule());
    this.state.on((changed) => {
      if (changed.has('range')) this.schedule();
    });
    new ResizeObserver(() => this.schedule()).observe(this.strip);
  }

  edge(k, label) {
    const e = element('div', 'edge');
    e.tabIndex = 0;
    e.setAttribute('role', 'slider');
    e.setAttribute('aria-label', label);
    e.addEventListener('keydown', (event) => this.key(event, k));
    return e;
  }

  focus() {
    this.edges[0].focus();
  }

  span() {
    const tally = this.traffic.whole;
    return tally ? [tally.from, tally.end] : this.app.store.span();
  }

  range() {
    return this.state.range || this.span();
  }

  // setRange takes edges in any order, beyond the ends and too near: as meant.
  setRange(a, b) {
    const [from, to] = this.span();
    const low = Math.max(from, Math.min(a, b));
    const high = Math.min(to, Math.max(a, b));
    if (high - low <= 0) return;
    this.state.set({range: low <= from && high >= to ? null : [low, high]});
  }

  key(event, k) {
    const [from, to] = this.span();
    const range = this.range().slice();
    const step = ((to - from) / 200) * (event.shiftKey ? 10 : 1);
    const steps = {ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -10 * step, PageUp: 10 * step};
    if (event.key in steps) range[k] += steps[event.key];
    else if (event.key === 'Home') range[k] = k === 0 ? from : range[0] + step;
    else if (event.key === 'End') range[k] = k === 1 ? to : range[1] - step;
    else return;
    event.preventDefault();
    event.stopPropagation();
    range[k] = k === 0 ? Math.min(range[0], range[1] - step / 10) : Math.max(range[1], range[0] + step / 10);
    this.setRange(range[0], range[1]);
  }

  timeAt(event) {
    const box = this.strip.getBoundingClientRect();
    const [from, to] = this.span();
    return from + ((event.clientX - box.left) / box.width) * (to - from);
  }

  press(event) {
    if (event.button !== 0) return;
    const k = this.edges.indexOf(event.target);
    const other = k >= 0 ? this.range()[1 - k] : this.timeAt(event);
    this.drag = {x: event.clientX, other, edge: k >= 0};
    this.strip.setPointerCapture(event.pointerId);
  }

  move(event) {
    this.describe(event);
    if (!this.drag) return;
    if (Math.abs(event.clientX - this.drag.x) < smallestDrag && !this.drag.moved) return;
    this.drag.moved = true;
    this.setRange(this.drag.other, this.timeAt(event));
  }

  release(event) {
    const drag = this.drag;
    this.drag = null;
    if (event && drag && !drag.moved && !drag.edge) this.state.set({range: null});
  }

  describe(event) {
    const tally = this.traffic.whole;
    if (!event || !tally) return this.showRange();
    const bin = Math.floor((this.timeAt(event) - tally.from) / tally.width);
    if (!(bin >= 0 && bin < tally.bytes[0].length)) return this.showRange();
    const side = (k) => formatNumber(tally.frames[k][bin]) + ' frames, ' + formatBytes(tally.bytes[k][bin]);
    setText(this.readout, 'at ' + formatDuration(tally.from + bin * tally.width) + ': sent ' + side(0) + '; received ' + side(1));
  }

  showRange() {
    const range = this.state.range;
    setText(this.readout, range
      ? formatDuration(range[0]) + ' to ' + formatDuration(range[1]) + ' (' + formatDuration(range[1] - range[0]) + ')'
      : 'drag to choose a time range');
  }

  schedule() {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const width = this.strip.clientWidth;
    const height = this.strip.clientHeight;
    this.canvas.style.width = width + 'px';
    this.canvas.style.height = height + 'px';
    const context = sizeCanvas(this.canvas, width, height);
    const colors = this.app.colors();
    this.placeEdges();
    const tally = this.traffic.whole;
    if (!tally) return;
    const middle = (height - axisHeight) / 2;
    const most = Math.max(1, peakOf(tally.bytes[0]), peakOf(tally.bytes[1]));
    for (const side of [0, 1]) {
      context.fillStyle = side === 0 ? colors.sent : colors.received;
      drawBars(context, tally.bytes[side], (width * (tally.to - tally.from)) / (tally.end - tally.from), middle, side === 0 ? -1 : 1, most);
    }
    context.fillStyle = colors.line;
    context.fillRect(0, middle - 0.5, width, 1);
    for (const mark of tally.marks) {
      if (mark.kind === kindClosed) continue;
      const x = ((mark.time - tally.from) / (tally.end - tally.from)) * width;
      context.fillStyle = colors.bad;
      context.beginPath();
      context.moveTo(x - 4, 0);
      context.lineTo(x + 4, 0);
      context.lineTo(x, 6);
      context.fill();
    }
    drawTimes(context, tally.from, tally.end, width, height, colors);
    const words = 'Traffic over ' + formatDuration(tally.end - tally.from) + ': at most ' + formatBytes(most) + ' in ' + formatDuration(tally.width);
    this.canvas.setAttribute('aria-label', words);
  }

  placeEdges() {
    const [from, to] = this.span();
    const range = this.range();
    const percent = (ms) => Math.min(100, Math.max(0, ((ms - from) / (to - from)) * 100));
    this.shade[0].style.width = percent(range[0]) + '%';
    this.shade[1].style.width = 100 - percent(range[1]) + '%';
    this.edges.forEach((e, k) => {
      e.style.left = percent(range[k]) + '%';
      e.setAttribute('aria-valuemin', from / 1000);
      e.setAttribute('aria-valuemax', to / 1000);
      e.setAttribute('aria-valuenow', range[k] / 1000);
      e.setAttribute('aria-valuetext', formatDuration(range[k]));
    });
    this.strip.classList.toggle('chosen', this.state.range !== null);
    this.clear.hidden = this.state.range === null;
    if (!this.drag) this.showRange();
  }
}

function peakOf(bins) {
  let most = 0;
  for (const n of bins) if (n > most) most = n;
  return most;
}

// drawBars draws by the cube root, since a single burst would hide the rest.
function drawBars(context, bins, width, middle, sign, most) {
  const step = width / bins.length;
  for (let k = 0; k < bins.length; k++) {
    if (bins[k] === 0) continue;
    const size = Math.max(2, Math.cbrt(bins[k] / most) * (middle - 2));
    context.fillRect(k * step, sign < 0 ? middle - size : middle, Math.max(1, step - (step > 4 ? 1 : 0)), size);
  }
}

// drawTimes writes round times below the strip.
export function drawTimes(context, from, to, width, height, colors) {
  const step = roundStep((to - from) / Math.max(2, width / 110));
  context.fillStyle = colors.dim;
  context.font = '10px system-ui, sans-serif';
  context.textBaseline = 'bottom';
  for (let t = Math.ceil(from / step) * step; t < to; t += step) {
    const x = ((t - from) / (to - from)) * width;
    const label = axisText(t, step);
    if (x + context.measureText(label).width + 6 > width) break;
    context.fillRect(x, height - axisHeight, 1, 4);
    context.fillText(label, x + 3, height);
  }
}

function axisText(ms, step) {
  if (step >= 60000) return Math.floor(ms / 60000) + ' m' + (step % 60000 ? ' ' + Math.round((ms % 60000) / 1000) + ' s' : '');
  if (step >= 1) return (ms / 1000).toFixed(step >= 1000 ? 0 : step >= 100 ? 1 : step >= 10 ? 2 : 3) + ' s';
  return ms.toFixed(3) + ' ms';
}

function roundStep(least) {
  const minutes = [1, 2, 5, 10, 20, 30, 60, 120, 240, 480, 1440].map((m) => m * 60000);
  if (least > 30000) return minutes.find((m) => m >= least) || Math.ceil(least / 86400000) * 86400000;
  if (least > 10000) return least > 20000 ? 30000 : 20000;
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-6)));
  for (const factor of [1, 2, 5, 10]) if (factor * power >= least) return factor * power;
  return power * 10;
}
