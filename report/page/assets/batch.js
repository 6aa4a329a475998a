// A batch is a run of rows in columns, as report/page/batch.go encodes it:
// little endian, "WSB1", row count, first row number, time base, columns.

// Kinds of rows.
export const kindFrame = 0;
export const kindOpened = 1;
export const kindGap = 2;
export const kindViolation = 3;
export const kindClosed = 4;
export const kindEncrypted = 5;
export const kindMessage = 6;
export const kindFinding = 7;

// Bits of a row.
export const bitServer = 1; // sent by the server
export const bitFin = 2;
export const bitMasked = 4;
export const bitCompletes = 8; // the frame completes a message
export const bitCompressed = 16; // and that message was compressed
export const bitIncomplete = 32;
export const bitCut = 64; // the payload is longer than what is kept
export const bitDetail = 128;

const columnKind = 1;
const columnBits = 2;
const columnOp = 3;
const columnConn = 4;
const columnTime = 5;
const columnPacket = 6;
const columnLength = 7;
const columnSize = 8;
const columnSummary = 9;
const columnStrings = 10;
const columnDetail = 11;
const columnPayload = 12;
const columnKeys = 13;
const columnReply = 14;
const columnIdent = 15;

const maxBatchRows = 1 << 20; // the encoder cuts at 32768; what is far beyond is broken
const maxSummary = 1 << 20; // the encoder knows 4096
const batchHeader = 24; // bytes before the list of columns
const noBytes = new Uint8Array(0);

// BatchError says that bytes are no batch. It is a fault of the file or of the
// connection to the server, never of the captured traffic.
export class BatchError extends Error {}

// VarintReader reads LEB128 numbers of one column.
class VarintReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  // unsigned is exact up to 2^53; payload lengths beyond that lose their last
  // bits, which nobody will ever see on a wire.
  unsigned() {
    const bytes = this.bytes;
    let at = this.at;
    let b = bytes[at++];
    if (b < 128) {
      this.at = at;
      return b;
    }
    let value = b & 127;
    let scale = 128;
    do {
      if (at >= bytes.length || scale > 2 ** 63) throw new BatchError('a number runs over its column');
      b = bytes[at++];
      value += (b & 127) * scale;
      scale *= 128;
    } while (b > 127);
    this.at = at;
    return value;
  }

  zigzag() {
    const value = this.unsigned();
    const half = Math.floor(value / 2);
    return value % 2 === 0 ? half : -half - 1;
  }
}

// decodeBatch decodes one batch. The payload column stays a view of bytes, which
// the batch owns from here on. Times are milliseconds since started (BigInt
// nanoseconds since the epoch); ns holds the exact nanoseconds since timeBase.
export function decodeBatch(bytes, started) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < batchHeader || view.getUint32(0, true) !== 0x31425357) throw new BatchError('not a batch of rows');
  const n = view.getUint32(4, true);
  const count = view.getUint32(20, true);
  const columns = readColumns(bytes, view, count);
  const column = (id) => columns.get(id) || noBytes;
  if (n > maxBatchRows) throw new BatchError('a batch of ' + n + ' rows');
  const batch = {
    first: view.getUint32(8, true),
    rows: n,
    bytes: bytes.length,
    timeBase: view.getBigUint64(12, true),
    kind: byteColumn(column(columnKind), n),
    bits: byteColumn(column(columnBits), n),
    op: byteColumn(column(columnOp), n),
    conn: new Uint32Array(n),
    time: new Float64Array(n),
    ns: new Float64Array(n),
    packet: new Float64Array(n),
    length: new Float64Array(n),
    size: new Uint32Array(n),
    summary: new Uint32Array(n),
    reply: new Uint32Array(n),
    at: new Uint32Array(n),
    keyAt: null,
    keys: column(columnKeys),
    payloads: column(columnPayload),
    strings: readStrings(column(columnStrings)),
    idents: null,
    detailBytes: column(columnDetail),
    details: null,
  };
  fillNumbers(batch.conn, column(columnConn));
  fillNumbers(batch.summary, column(columnSummary));
  fillNumbers(batch.reply, column(columnReply));
  const times = new VarintReader(column(columnTime));
  fillDifferences(batch.ns, times, times.bytes.length === 0 ? 1 : times.unsigned());
  fillDifferences(batch.packet, new VarintReader(column(columnPacket)), 1);
  const base = Number(batch.timeBase - started) / 1e6;
  for (let i = 0; i < n; i++) batch.time[i] = base + batch.ns[i] / 1e6;
  placePayloads(batch, column(columnLength), column(columnSize));
  batch.idents = readIdents(batch, column(columnIdent));
  return batch;
}

function readColumns(bytes, view, count) {
  const columns = new Map();
  let at = batchHeader + count * 5;
  if (count > 255 || at > bytes.length) throw new BatchError('its list of columns is cut short');
  for (let k = 0; k < count; k++) {
    const id = bytes[batchHeader + k * 5];
    const size = view.getUint32(batchHeader + k * 5 + 1, true);
    if (at + size > bytes.length) throw new BatchError('column ' + id + ' is cut short');
    columns.set(id, bytes.subarray(at, at + size));
    at += size;
  }
  return columns;
}

function fillNumbers(into, bytes) {
  if (bytes.length === 0) return;
  const reader = new VarintReader(bytes);
  for (let i = 0; i < into.length; i++) into[i] = reader.unsigned();
}

function byteColumn(bytes, n) {
  if (bytes.length === 0) return new Uint8Array(n);
  if (bytes.length !== n) throw new BatchError('a column has ' + bytes.length + ' of ' + n + ' rows');
  return bytes;
}

function fillDifferences(into, reader, unit) {
  if (reader.bytes.length === 0) return;
  let value = 0;
  for (let i = 0; i < into.length; i++) {
    value += reader.zigzag();
    into[i] = value * unit;
  }
}

function readText(reader, decoder) {
  const size = reader.unsigned();
  if (reader.at + size > reader.bytes.length) throw new BatchError('its strings are cut short');
  reader.at += size;
  return decoder.decode(reader.bytes.subarray(reader.at - size, reader.at));
}

// readStrings reads what the batch adds to the dictionary of summaries: from
// place first on.
function readStrings(bytes) {
  const strings = {first: 0, list: []};
  if (bytes.length === 0) return strings;
  const reader = new VarintReader(bytes);
  const decoder = new TextDecoder();
  strings.first = reader.unsigned();
  for (let left = reader.unsigned(); left > 0; left--) strings.list.push(readText(reader, decoder));
  return strings;
}

// readIdents reads the ids that messages of one name are told apart by: a map
// from place in the batch to text. Most stand in the payload, and are found there.
function readIdents(batch, bytes) {
  const idents = new Map();
  if (bytes.length === 0) return idents;
  const reader = new VarintReader(bytes);
  const decoder = new TextDecoder();
  for (let i = 0; i < batch.rows; i++) {
    if (batch.summary[i] === 0) continue;
    const size = reader.unsigned();
    if (size === 0) continue;
    const place = reader.unsigned();
    const from = place === 0 ? reader.at : batch.at[i] + place - 1;
    if (place === 0) reader.at += size;
    idents.set(i, decoder.decode((place === 0 ? bytes : batch.payloads).subarray(from, from + size)));
  }
  return idents;
}

// placePayloads reads the lengths, and finds where each row's payload begins:
// they stand grouped by summary, and in the order of rows within each.
function placePayloads(batch, lengths, sizes) {
  const length = new VarintReader(lengths);
  const size = new VarintReader(sizes);
  let at = 0;
  for (const i of groupedRows(batch.summary)) {
    batch.length[i] = lengths.length === 0 ? 0 : length.unsigned();
    const told = sizes.length === 0 ? 0 : size.unsigned();
    batch.size[i] = told === 0 ? batch.length[i] : told - 1;
    batch.at[i] = at;
    at += batch.size[i];
  }
  if (at !== batch.payloads.length) throw new BatchError('payloads of ' + at + ' bytes in ' + batch.payloads.length);
}

// groupedRows are the rows by summary: a counting sort, which is stable.
function groupedRows(summary) {
  const most = summary.reduce((a, b) => Math.max(a, b), 0);
  if (most > maxSummary) throw new BatchError('summary ' + most);
  const next = new Uint32Array(most + 2);
  for (const s of summary) next[s + 1]++;
  for (let s = 1; s < next.length; s++) next[s] += next[s - 1];
  const rows = new Uint32Array(summary.length);
  for (let i = 0; i < summary.length; i++) rows[next[summary[i]]++] = i;
  return rows;
}

// batchKey is the masking key of row j of the batch (4 bytes, a view), or null.
export function batchKey(batch, j) {
  if ((batch.bits[j] & bitMasked) === 0) return null;
  if (batch.keyAt === null) {
    batch.keyAt = new Uint32Array(batch.rows);
    let at = 0;
    for (let i = 0; i < batch.rows; i++) {
      batch.keyAt[i] = at;
      if (batch.bits[i] & bitMasked) at += 4;
    }
  }
  const key = batch.keys.subarray(batch.keyAt[j], batch.keyAt[j] + 4);
  return key.length === 4 ? key : null;
}

// batchDetail is the detail object of row j of the batch, or null. The
// objects of a batch are parsed when the first is asked for.
export function batchDetail(batch, j) {
  if ((batch.bits[j] & bitDetail) === 0) return null;
  if (batch.details === null) {
    batch.details = new Map();
    const list = batch.detailBytes.length === 0 ? [] : JSON.parse(new TextDecoder().decode(batch.detailBytes));
    let k = 0;
    for (let i = 0; i < batch.rows && k < list.length; i++) {
      if (batch.bits[i] & bitDetail) batch.details.set(i, list[k++]);
    }
  }
  return batch.details.get(j) || null;
}
