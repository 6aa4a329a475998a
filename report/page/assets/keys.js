import {button, element} from './dom.js';

// moveByKey is where a key of a list leads from here, which is an index, half of
// one where that lies between two, or -1; it is -1 for a key that does not move.
export function moveByKey(event, here, count, page) {
  if (event.ctrlKey || event.metaKey || event.altKey) return -1;
  const last = count - 1;
  const move = (by) => Math.min(Math.max(by > 0 ? Math.floor(here + by) : Math.ceil(here + by), 0), last);
  switch (event.key) {
    case 'j':
    case 'ArrowDown':
      return move(1);
    case 'k':
    case 'ArrowUp':
      return move(-1);
    case 'PageDown':
    case ' ':
      return move(page);
    case 'PageUp':
      return move(-page);
    case 'g':
    case 'Home':
      return 0;
    case 'G':
    case 'End':
      return last;
    default:
      return -1;
  }
}

const keyHelp = [
  ['j k \u2193 \u2191', 'next and previous row, in the list that has the focus'],
  ['PageDown PageUp', 'a screen on and back'],
  ['g G Home End', 'first and last row; live, G follows the newest'],
  ['Enter', 'in the connections: show only this one (with Ctrl: add it); in the frames: go to the detail'],
  ['[ ]', 'previous and next row of the same connection'],
  ['r', 'the request that the row answers, or its answer'],
  ['n N', 'next and previous gap, violation, close or finding'],
  ['1 2 3 4', 'all, sent, received, control'],
  ['m', 'frames or messages'],
  ['t', 'time: relative, absolute, delta'],
  ['/', 'filter: a display filter, text, or /regex/'],
  ['c', 'copy the payload as text'],
  ['v o l f d', 'focus verdict, overview, connections, frames, detail'],
  ['\u2190 \u2192', 'in the overview: move the edge of the range (with Shift: faster)'],
  ['Escape', 'close this, leave the filter, give up the range, then the connections, then the row'],
  ['?', 'this list'],
];

// createKeyHelp fills the dialog that lists the keys.
export function createKeyHelp(dialog) {
  const list = element('dl');
  for (const [keys, what] of keyHelp) {
    const names = element('dt');
    for (const key of keys.split(' ')) names.append(element('kbd', '', key), ' ');
    list.append(names, element('dd', '', what));
  }
  const close = button('Close', () => dialog.close());
  dialog.append(element('h2', '', 'Keys'), list, close);
}

// bindKeys calls actions[key](event) for keys pressed anywhere but in a box that
// takes text or in a dialog, which the browser closes with Escape. An action
// that returns false leaves the key to the browser.
export function bindKeys(actions) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest && event.target.closest('dialog[open]')) return;
    const inText = event.target.matches && event.target.matches('input, textarea, select');
    if (inText && event.key !== 'Escape') return;
    const action = actions[event.key];
    if (action && action(event) !== false) event.preventDefault();
  });
}
