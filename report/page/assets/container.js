// The container of the one file: bytes as windows-1252 text in script elements
// that are not run. package html writes it.

// What windows-1252 makes of the bytes 0x80 to 0x9f, by code point; the five it
// leaves open stay C1 controls of the same number.
const containerCodes = [
  0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
  0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
];

const containerBytes = new Uint8Array(0x2123);
for (let i = 0; i < 0x100; i++) {
  containerBytes[i] = i;
}
containerCodes.forEach((code, i) => {
  containerBytes[code] = 0x80 + i;
});

const containerEscape = 0x3d; // '=': the next byte less 64 is meant

// unpack returns the bytes that text stands for, in an array of its own.
export function unpack(text) {
  const out = new Uint8Array(text.length);
  let n = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === containerEscape) {
      out[n++] = containerBytes[text.charCodeAt(++i)] - 64;
    } else {
      out[n++] = containerBytes[code];
    }
  }
  return out.subarray(0, n);
}

// inflate returns what bytes are the raw DEFLATE form of (RFC 1951).
export async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
