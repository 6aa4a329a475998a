import {ServedQuery, askServer} from './served.js';

// LiveFeed feeds the store from the live server's event stream, and has the
// server evaluate display filters. It tells status(word): 'connected', 'lost'
// (the browser tries again by itself), 'ended'.
export class LiveFeed {
  constructor(store, status) {
    this.store = store;
    this.status = status;
    this.query = null;
    this.asking = null;
    this.source = null;
    this.listeners = [];
    this.open('events');
  }

  // onMatch calls listener(late) when the server has told of more rows; late are
  // earlier ones that are shown now too.
  onMatch(listener) {
    this.listeners.push(listener);
  }

  open(url) {
    if (this.source) this.source.close();
    const source = new EventSource(url);
    this.source = source;
    source.addEventListener('open', () => this.status('connected'));
    source.addEventListener('error', () => this.status('lost'));
    source.addEventListener('index', (event) => this.store.setIndex(JSON.parse(event.data)));
    source.addEventListener('batch', (event) => this.store.addBatch(fromBase64(event.data)));
    source.addEventListener('match', (event) => this.match(JSON.parse(event.data)));
    source.addEventListener('end', () => {
      source.close();
      this.store.finish();
      this.status('ended');
    });
  }

  match(found) {
    if (this.query === null) return;
    this.query.add(found);
    for (const listener of this.listeners) listener(found.late || []);
  }

  // filter has the server evaluate text, and calls done with the query: one with
  // an error where the server takes it for no filter. A newer text, or unfilter,
  // makes it forget this one.
  async filter(text, done) {
    this.unfilter();
    const asking = new AbortController();
    this.asking = asking;
    try {
      const answer = await askServer(text, asking.signal);
      if (asking.signal.aborted) return;
      const query = new ServedQuery(text, answer);
      this.query = query;
      done(query);
      if (!this.store.done) this.open('events?filter=' + encodeURIComponent(text) + '&after=' + (answer.first + answer.rows));
    } catch (cause) {
      if (asking.signal.aborted) return;
      const error = cause.fault || {message: 'the server does not answer', at: 0, length: 1};
      done({kind: 'filter', error, hint: '', notes: []});
    }
  }

  // unfilter forgets the filter. The stream may go on telling of it: what it
  // tells is not listened to.
  unfilter() {
    if (this.asking) this.asking.abort();
    this.asking = null;
    this.query = null;
  }
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const chars = atob(text);
  const bytes = new Uint8Array(chars.length);
  for (let i = 0; i < chars.length; i++) bytes[i] = chars.charCodeAt(i);
  return bytes;
}
