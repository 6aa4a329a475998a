import {batchDetail, batchKey, bitServer, decodeBatch} from './batch.js';

const emptyPayload = new Uint8Array(0);

// Store holds the rows of a page in batches of columns, and the index. Rows are
// numbered absolutely, from 0 in capture order: those of first <= row < rows
// are there. The oldest are forgotten, in whole batches, when more than
// maxBytes or maxRows are held, which only a live page without end reaches; so
// are the oldest connections beyond maxConnections.
//
// What it hands out it owns: payloads and keys are views to read from.
export class Store {
  constructor(limits) {
    this.maxRows = (limits && limits.rows) || 4e6;
    this.maxBytes = (limits && limits.bytes) || 1.5e9;
    this.maxConnections = (limits && limits.connections) || 1e5;
    this.index = {version: 1, connections: [], findings: []};
    this.started = 0n;
    this.batches = [];
    this.first = 0;
    this.rows = 0;
    this.bytes = 0;
    this.forgotten = 0; // rows that were held and are not any more
    this.done = false;
    this.strings = [];
    this.places = new Map(); // connection number -> place in index.connections
    this.listeners = [];
    this.last = null; // batch of the row asked for last
    this.answers = new Map(); // row -> its answer, as far as batches were searched
    this.answered = 0; // batches searched, from the front
  }

  // on calls listener(what) after each change: 'index', 'rows', 'forgot', 'done'.
  on(listener) {
    this.listeners.push(listener);
  }

  tell(what) {
    for (const listener of this.listeners) listener(what);
  }

  // setIndex takes an index or, live, the part of it that has changed:
  // connections replace those of the same number, other keys those before.
  setIndex(part) {
    const connections = this.index.connections;
    for (const c of part.connections || []) {
      const place = this.places.get(c.conn);
      if (place === undefined) {
        this.places.set(c.conn, connections.length);
        connections.push(c);
      } else {
        connections[place] = c;
      }
    }
    this.index = Object.assign(this.index, part, {connections});
    if (connections.length > this.maxConnections) this.forgetConnections();
    if (part.started !== undefined && this.batches.length === 0) this.started = BigInt(part.started);
    if (part.strings) this.strings = part.strings.slice();
    this.tell('index');
  }

  // forgetConnections makes room for a tenth, so that it is not done at each.
  forgetConnections() {
    const connections = this.index.connections;
    connections.splice(0, connections.length - Math.floor(this.maxConnections * 0.9));
    this.places = new Map(connections.map((c, place) => [c.conn, place]));
  }

  // addBatch decodes and appends a batch; the store owns the bytes afterwards.
  // A batch that is known already (a server tells it again after a lost
  // connection) changes nothing; behind one that was missed, what is held is
  // forgotten, since rows are a run without holes.
  addBatch(bytes) {
    const batch = decodeBatch(bytes, this.started);
    if (batch.rows === 0 || (this.batches.length > 0 && batch.first < this.rows)) return;
    batch.strings.list.forEach((text, k) => {
      this.strings[batch.strings.first + k] = text;
    });
    if (this.batches.length > 0 && batch.first > this.rows) this.forgetAll(batch.first);
    if (this.batches.length === 0) this.first = batch.first;
    this.batches.push(batch);
    this.rows = batch.first + batch.rows;
    this.bytes += bytes.length;
    this.tell('rows');
    this.forget();
  }

  forgetAll(next) {
    this.forgotten += this.rows - this.first;
    this.batches = [];
    this.bytes = 0;
    this.answered = 0;
    this.answers.clear();
    this.last = null;
    this.first = next;
    this.rows = next;
    this.tell('forgot');
  }

  forget() {
    let gone = 0;
    while (this.batches.length > 1 && (this.rows - this.first > this.maxRows || this.bytes > this.maxBytes)) {
      const batch = this.batches.shift();
      this.bytes -= batch.bytes;
      this.first = this.batches[0].first;
      this.answered = Math.max(0, this.answered - 1);
      gone += batch.rows;
    }
    if (gone > 0) {
      this.forgotten += gone;
      this.last = null;
      for (const request of this.answers.keys()) {
        if (request >= this.first) break; // they were found in rising order, nearly
        this.answers.delete(request);
      }
      this.tell('forgot');
    }
  }

  // finish says that no more rows will come.
  finish() {
    this.done = true;
    this.tell('done');
  }

  has(row) {
    return row >= this.first && row < this.rows;
  }

  // batchOf is the batch that holds the row, which must be there.
  batchOf(row) {
    const last = this.last;
    if (last !== null && row >= last.first && row < last.first + last.rows) return last;
    let low = 0;
    let high = this.batches.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.batches[middle].first <= row) low = middle;
      else high = middle - 1;
    }
    this.last = this.batches[low];
    return this.last;
  }

  kind(row) {
    const b = this.batchOf(row);
    return b.kind[row - b.first];
  }

  bits(row) {
    const b = this.batchOf(row);
    return b.bits[row - b.first];
  }

  // op is the opcode in the low and the RSV bits (RSV1 = 4) in the high nibble.
  op(row) {
    const b = this.batchOf(row);
    return b.op[row - b.first];
  }

  conn(row) {
    const b = this.batchOf(row);
    return b.conn[row - b.first];
  }

  // time is in milliseconds since the index's started.
  time(row) {
    const b = this.batchOf(row);
    return b.time[row - b.first];
  }

  // timeNs is exact: nanoseconds since the epoch.
  timeNs(row) {
    const b = this.batchOf(row);
    return b.timeBase + BigInt(b.ns[row - b.first]);
  }

  packet(row) {
    const b = this.batchOf(row);
    return b.packet[row - b.first];
  }

  // length is what the frame's header declares; of a gap, the bytes lost.
  length(row) {
    const b = this.batchOf(row);
    return b.length[row - b.first];
  }

  // size is the length of payload(row).
  size(row) {
    const b = this.batchOf(row);
    return b.size[row - b.first];
  }

  // summary is the name of the message, and its id where it has one, as
  // "getUser #7"; '' where the payload speaks for itself.
  summary(row) {
    const b = this.batchOf(row);
    const k = b.summary[row - b.first];
    if (k === 0) return '';
    const ident = b.idents.get(row - b.first);
    return (this.strings[k - 1] || '') + (ident === undefined ? '' : ' #' + ident);
  }

  payload(row) {
    const b = this.batchOf(row);
    const j = row - b.first;
    if (b.size[j] === 0) return emptyPayload;
    return b.payloads.subarray(b.at[j], b.at[j] + b.size[j]);
  }

  key(row) {
    const b = this.batchOf(row);
    return batchKey(b, row - b.first);
  }

  detail(row) {
    const b = this.batchOf(row);
    return batchDetail(b, row - b.first);
  }

  fromServer(row) {
    return (this.bits(row) & bitServer) !== 0;
  }

  // reply is 0, or 1 + the rows back to what the row answers.
  reply(row) {
    const b = this.batchOf(row);
    return b.reply[row - b.first];
  }

  // request is the row that the row answers, -1 without one.
  request(row) {
    const back = this.reply(row);
    if (back === 0) return -1;
    const request = row - back + 1;
    return this.has(request) ? request : -1;
  }

  // answer is the row that answered the row, -1 without one.
  answer(row) {
    for (; this.answered < this.batches.length; this.answered++) {
      const b = this.batches[this.answered];
      for (let j = 0; j < b.rows; j++) {
        if (b.reply[j] !== 0) {
          const request = b.first + j - b.reply[j] + 1;
          if (!this.answers.has(request)) this.answers.set(request, b.first + j);
        }
      }
    }
    const answer = this.answers.get(row);
    return answer === undefined || !this.has(answer) ? -1 : answer;
  }

  connection(number) {
    const place = this.places.get(number);
    return place === undefined ? null : this.index.connections[place];
  }

  // rowOfPacket is the first row told at or after the packet, -1 without one.
  rowOfPacket(packet) {
    let low = this.first;
    let high = this.rows;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.packet(middle) < packet) low = middle + 1;
      else high = middle;
    }
    return low < this.rows ? low : -1;
  }

  // span is [from, to] in ms since started of what was captured.
  span() {
    const index = this.index;
    let to = 0;
    if (index.ended) to = Number(BigInt(index.ended) - this.started) / 1e6;
    if (this.rows > this.first) to = Math.max(to, this.time(this.rows - 1));
    return [0, Math.max(to, 1e-3)];
  }
}
