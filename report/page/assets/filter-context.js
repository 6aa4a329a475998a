// Where a display filter stands: at one row of a store.
import {bitCompletes, bitServer, kindFrame} from './batch.js';

// FilterContext stands at one row. All of its values are lent: valid until it
// moves on. Integers are Numbers where these are exact, else BigInts, so that
// === tells whether two are equal.
export class FilterContext {
  constructor(store) {
    this.store = store;
    this.row = -1;
    this.batch = null;
    this.j = 0;
    this.base = 0; // ns from the capture's start to the batch's time base
    this.shown = null; // time (ns) of the last row that passed
    this.known = new Map(); // connection number -> ConnectionFacts
    this.last = null;
  }

  move(row) {
    this.row = row;
    const batch = this.store.batchOf(row);
    if (batch !== this.batch) {
      this.batch = batch;
      this.base = exact(batch.timeBase - BigInt(this.store.index.started || 0));
    }
    this.j = row - batch.first;
  }

  frame() {
    return this.batch.kind[this.j] === kindFrame;
  }

  completes() {
    return this.frame() && (this.batch.bits[this.j] & bitCompletes) !== 0;
  }

  opcode() {
    return this.batch.op[this.j] & 15;
  }

  detail() {
    return this.store.detail(this.row) || noDetail;
  }

  payload() {
    return this.store.payload(this.row);
  }

  // relative is the row's time since the capture's first packet, in ns.
  relative() {
    return this.base + this.batch.ns[this.j];
  }

  // facts are those of the row's connection; null without one.
  facts() {
    const number = this.batch.conn[this.j];
    if (number === 0) return null;
    const connection = this.store.connection(number);
    if (connection === null) return null;
    let facts = this.last;
    if (facts !== null && facts.connection === connection) return facts;
    facts = this.known.get(number);
    if (facts === undefined || facts.connection !== connection) {
      facts = new ConnectionFacts(connection);
      this.known.set(number, facts);
    }
    this.last = facts;
    return facts;
  }

  fromClient() {
    return this.frame() && (this.batch.bits[this.j] & bitServer) === 0;
  }
}

// noDetail is the detail of rows that have none.
export const noDetail = {};

// ConnectionFacts keeps what fields make of a connection's entry in the index,
// which is replaced as a whole where it changes.
class ConnectionFacts {
  constructor(connection) {
    this.connection = connection;
    this.values = new Map();
  }

  // all are the values that make(connection) names under that key.
  all(key, make) {
    let values = this.values.get(key);
    if (values === undefined) {
      values = make(this.connection);
      this.values.set(key, values);
    }
    return values;
  }
}

// exact is an integer as a Number where that is exact, else as a BigInt.
export function exact(n) {
  if (typeof n === 'number') return Number.isSafeInteger(n) ? n : BigInt(n);
  return n >= Number.MIN_SAFE_INTEGER && n <= Number.MAX_SAFE_INTEGER ? Number(n) : n;
}

// noValues are those of an absent field.
export const noValues = [];
