// The filter box: one line that is a display filter, a /regular expression/ or
// a text to search for.
import {PatternError} from './pattern.js';
import {compileFilter} from './filter-compile.js';
import {isFilterField} from './filter-fields.js';
import {patternSearch, textSearch} from './search.js';

// compileQuery decides what text is and compiles it. It returns
//
//   kind    'none', 'filter', 'regex' or 'text'
//   test    (row) -> bool over the store's rows; ask in rising order
//   reset   to be called before another pass over the rows
//   error   null, or {message, at, length}: what is wrong, from which column on
//   hint    a line that says how the text was understood
//   notes   lines about what the store does not hold of what is asked for
export function compileQuery(text, store) {
  const trimmed = text.trim();
  const from = text.indexOf(trimmed);
  if (trimmed === '') return {kind: 'none', test: () => true, reset() {}, error: null, hint: '', notes: []};
  const regex = /^\/(.+)\/([gimsuy]*)$/s.exec(trimmed);
  if (regex) return regexQuery(regex[1], regex[2], from, store);
  const quoted = /^"([^"]*)"$/.exec(trimmed);
  if (quoted && quoted[1]) return textQuery(quoted[1], store, 'rows that contain this text, whatever the case of letters');
  const filter = compileFilter(trimmed);
  if (!filter.error) {
    const bare = isFilterField(trimmed);
    return {
      kind: 'filter', test: (row) => filter.test(store, row), reset: filter.reset, error: null, notes: filter.notes(store),
      hint: bare ? `frames that have the field ${trimmed}; for the word, write "${trimmed}"` : 'frames that pass this display filter',
    };
  }
  if (looksLikeFilter(trimmed)) {
    const {message, from: at, to} = filter.error;
    return failedQuery('filter', message, from + at, to - at, 'a display filter, with a fault; to search for it as text, put it in double quotes');
  }
  return textQuery(trimmed, store, 'rows that contain this text; no display filter, which has fields, as in websocket.opcode == 9');
}

// looksLikeFilter is true for what somebody meant as a display filter, right or
// wrong: it has a sign of comparison behind a name, or begins with a name of a
// known protocol. What is not is searched for as text.
function looksLikeFilter(text) {
  const first = /^[!(\s]*(?:not\s+|any\s+|all\s+)*([A-Za-z_][A-Za-z0-9_]*)((?:\.[A-Za-z0-9_]+)*)/.exec(text);
  if (!first) return false;
  const known = isFilterField(first[1]);
  if (known && (first[2] !== '' || /^\s*([=!<>&|~[]|(and|or|xor|in|contains|matches|eq|ne|gt|lt|ge|le)\b)/.test(text.slice(first[0].length)))) return true;
  return /^[!(\s]*[A-Za-z_][A-Za-z0-9_.]*\s*(\([^)]*\)\s*)?([=!]==?|<=|>=|\s(eq|ne|contains|matches)\s+["\w])/.test(text);
}

function regexQuery(pattern, flags, from, store) {
  try {
    const test = patternSearch(pattern, flags, store);
    return {kind: 'regex', test, reset() {}, error: null, hint: 'rows in which this regular expression is found', notes: []};
  } catch (fault) {
    if (!(fault instanceof PatternError)) throw fault;
    return failedQuery('regex', fault.message, from + 1, pattern.length, 'a regular expression, in the syntax of RE2');
  }
}

function textQuery(text, store, hint) {
  return {kind: 'text', test: textSearch(text, store), reset() {}, error: null, hint, notes: []};
}

function failedQuery(kind, message, at, length, hint) {
  return {kind, test: () => false, reset() {}, error: {message, at, length: Math.max(1, length)}, hint, notes: []};
}
