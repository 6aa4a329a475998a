// followEvents feeds the store from the live server's event stream, and tells
// status(word): 'connected', 'lost' (the browser tries again by itself), 'ended'.
export function followEvents(store, status) {
  const source = new EventSource('events');
  source.addEventListener('open', () => status('connected'));
  source.addEventListener('error', () => status('lost'));
  source.addEventListener('index', (event) => store.setIndex(JSON.parse(event.data)));
  source.addEventListener('batch', (event) => store.addBatch(fromBase64(event.data)));
  source.addEventListener('end', () => {
    source.close();
    store.finish();
    status('ended');
  });
  return source;
}

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const chars = atob(text);
  const bytes = new Uint8Array(chars.length);
  for (let i = 0; i < chars.length; i++) bytes[i] = chars.charCodeAt(i);
  return bytes;
}
