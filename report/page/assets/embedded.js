// The data that the one file holds behind the page: a script element per batch,
// and one with the index at the end.

import {unpack, inflate} from './container.js';

const embeddedIndex = 'script[data-wstap="index"]';
const embeddedBatches = 'script[data-wstap="batch"]';

// hasEmbedded reports whether the page is the one file; else it is live.
export function hasEmbedded() {
  return document.documentElement.hasAttribute('data-embedded');
}

// readEmbeddedIndex returns the index. It throws an Error, made for people,
// where the file is not whole, or was changed on its way.
export async function readEmbeddedIndex() {
  if (document.characterSet !== 'windows-1252') {
    throw new Error('this file was read as ' + document.characterSet + ' text: open it from disk, or serve it without a charset');
  }
  const element = document.querySelector(embeddedIndex);
  if (!element) {
    throw new Error('this file is cut off: it ends before its index');
  }
  return JSON.parse(new TextDecoder().decode(await readEmbedded(element)));
}

// readEmbeddedBatches calls onBatch with each batch, in order, and waits for
// what it returns. The bytes belong to onBatch. What was read leaves the
// document, since its text takes twice the bytes.
export async function readEmbeddedBatches(onBatch) {
  for (const element of document.querySelectorAll(embeddedBatches)) {
    const bytes = await readEmbedded(element);
    element.remove();
    await onBatch(bytes);
  }
}

// readEmbedded returns the bytes in an element.
async function readEmbedded(element) {
  try {
    return await inflate(unpack(element.textContent));
  } catch (cause) {
    throw new Error('this file was damaged on its way: send it as binary, not as text', {cause});
  }
}
