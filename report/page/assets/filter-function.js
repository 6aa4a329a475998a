// The functions of display filters: those of Wireshark 4.0, and vals, dec and
// hex of 4.4.
import {filterFault} from './filter-lexer.js';
import {filterTypes} from './filter-fields.js';
import {compareValues, fieldNamed, nearestName} from './filter-literal.js';
import {expressionText, isConstant} from './filter-parser.js';
import {valueText} from './filter-value.js';

const functionTable = {
  len: {max: 1, compile: byteCountOf}, count: {max: 1, compile: countOf}, upper: {max: 1, compile: lettersOf}, lower: {max: 1, compile: lettersOf},
  string: {max: 1, compile: stringOf}, vals: {max: 1, compile: namesOf}, dec: {max: 1, compile: digitsOf}, hex: {max: 1, compile: digitsOf},
  abs: {max: 1, compile: absoluteOf}, min: {max: 64, compile: extremeOf}, max: {max: 64, compile: extremeOf},
};

// compileCall compiles a call to an operand.
export function compileCall(compiler, e) {
  if (!Object.hasOwn(functionTable, e.name)) {
    const names = Object.keys(functionTable);
    const near = nearestName(e.name, names);
    filterFault(e.nameAt, `function ${e.name} does not exist: ` + (near ? `did you mean ${near}?` : `there are ${names.join(', ')}`));
  }
  const f = functionTable[e.name];
  if (e.args.length < 1 || e.args.length > f.max) filterFault(e.span, `${e.name} wants 1 argument, not ${e.args.length}`);
  // The arguments of min and max share a type, which fields have and literals
  // take.
  let like = null;
  const args = [];
  for (const literals of [false, true]) {
    e.args.forEach((a, i) => {
      if (isConstant(a) !== literals) return;
      if (literals && !like) filterFault(a.span, `${e.name} wants a field, not the constant ${expressionText(a)}`);
      args[i] = compiler.operand(a, like);
      like = like || args[i];
    });
  }
  return f.compile(e, args);
}

// resultOf is an operand with the values that f makes of those of o.
function resultOf(e, o, typ, f) {
  return {typ, name: expressionText(e), span: e.span, values: (x) => o.values(x).map(f).filter((v) => v !== undefined)};
}

function refuse(e, o, wants) {
  return filterFault(o.span, `${e.name} wants ${wants}, and ${o.name} is a ${o.typ.pretty}`);
}

function byteCountOf(e, [o]) {
  if (o.typ === filterTypes.FT_NONE || o.typ === filterTypes.FT_PROTOCOL && o.def && o.def.label) refuse(e, o, 'bytes or a string');
  return resultOf(e, o, filterTypes.FT_INT64, (v) => o.typ.width || v.length);
}

function countOf(e, [o]) {
  return {typ: filterTypes.FT_INT64, name: expressionText(e), span: e.span, values: (x) => {
    const n = o.values(x).length;
    return n === 0 ? [] : [n]; // a field that is named must be there
  }};
}

function lettersOf(e, [o]) {
  if (o.typ !== filterTypes.FT_STRING) refuse(e, o, 'a string');
  const from = e.name === 'lower' ? 0x41 : 0x61;
  return resultOf(e, o, o.typ, (v) => v.map((b) => (b >= from && b < from + 26 ? b ^ 0x20 : b)));
}

function encoded(text) {
  return new TextEncoder().encode(text);
}

function stringOf(e, [o]) {
  if (o.typ === filterTypes.FT_NONE || o.typ.kind === 'bytes' && o.typ !== filterTypes.FT_ETHER) refuse(e, o, 'a field that is neither text nor bytes');
  return resultOf(e, o, filterTypes.FT_STRING, (v) => encoded(valueText(o.typ, v, false)));
}

function namesOf(e, [o]) {
  if (!o.def || !o.def.names) refuse(e, o, 'a field whose values have names');
  return resultOf(e, o, filterTypes.FT_STRING, (v) => {
    const name = fieldNamed(o.def.name, v);
    return name ? encoded(name) : undefined;
  });
}

function digitsOf(e, [o]) {
  if (o.typ.kind !== 'integer') refuse(e, o, 'an integer');
  return resultOf(e, o, filterTypes.FT_STRING, (v) => encoded(valueText(o.typ, v, e.name === 'hex')));
}

function absoluteOf(e, [o]) {
  if (o.typ.kind !== 'integer' && o.typ.kind !== 'offset') refuse(e, o, 'a number');
  return resultOf(e, o, o.typ, (v) => (v < 0 ? -v : v));
}

function extremeOf(e, args) {
  const sign = e.name === 'min' ? -1 : 1;
  const [first] = args;
  for (const a of args) {
    if (a.typ === filterTypes.FT_NONE || a.typ === filterTypes.FT_PROTOCOL) refuse(e, a, 'values');
    if (a.typ.kind !== first.typ.kind) {
      filterFault(a.span, `the arguments of ${e.name} must have the same type: ${first.name} and ${a.name} are of others`);
    }
  }
  const compare = args.map((a) => compareValues(a, first));
  const typ = first.typ.kind === 'integer' ? filterTypes.FT_INT64 : first.typ;
  return {typ, name: expressionText(e), span: e.span, values: (x) => {
    const found = [];
    args.forEach((a, i) => {
      for (const v of a.values(x)) {
        if (found.length === 0 || compare[i](v, found[0]) * sign > 0) found[0] = v;
      }
    });
    return found;
  }};
}
