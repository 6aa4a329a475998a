// element makes an element with a class and a text. The text is a text node:
// there is no other way by which what a peer sent gets into the page.
export function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined && text !== '') e.textContent = text;
  return e;
}

// button makes a push button.
export function button(label, onClick, title) {
  const e = element('button', '', label);
  e.type = 'button';
  if (title) e.title = title;
  e.addEventListener('click', onClick);
  return e;
}

// empty takes all children away.
export function empty(e) {
  while (e.firstChild) e.removeChild(e.lastChild);
}

// setText writes only what differs, since even the same text costs a layout.
export function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

// gridHead makes the header of a grid, with an empty cell for each column, whose
// name is the end of the cell's class.
export function gridHead(names) {
  const group = element('div', 'head');
  group.setAttribute('role', 'rowgroup');
  const row = element('div', 'row');
  row.setAttribute('role', 'row');
  row.setAttribute('aria-rowindex', 1);
  const cells = names.map((name, k) => {
    const cell = element('span', 'c-' + name);
    cell.setAttribute('role', 'columnheader');
    cell.setAttribute('aria-colindex', k + 1);
    return cell;
  });
  row.append(...cells);
  group.append(row);
  return { group, cells };
}

// sizeCanvas fits a canvas' pixels to its box and the screen, and returns its
// 2D context, scaled to CSS pixels.
export function sizeCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * ratio));
  const h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
