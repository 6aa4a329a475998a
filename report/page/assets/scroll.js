// A browser lays out elements only up to some height (Chromium 33,554,428 px,
// Firefox 17,895,697, less where the screen scales), so a list of a million rows
// does not fit into one. Beyond maxHeight the list's positions are mapped to
// fewer pixels of the scrolled element.
export const maxHeight = 8e6;
const exactEdge = 1e6; // px at either end that map one to one

// ScrollMap maps between the scrolled element's scrollTop ("physical") and the
// position in the list ("virtual"), both in px. It is the identity where the
// list fits, and within exactEdge of both ends.
export class ScrollMap {
  constructor(content, viewport) {
    this.content = content;
    this.height = Math.min(content, maxHeight);
    this.end = Math.max(0, content - viewport); // last virtual position
    this.physicalEnd = Math.max(0, this.height - viewport);
    this.exact = this.end === this.physicalEnd;
  }

  toVirtual(physical) {
    const p = Math.min(Math.max(physical, 0), this.physicalEnd);
    if (this.exact || p <= exactEdge) return p;
    if (p >= this.physicalEnd - exactEdge) return this.end - (this.physicalEnd - p);
    return exactEdge + (p - exactEdge) * this.slope();
  }

  toPhysical(virtual) {
    const v = Math.min(Math.max(virtual, 0), this.end);
    if (this.exact || v <= exactEdge) return v;
    if (v >= this.end - exactEdge) return this.physicalEnd - (this.end - v);
    return exactEdge + (v - exactEdge) / this.slope();
  }

  slope() {
    return (this.end - 2 * exactEdge) / (this.physicalEnd - 2 * exactEdge);
  }

  // moved is the virtual position after scrollTop went from last to now. Small
  // steps (wheel, touch) are taken exactly, so that rows move with the finger;
  // large ones (the thumb was dragged) by the map.
  moved(virtual, last, now, viewport) {
    if (this.exact) return this.toVirtual(now);
    if (now <= 0) return 0;
    if (now >= this.physicalEnd - 1) return this.end;
    if (Math.abs(now - last) > 4 * viewport) return this.toVirtual(now);
    return Math.min(Math.max(virtual + now - last, 0), this.end);
  }
}
