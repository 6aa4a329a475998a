// Search for plain text and regular expressions in what rows show: payloads,
// summaries, and the words of lifecycle rows.
import {compilePattern, quotePattern} from './automaton.js';
import {isLifecycle, lifecycleText} from './rowtext.js';

// How much of a payload is searched, so that no row holds up the page for more
// than a few ms. Reports keep 64 KiB unless told otherwise.
const searchedBytes = 1 << 20;

// textSearch makes test(row) -> bool: whether the row has the text in it,
// whatever the case of letters.
export function textSearch(text, store) {
  return searchRows(compilePattern('(?i)' + quotePattern(text)), store);
}

// patternSearch is the same for a regular expression of RE2's syntax, with flags
// of JavaScript's: i, m and s; g, u and y change nothing. It throws a
// PatternError.
export function patternSearch(pattern, flags, store) {
  const used = flags.replace(/[^ims]/g, '');
  return searchRows(compilePattern((used ? `(?${used})` : '') + pattern), store);
}

// searchRows tests payloads as bytes, without decoding them.
function searchRows(found, store) {
  const encoder = new TextEncoder();
  return (row) => {
    const kind = store.kind(row);
    if (isLifecycle(kind)) return found(encoder.encode(lifecycleText(store, row)));
    const payload = store.payload(row);
    if (payload.length > 0 && found(payload.length > searchedBytes ? payload.subarray(0, searchedBytes) : payload)) return true;
    const summary = store.summary(row);
    return summary !== '' && found(encoder.encode(summary));
  };
}
