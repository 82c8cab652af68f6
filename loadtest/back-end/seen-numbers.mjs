/** Out-of-order numbers kept one by one before a gap below them is given up and noted as missing. */
const aheadMax = 1_000;

/**
 * Which numbers of 0, 1, 2, … have been seen, in a few bytes while they come nearly in order: a soak of hours must not fill the
 * memory of the back end with message ids.
 */
export class SeenNumbers {
  constructor() {
    this.next = 0;
    this.ahead = new Set();
    this.missing = new Set();
  }

  has(number) {
    return number < this.next ? !this.missing.has(number) : this.ahead.has(number);
  }

  /** Returns whether it is seen for the first time. */
  add(number) {
    if (this.has(number)) return false;
    if (number < this.next) return this.missing.delete(number);
    this.ahead.add(number);
    this.closeUp();
    if (this.ahead.size > aheadMax) this.giveUpGap();
    return true;
  }

  closeUp() {
    while (this.ahead.delete(this.next)) this.next += 1;
  }

  giveUpGap() {
    const lowest = Math.min(...this.ahead);
    for (; this.next < lowest; this.next += 1) this.missing.add(this.next);
    this.closeUp();
  }
}
