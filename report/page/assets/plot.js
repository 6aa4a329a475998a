import {bitServer, kindFrame} from './batch.js';
import {element, setText, sizeCanvas} from './dom.js';
import {drawTimes} from './overview.js';
import {inSlices} from './slices.js';
import {formatDuration, formatNumber} from './text.js';

const rateBins = 120;
const maxDots = 20000; // round trips drawn; the rest only counts
const axisRoom = 15; // px below a plot, for the times

// Plots shows two small plots of the one connection that is chosen: frames per
// second each way, and the round trips of its pings over time.
export class Plots {
  constructor(section, app) {
    this.section = section;
    this.app = app;
    this.rate = this.figure('rate');
    this.trips = this.figure('round trip');
    section.append(this.rate.figure, this.trips.figure);
    this.abort = null;
    this.conn = 0;
    this.frame = 0;
    app.state.on((changed) => {
      if (changed.has('conns') || changed.has('range')) this.begin();
    });
    app.store.on((what) => {
      if (what === 'rows' && this.conn !== 0 && !this.abort) this.schedule();
      if (what === 'done') this.begin();
    });
    new ResizeObserver(() => this.draw()).observe(section);
    this.begin();
  }

  figure(name) {
    const figure = element('figure');
    const caption = element('figcaption', '', name);
    const canvas = element('canvas');
    canvas.setAttribute('role', 'img');
    figure.append(caption, canvas);
    return {figure, caption, canvas};
  }

  // schedule counts anew once a second while rows keep coming.
  schedule() {
    if (this.frame !== 0) return;
    this.frame = setTimeout(() => {
      this.frame = 0;
      this.begin();
    }, 1000);
  }

  begin() {
    if (this.abort) this.abort.abort();
    this.abort = null;
    const conns = this.app.state.conns;
    this.conn = conns.size === 1 ? [...conns][0] : 0;
    this.section.hidden = this.conn === 0;
    if (this.conn === 0) return;
    const store = this.app.store;
    const [from, to] = this.app.state.range || store.span();
    const found = {from, to, frames: [new Float64Array(rateBins), new Float64Array(rateBins)], dots: [], trips: 0};
    let batch = 0;
    const abort = new AbortController();
    this.abort = abort;
    const batches = store.batches;
    inSlices(() => {
      if (batch >= batches.length) return true;
      gather(batches[batch++], this.conn, store, found);
      return false;
    }, {signal: abort.signal}).then((whole) => {
      if (!whole) return;
      this.abort = null;
      this.found = found;
      this.draw();
    });
  }

  draw() {
    if (this.conn === 0 || !this.found) return;
    const colors = this.app.colors();
    drawRates(this.rate, this.found, colors);
    drawTrips(this.trips, this.found, colors);
  }
}

function gather(batch, conn, store, found) {
  const span = found.to - found.from;
  for (let j = 0; j < batch.rows; j++) {
    if (batch.conn[j] !== conn || batch.kind[j] !== kindFrame) continue;
    const time = batch.time[j];
    if (time < found.from || time > found.to) continue;
    const side = batch.bits[j] & bitServer ? 1 : 0;
    found.frames[side][Math.min(rateBins - 1, Math.floor(((time - found.from) / span) * rateBins))]++;
    if (batch.reply[j] === 0) continue;
    found.trips++;
    const request = batch.first + j - batch.reply[j] + 1;
    if (found.dots.length < maxDots && store.has(request)) found.dots.push({time, ms: time - store.time(request), side});
  }
}

function fitCanvas(plot) {
  const width = plot.canvas.clientWidth;
  const height = plot.canvas.clientHeight;
  return {context: sizeCanvas(plot.canvas, width, height), width, height, floor: height - axisRoom};
}

function drawRates(plot, found, colors) {
  const {context, width, height, floor} = fitCanvas(plot);
  const seconds = (found.to - found.from) / 1000 / rateBins;
  let most = 1;
  for (const bins of found.frames) for (const n of bins) most = Math.max(most, n);
  for (const side of [0, 1]) {
    context.strokeStyle = side === 0 ? colors.sent : colors.received;
    context.lineWidth = 1.5;
    context.setLineDash(side === 0 ? [] : [4, 2]);
    context.beginPath();
    found.frames[side].forEach((n, k) => {
      const y = floor - 1 - (n / most) * (floor - 4);
      context.lineTo(((k + 0.5) / rateBins) * width, y);
    });
    context.stroke();
  }
  context.setLineDash([]);
  drawTimes(context, found.from, found.to, width, height, colors);
  const peak = most / seconds;
  setText(plot.caption, 'Frames per second: sent (line), received (dashed), at most ' + formatNumber(peak < 10 ? Number(peak.toPrecision(2)) : Math.round(peak)));
  plot.canvas.setAttribute('aria-label', plot.caption.textContent);
}

function drawTrips(plot, found, colors) {
  const {context, width, height, floor} = fitCanvas(plot);
  drawTimes(context, found.from, found.to, width, height, colors);
  if (found.dots.length === 0) {
    setText(plot.caption, 'Round trips: no request and its answer in sight');
    plot.canvas.setAttribute('aria-label', plot.caption.textContent);
    return;
  }
  const sorted = found.dots.map((d) => d.ms).sort((a, b) => a - b);
  const most = Math.max(sorted[sorted.length - 1], 1e-3);
  for (const dot of found.dots) {
    const x = ((dot.time - found.from) / (found.to - found.from)) * width;
    const y = floor - 3 - (dot.ms / most) * (floor - 7);
    context.fillStyle = dot.side === 0 ? colors.sent : colors.received;
    if (dot.side === 0) context.fillRect(x - 1.5, y - 1.5, 3, 3);
    else {
      context.beginPath();
      context.arc(x, y, 2, 0, 7);
      context.fill();
    }
  }
  setText(plot.caption, 'Round trips (' + formatNumber(found.trips) + '): answered by the client (squares), by the server (dots); median '
    + formatDuration(sorted[sorted.length >> 1]) + ', at most ' + formatDuration(most));
  plot.canvas.setAttribute('aria-label', plot.caption.textContent);
}
