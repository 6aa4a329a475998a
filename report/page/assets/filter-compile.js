// Compiles display filters: the twin of report/dfilter's compiler. What it makes
// looks at rows of a store, without allocating for the filters that most people
// write.
import {compilePattern} from './automaton.js';
import {bitCompressed, bitCut} from './batch.js';
import {PatternError} from './pattern.js';
import {FilterFault, filterFault} from './filter-lexer.js';
import {calculate, checkComparable, holdsBytes, onlyOne, patternFault, relationSigns, resultType, withinInt64} from './filter-operation.js';
import {clipBounds, expressionText, holdsFirst, isConstant, parseFilter} from './filter-parser.js';
import {FilterContext, exact, noValues} from './filter-context.js';
import {filterTypes} from './filter-fields.js';
import {compileCall} from './filter-function.js';
import {compareValues, fixedOperand, literalValue, suggestField, suggestionFor} from './filter-literal.js';

// compileFilter reads a filter. It returns {error: {message, from, to}}, or
// {test(store, row), reset(), notes}: call test with rows in rising order, reset
// before another pass (frame.time_delta_displayed looks back at what passed).
// Rows that are no frames are looked at as their connection as a whole. notes
// say in a line each what the report does not keep of what the filter asks for.
export function compileFilter(text, options) {
  const compiler = new FilterCompiler(Boolean(options && options.utc));
  let holds;
  try {
    holds = compiler.test(parseFilter(text));
  } catch (fault) {
    if (!(fault instanceof FilterFault)) throw fault;
    return {error: {message: fault.message, from: fault.from, to: fault.to}};
  }
  if (compiler.lacking) {
    const {def, span} = compiler.lacking;
    const shown = text.length <= 200 && !/['\\\r\n]/.test(text) ? text : '...';
    return {error: {message: `${def.name} is not kept in this report: use wstap -r FILE -Y '${shown}'`, from: span.from, to: span.to}};
  }
  let context = null;
  return {
    test(store, row) {
      if (context === null || context.store !== store) context = new FilterContext(store);
      context.move(row);
      if (!holds(context)) return false;
      if (context.frame()) context.shown = context.relative();
      return true;
    },
    reset() {
      context = null;
    },
    notes: (store) => compiler.notes(store),
  };
}

function anyBits(store, bit) {
  return store.batches.some((b) => b.bits.some((bits) => (bits & bit) !== 0));
}

// listed gives an operand of at most one value as a list, which is lent.
function listed(get) {
  const one = [null];
  return (x) => {
    const v = get(x);
    if (v === undefined) return noValues;
    one[0] = v;
    return one;
  };
}

// An operand is {typ, def, name, span, values(x), num?(x), octets?(x),
// constant?, bits?}: values lists its values in the row that x stands at, none
// where it is absent; num and octets are the same where there is at most one.
// Lists and bytes are lent, until they are asked for again.
class FilterCompiler {
  constructor(utc) {
    this.utc = utc;
    this.used = new Set();
    this.lacking = null; // the first field that reports do not keep
  }

  // notes are what the store does not hold of what the filter looks at.
  notes(store) {
    const used = [...this.used];
    const notes = [];
    const has = (test) => used.some(test) && store;
    if (has((f) => f.ofPayload) && anyBits(store, bitCut)) notes.push('payloads are looked at as far as they are kept here: --payload-limit keeps more');
    if (has((f) => f.ofFrames) && anyBits(store, bitCompressed)) notes.push('the bytes of fragments and of compressed frames are not kept here: wstap.message has their message');
    if (has((f) => f.ofPayload || f.secret) && store.index.redactions > 0) notes.push('secrets are taken out here, and cannot be looked for');
    return notes;
  }

  test(e) {
    switch (e.type) {
      case 'logic': {
        const left = this.test(e.left);
        const right = this.test(e.right);
        if (e.op === '&&') return (x) => left(x) && right(x);
        if (e.op === '||') return (x) => left(x) || right(x);
        return (x) => left(x) !== right(x);
      }
      case 'not': {
        const inner = this.test(e.x);
        return (x) => !inner(x);
      }
      case 'relation':
        return this.relation(e);
      case 'member':
        return this.member(e);
      case 'field':
      case 'slice': {
        const o = this.operand(e, null);
        return o.present || ((x) => o.values(x).length > 0);
      }
      case 'arithmetic': {
        if (e.op !== '&') filterFault(e.span, `a sum is no test: compare it, as in ${expressionText(e)} == 0`);
        const o = this.operand(e, null);
        return (x) => o.values(x).some((v) => (v instanceof Uint8Array ? v.some((b) => b !== 0) : v != 0));
      }
      case 'call':
        this.operand(e, null);
        return filterFault(e.nameAt, 'a function is no test: compare what it returns, as in len(websocket.payload) > 100');
      case 'literal':
        return this.unknown(e);
    }
    return filterFault(e.span, `${expressionText(e)} is no test`);
  }

  // unknown throws the fault of a literal where a field is expected.
  unknown(e) {
    let message = `${expressionText(e)} is neither a field nor a protocol name`;
    if (e.kind === 'word') {
      const near = suggestField(e.text);
      if (near) message += `: did you mean ${near}?`;
      else if (!/^[0-9]/.test(e.text)) message += ': wstap fields lists those there are';
    }
    return filterFault(e.span, message);
  }

  // operand compiles what has values. A literal takes the type of like, the
  // operand beside it.
  operand(e, like) {
    switch (e.type) {
      case 'field':
        return this.field(e);
      case 'literal':
        if (!like) return this.unknown(e);
        if (e.kind === 'word' && like.typ.kind === 'bytes' && like.typ !== filterTypes.FT_STRING && suggestionFor(e.text)) return this.unknown(e);
        return fixedOperand(literalValue(e, like.typ, like.def, this.utc), expressionText(e), e.span);
      case 'slice':
        return this.slice(e);
      case 'call':
        return compileCall(this, e);
      case 'minus':
        return this.minus(e, like);
      case 'arithmetic':
        return this.arithmetic(e, like);
    }
    return filterFault(e.span, `${expressionText(e)} is a test, where a field or value is expected`);
  }

  field(e) {
    const def = e.def;
    const o = {typ: def.type, def, name: def.name, span: e.span, values: () => noValues};
    this.used.add(def);
    if (!def.kept) {
      if (!this.lacking) this.lacking = {def, span: e.span};
      return o;
    }
    if (e.layer.length > 0) { // a frame has each protocol once: layer 1 is all there is
      if (e.layer.some(holdsFirst)) o.values = this.field({...e, layer: []}).values;
      return o;
    }
    if (def.has) o.values = (x) => (def.has(x) ? [1] : noValues);
    else if (def.all) o.values = def.all;
    else o.values = listed(def.num || def.octets);
    o.num = def.num;
    o.octets = def.octets;
    o.present = def.present || def.has;
    return o;
  }

  slice(e) {
    const o = this.operand(e.x, null);
    if (o.typ === filterTypes.FT_PROTOCOL && o.def && o.def.label) {
      filterFault(o.span, `the bytes of ${o.name} are not kept: frames of WebSocket are looked at, not packets`);
    }
    if (o.typ.kind !== 'bytes' && o.typ.kind !== 'ipv4' && o.typ.kind !== 'ipv6') {
      filterFault(o.span, `${o.name} (${o.typ.pretty}) cannot be sliced into bytes`);
    }
    const part = (bytes) => {
      const pieces = [];
      for (const p of e.parts) {
        const clip = clipBounds(p, bytes.length);
        if (clip && clip[0] < clip[1]) pieces.push(bytes.subarray(clip[0], clip[1]));
      }
      if (pieces.length < 2) return pieces[0];
      return Uint8Array.from(pieces.flatMap((p) => [...p]));
    };
    const bytesOf = o.typ.kind === 'ipv4' ? (v) => Uint8Array.of(v >>> 24, v >>> 16, v >>> 8, v) : (v) => v;
    return this.derived(o, filterTypes.FT_BYTES, expressionText(e), e.span, (v) => part(bytesOf(v)));
  }

  // derived applies f to each value; those for which it has none are left out.
  derived(o, typ, name, span, f) {
    if (o.constant !== undefined) {
      const v = f(o.constant);
      if (v !== undefined) return fixedOperand({typ, v}, name, span);
    }
    return {typ, name, span, values: (x) => o.values(x).map(f).filter((v) => v !== undefined)};
  }

  minus(e, like) {
    const o = this.operand(e.x, like);
    if (o.typ.kind !== 'integer' && o.typ.kind !== 'offset') filterFault(o.span, `${o.name} (${o.typ.pretty}) has no negative`);
    return this.derived(o, resultType(o.typ), '-' + o.name, e.span, (v) => withinInt64(-BigInt(v)));
  }

  arithmetic(e, like) {
    const [l, r] = this.pair(e.left, e.right, like);
    let typ = filterTypes.FT_INT64;
    let apply;
    if (e.op === '&' && l.typ.kind === 'bytes' && r.typ.kind === 'bytes' && l.typ !== filterTypes.FT_PROTOCOL) {
      typ = filterTypes.FT_BYTES;
      apply = (a, b) => (a.length === b.length ? a.map((byte, k) => byte & b[k]) : undefined);
    } else if (e.op === '&' && l.typ.kind === r.typ.kind && (l.typ.kind === 'integer' || l.typ.kind === 'ipv4')) {
      typ = l.typ;
      apply = (a, b) => exact(BigInt.asUintN(64, BigInt(a) & BigInt(b)));
    } else if (e.op === '&') {
      filterFault(l.span, `${l.name} (${l.typ.pretty}) cannot be used with &`);
    } else if (l.typ.kind === 'integer' && r.typ.kind === 'integer') {
      apply = (a, b) => calculate(e.op, a, b);
    } else if ((e.op === '+' || e.op === '-') && l.typ.kind === 'offset' && r.typ.kind === 'offset') {
      typ = filterTypes.FT_RELATIVE_TIME;
      apply = (a, b) => calculate(e.op, a, b);
    } else {
      const bad = l.typ.kind === 'integer' || l.typ.kind === 'offset' ? r : l;
      filterFault(bad.span, `${bad.name} (${bad.typ.pretty}) cannot be used with ${e.op}`);
    }
    const name = expressionText(e);
    if (l.constant !== undefined && r.constant !== undefined && typ !== filterTypes.FT_BYTES) {
      const v = apply(l.constant, r.constant);
      return v === undefined ? filterFault(e.span, `${name} has no value`) : fixedOperand({typ, v}, name, e.span);
    }
    return {typ, name, span: e.span, values: (x) => {
      const right = r.values(x);
      return l.values(x).flatMap((a) => right.map((b) => apply(a, b))).filter((v) => v !== undefined);
    }};
  }

  // pair compiles two operands that stand beside each other, so that literals
  // get the type of the other side.
  pair(left, right, like) {
    if (isConstant(left) && !isConstant(right)) {
      const r = this.operand(right, like);
      return [this.operand(left, r), r];
    }
    const l = this.operand(left, like);
    return [l, this.operand(right, !like || !isConstant(left) ? l : like)];
  }

  relation(e) {
    if (isConstant(e.left) && isConstant(e.right)) {
      if (e.left.type === 'literal') this.unknown(e.left);
      filterFault(e.span, 'this compares two constants: one side must be a field');
    }
    if (e.op === '~') return this.matches(e);
    const [l, r] = this.pair(e.left, e.right, null);
    let every = e.quantifier === 'all';
    let holds;
    if (e.op === 'contains') {
      if (l.typ.kind !== 'bytes') {
        filterFault(l.span, `${l.name} (${l.typ.pretty}) cannot be searched with contains: convert it, as in string(${l.name})`);
      }
      holds = holdsBytes;
    } else {
      const is = relationSigns[e.op];
      const compare = compareValues(l, r);
      holds = (a, b) => is(compare(a, b));
      every = every || e.quantifier === '' && (e.op === '!=' || e.op === '===');
    }
    checkComparable(l, r);
    const get = l.num || l.octets;
    if (get && r.constant !== undefined) return onlyOne(get, r.constant, l.num && !r.bits ? e.op : '', holds);
    return (x) => {
      const left = l.values(x);
      if (left.length === 0) return false;
      const right = r.values(x);
      if (right.length === 0) return false;
      for (const a of left) {
        for (const b of right) {
          if (holds(a, b) !== every) return !every;
        }
      }
      return every;
    };
  }

  matches(e) {
    const pattern = e.right;
    if (pattern.type !== 'literal' || pattern.kind !== 'string' && pattern.kind !== 'raw') {
      filterFault(pattern.span, 'matches wants a string in double quotes on the right');
    }
    const l = this.operand(e.left, null);
    if (l.typ.kind !== 'bytes' || l.typ === filterTypes.FT_PROTOCOL && l.def.label) {
      filterFault(l.span, `${l.name} (${l.typ.pretty}) cannot be searched with matches: convert it, as in string(${l.name})`);
    }
    let found;
    try {
      found = compilePattern('(?i)' + pattern.text);
    } catch (fault) {
      if (!(fault instanceof PatternError)) throw fault;
      filterFault(pattern.span, patternFault(fault.message));
    }
    const every = e.quantifier === 'all';
    return (x) => {
      const left = l.values(x);
      for (const v of left) {
        if (found(v) !== every) return !every;
      }
      return every && left.length > 0;
    };
  }

  member(e) {
    if (isConstant(e.left)) {
      if (e.left.type === 'literal') this.unknown(e.left);
      filterFault(e.left.span, 'the left side of in must be a field');
    }
    const l = this.operand(e.left, null);
    const element = (x) => {
      const o = this.operand(x, l);
      checkComparable(l, o);
      return {values: o.values, compare: compareValues(l, o)};
    };
    const set = e.set.map(({low, high}) => ({low: element(low), high: high && element(high)}));
    const within = (x, v) => set.some(({low, high}) => {
      if (!high) return low.values(x).some((b) => low.compare(v, b) === 0);
      return low.values(x).some((b) => low.compare(v, b) >= 0) && high.values(x).some((b) => high.compare(v, b) <= 0);
    });
    const every = e.quantifier === 'all';
    return (x) => {
      const left = l.values(x);
      for (const v of left) {
        if (within(x, v) !== every) return !every;
      }
      return every && left.length > 0;
    };
  }
}
