const unknownRow = 0;
const hiddenRow = 1;
const shownRow = 2;

// ServedQuery is a display filter that the live server evaluates, which has the
// packets: for each row the server's word, as far as it has come.
export class ServedQuery {
  // answer is what the server said of the rows it had: {first, rows, bits, notes}.
  constructor(text, answer) {
    this.kind = 'filter';
    this.text = text;
    this.error = null;
    this.hint = 'frames that pass this display filter';
    this.notes = answer.notes || [];
    this.base = answer.first;
    this.next = answer.first; // row behind the last one that was told
    this.words = new Uint8Array(1024);
    this.test = (row) => this.words[row - this.base] === shownRow;
    this.add(answer);
  }

  // add takes the server's word on more rows.
  add(match) {
    const bits = Uint8Array.from(atob(match.bits), (c) => c.charCodeAt(0));
    this.reserve(match.first + match.rows - this.base);
    for (let k = 0; k < match.rows; k++) {
      const at = match.first + k - this.base;
      if (at >= 0) this.words[at] = (bits[k >> 3] >> (k & 7)) & 1 ? shownRow : hiddenRow;
    }
    this.next = Math.max(this.next, match.first + match.rows);
  }

  // ready is true where the server has told of the row; rows that it has
  // forgotten count as told.
  ready(row) {
    return row < this.base || (row < this.next && this.words[row - this.base] !== unknownRow);
  }

  reserve(n) {
    if (n <= this.words.length) return;
    const bigger = new Uint8Array(Math.max(n, this.words.length * 2));
    bigger.set(this.words);
    this.words = bigger;
  }
}

// askServer has the server look at all rows it has. It throws an error with
// {message, at, length} as fault where the text is no filter.
export async function askServer(text, signal) {
  const response = await fetch('filter?q=' + encodeURIComponent(text), {signal});
  const answer = await response.json();
  if (response.ok) return answer;
  const refusal = new Error('refused');
  const {message, at, length} = answer.error;
  // The server counts bytes of UTF-8.
  const before = new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, at));
  refusal.fault = {message, at: before.length, length};
  throw refusal;
}
