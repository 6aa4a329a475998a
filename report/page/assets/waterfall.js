import {kindClosed, kindGap, kindViolation} from './batch.js';
import {sizeCanvas} from './dom.js';

// Waterfall draws a connection's life on a line of time: how it came up (TCP,
// TLS, upgrade), while it was open, messages up above and down below the line,
// and marks for what went wrong. Each has its place and shape besides a color.

// msOf is a decimal string of nanoseconds since the epoch in ms since started,
// NaN where it is not known.
function msOf(ns, started) {
  return ns ? Number(BigInt(ns) - started) / 1e6 : NaN;
}

// lifeOf is when (ms since started) a connection did what; NaN: not known. It is
// kept beside the connection, which is replaced when it changes.
export function lifeOf(c, store) {
  if (c.life === undefined) c.life = readLife(c, store);
  if (!c.closed) c.life.last = isRefused(c) && !Number.isNaN(c.life.response) ? c.life.response : store.span()[1];
  return c.life;
}

// isRefused is true for a connection that was answered, but not upgraded: with
// the answer it is over.
export function isRefused(c) {
  return Boolean(c.status) && c.status !== 101 && c.via !== 'h2';
}

function readLife(c, store) {
  const at = (step) => (c.steps && c.steps[step] ? msOf(String(c.steps[step][0]), store.started) : NaN);
  const first = [at('tcp'), at('tls'), at('request'), msOf(c.time, store.started), 0].find((t) => !Number.isNaN(t));
  const closed = c.closed ? msOf(c.closed.time, store.started) : NaN;
  return {
    first,
    tcp: at('tcp'), tcpDone: at('tcp_done'),
    tls: at('tls'), tlsDone: at('tls_done'),
    request: at('request'), response: at('response'),
    closed,
    last: closed,
  };
}

// drawWaterfall draws connection c into the canvas, over from to to (ms).
export function drawWaterfall(canvas, c, store, tally, colors) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (width === 0) return;
  const context = sizeCanvas(canvas, width, height);
  const [from, to] = tally ? [tally.from, tally.end] : store.span();
  const x = (ms) => ((ms - from) / (to - from)) * width;
  const life = lifeOf(c, store);
  const middle = height / 2;
  const bar = (a, b, color, thick) => {
    if (Number.isNaN(a) || Number.isNaN(b) || b < from || a > to) return;
    context.fillStyle = color;
    const left = Math.max(0, x(a));
    context.fillRect(left, middle - thick / 2, Math.max(1, Math.min(width, x(b)) - left), thick);
  };
  const upgraded = c.status === 101 || c.via !== 'http/1.1';
  const opened = Number.isNaN(life.response) ? life.first : life.response;
  bar(life.first, life.last, colors.line, 1);
  if (upgraded) bar(opened, life.last, colors.open, height - 8);
  bar(life.tcp, life.tcpDone, colors.dim, 4);
  bar(life.tls, life.tlsDone, colors.accent, 6);
  bar(life.request, life.response, colors.warn, 8);
  const lane = tally && tally.lanes.get(c.conn);
  if (lane) drawTicks(context, lane, (width * (tally.to - tally.from)) / (to - from), middle, colors);
  bar(opened, opened + (to - from) / width, upgraded ? colors.ok : colors.bad, height - 6);
  if (c.closed) drawEnd(context, x(life.closed), c.closed, height, colors);
  if (lane) for (const mark of lane.marks) drawMark(context, x(mark.time), mark.kind, height, colors);
}

function drawTicks(context, lane, width, middle, colors) {
  const step = width / lane.frames[0].length;
  for (const side of [0, 1]) {
    const bins = lane.frames[side];
    context.fillStyle = side === 0 ? colors.sent : colors.received;
    for (let k = 0; k < bins.length; k++) {
      if (bins[k] === 0) continue;
      const size = Math.min(middle - 3, 3 + Math.log2(bins[k]));
      context.fillRect(k * step, side === 0 ? middle - size : middle, Math.max(1, Math.min(2, step)), size);
    }
  }
}

// drawEnd draws a bar for a close that was said, a cross for a reset, and
// leaves the end open where only the capture ended.
function drawEnd(context, x, closed, height, colors) {
  if (closed.how === 'capture ended' || Number.isNaN(x)) return;
  const clean = closed.how === 'close frame';
  context.fillStyle = clean ? colors.dim : colors.bad;
  context.strokeStyle = colors.bad;
  if (closed.how !== 'rst' && closed.how !== 'rst_stream') {
    context.fillRect(x - 1, 2, 2, height - 4);
    return;
  }
  drawCross(context, x, height / 2, 4);
}

function drawCross(context, x, y, size) {
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y + size);
  context.moveTo(x - size, y + size);
  context.lineTo(x + size, y - size);
  context.stroke();
}

function drawMark(context, x, kind, height, colors) {
  if (kind === kindClosed) return;
  context.fillStyle = kind === kindGap ? colors.warn : colors.bad;
  context.strokeStyle = context.fillStyle;
  if (kind === kindViolation) return drawCross(context, x, 5, 3);
  context.beginPath();
  context.moveTo(x - 4, height - 1);
  context.lineTo(x + 4, height - 1);
  context.lineTo(x, height - 8);
  context.fill();
}
