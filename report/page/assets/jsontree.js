// A JSON text as a tree to open and close. It is read by a parser of its own,
// which keeps what JSON.parse loses: the digits of large numbers, the order of
// keys, keys that stand twice. Nothing recurses, and nothing is made before it
// is looked at, so that deep and long texts cost no more than what is shown.
import {button, element} from './dom.js';
import {visible} from './text.js';

const maxTreeText = 1 << 20; // code units; a tree of more helps nobody
const shownItems = 100; // of an object or array, before "more"
const shownText = 600; // characters of a string, before "more"
const openedItems = 60; // as many are open at first

// parseJSON reads a JSON text (RFC 8259) into {type, ...} or null where it is
// none or too long. Objects and arrays have items, [key, node] each, with keys
// as they were written; other nodes have their text as it was written.
export function parseJSON(text) {
  if (text.length > maxTreeText) return null;
  const token = /[ \t\r\n]*(?:([{}[\],:])|(")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|true|false|null)/y;
  const root = {type: 'array', items: []};
  const open = [root];
  let want = 'value'; // or 'key', 'colon', 'comma'; with 'end' a closing bracket may come too
  let end = false;
  let key = null;
  let done = false;
  while (!done) {
    const m = token.exec(text);
    if (!m) return null;
    const [, sign, quote, number] = m;
    let string = '';
    if (quote) {
      const begin = token.lastIndex - 1;
      token.lastIndex = jsonStringEnd(text, begin);
      string = text.slice(begin, token.lastIndex);
      if (!isJSONString(string)) return null;
    }
    const top = open[open.length - 1];
    if (sign === '}' || sign === ']') {
      if (top === root || !end || (sign === '}') !== (top.type === 'object')) return null;
      open.pop();
      [want, end] = ['comma', true];
    } else if (sign === ',' || sign === ':') {
      if (want !== (sign === ',' ? 'comma' : 'colon')) return null;
      [want, end] = [sign === ',' && top.type === 'object' ? 'key' : 'value', false];
    } else if (want === 'key') {
      if (!string) return null;
      key = string;
      [want, end] = ['colon', false];
    } else if (want === 'value') {
      const node = sign ? {type: sign === '{' ? 'object' : 'array', items: []} : {type: string ? 'string' : number ? 'number' : 'word', text: string || m[0].trim()};
      top.items.push([key, node]);
      key = null;
      if (sign) open.push(node);
      [want, end] = sign ? [sign === '{' ? 'key' : 'value', true] : ['comma', true];
    } else {
      return null;
    }
    done = open.length === 1 && want === 'comma';
  }
  return /^[ \t\r\n]*$/.test(text.slice(token.lastIndex)) ? root.items[0][1] : null;
}

// jsonStringEnd is the index behind the string that begins at from, or the
// text's end.
export function jsonStringEnd(text, from) {
  for (let i = from + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) return i + 1;
    if (c === 0x5c) i++;
  }
  return text.length;
}

function isJSONString(text) {
  try {
    return typeof JSON.parse(text) === 'string';
  } catch (fault) {
    return false;
  }
}

// createTree is the element that shows a node of parseJSON. It owns nothing but
// its own elements.
export function createTree(node) {
  const tree = element('div', 'json-tree');
  const budget = {left: openedItems};
  tree.append(treeItem(null, node, budget, 0));
  return tree;
}

function treeItem(key, node, budget, depth) {
  const item = element('div', 'json-item');
  const line = element('div', 'json-line');
  item.append(line);
  if (!node.items) {
    line.append(element('span', 'json-gap'), ...keyParts(key), scalarElement(node));
    return item;
  }
  const list = element('div', 'json-items');
  const toggle = element('button', 'json-toggle');
  toggle.type = 'button';
  let filled = false;
  const show = (open) => {
    toggle.setAttribute('aria-expanded', String(open));
    list.hidden = !open;
    if (open && !filled) {
      filled = true;
      fillItems(list, node, 0, budget, depth + 1);
    }
  };
  const brackets = node.type === 'object' ? ['{', '}'] : ['[', ']'];
  toggle.append(element('span', 'json-arrow'), ...keyParts(key), element('span', 'json-sign', brackets[0]), element('span', 'json-count', countText(node)), element('span', 'json-sign', brackets[1]));
  toggle.disabled = node.items.length === 0;
  toggle.addEventListener('click', () => show(list.hidden));
  line.append(toggle);
  item.append(list);
  const open = node.items.length > 0 && depth < 3 && node.items.length <= budget.left;
  if (open) budget.left -= node.items.length;
  show(open);
  return item;
}

function countText(node) {
  const n = node.items.length;
  return n === 0 ? '' : n + (node.type === 'object' ? n === 1 ? ' key' : ' keys' : n === 1 ? ' item' : ' items');
}

// fillItems adds the items from one on, and a button for those behind.
function fillItems(list, node, from, budget, depth) {
  const to = Math.min(node.items.length, from + shownItems);
  for (let i = from; i < to; i++) {
    const [key, child] = node.items[i];
    list.append(treeItem(node.type === 'object' ? key : String(i), child, budget, depth));
  }
  if (to === node.items.length) return;
  const more = button(`${node.items.length - to} more`, () => {
    more.remove();
    fillItems(list, node, to, budget, depth);
    const next = list.children[to];
    const first = next && next.querySelector('button:not(:disabled)');
    if (first) first.focus();
  });
  more.className = 'json-more';
  list.append(more);
}

function keyParts(key) {
  if (key === null) return [];
  const name = key.startsWith('"') ? visible(JSON.parse(key)) : key;
  return [element('span', key.startsWith('"') ? 'json-key' : 'json-index', shorten(name, 120)), element('span', 'json-sign', ': ')];
}

function scalarElement(node) {
  const text = node.type === 'string' ? '"' + visible(JSON.parse(node.text)) + '"' : node.text;
  const value = element('span', 'json-' + node.type, shorten(text, shownText));
  if (text.length <= shownText) return value;
  const whole = element('span');
  const more = button(`${text.length - shownText} more characters`, () => {
    value.textContent = text;
    more.remove();
  });
  more.className = 'json-more';
  whole.append(value, more);
  return whole;
}

function shorten(text, size) {
  return text.length > size ? text.slice(0, size) + '\u2026' : text;
}
