const splitterKey = 'wstap-detail-width';
const leastWidth = 280; // px, of either side

// setUpSplitter lets the bar between frames and detail be dragged, or moved
// with the arrow keys. The width is kept where the browser allows it.
export function setUpSplitter(bar, main) {
  let width = 0;
  const set = (px) => {
    const most = Math.max(leastWidth, main.clientWidth - leastWidth);
    width = Math.round(Math.min(Math.max(px, leastWidth), most));
    main.style.setProperty('--detail-width', width + 'px');
    bar.setAttribute('aria-valuenow', width);
    bar.setAttribute('aria-valuemin', leastWidth);
    bar.setAttribute('aria-valuemax', most);
  };
  const keep = () => {
    try {
      localStorage.setItem(splitterKey, String(width));
    } catch (refused) {
      // It lasts as long as the page, then.
    }
  };
  const now = () => main.getBoundingClientRect().right - bar.getBoundingClientRect().left;
  bar.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
    bar.classList.add('dragged');
  });
  bar.addEventListener('pointermove', (event) => {
    if (bar.hasPointerCapture(event.pointerId)) set(main.getBoundingClientRect().right - event.clientX);
  });
  bar.addEventListener('lostpointercapture', () => {
    bar.classList.remove('dragged');
    keep();
  });
  bar.addEventListener('keydown', (event) => {
    const step = {ArrowLeft: 40, ArrowRight: -40}[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    set(now() + step);
    keep();
  });
  try {
    const kept = Number(localStorage.getItem(splitterKey));
    if (kept >= leastWidth) set(kept);
  } catch (refused) {
    // The style sheet's width, then.
  }
}
