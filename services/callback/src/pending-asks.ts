/** What the ring needs to know of an entry: its number, given by `nextCorrelation`. */
export interface Numbered {
  readonly command: { readonly correlation: number };
}

const slotsAtFirst = 1_024;

/**
 * Entries by correlation number, oldest first: a ring of slots instead of a `Map`.
 *
 * A `Map` from which entries come and go replaces its table every few hundred of them. Once one table has grown old, each
 * dead table keeps the next one alive, and with it whatever was pending then, until a full collection: half of all requests
 * survived the scavenger, which took 5 of the 19 µs that a POST cost. A slot that is emptied holds on to nothing.
 */
export class PendingAsks<Entry extends Numbered> {
  private slots = new Array<Entry | undefined>(slotsAtFirst).fill(undefined);
  /** No entry has a number before this one. */
  private oldest = 0;
  private next = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** A number that no pending entry has; 32 bits, so they come round after four thousand million. */
  nextCorrelation(): number {
    if (this.count >= this.slots.length / 2) this.grow();
    // An entry that waits long keeps its slot: the numbers that would need it are passed over.
    while (this.slots[this.slotOf(this.next)] !== undefined) this.next = (this.next + 1) >>> 0;
    return this.next;
  }

  /** Adds an entry under the number that `nextCorrelation` gave last. */
  add(entry: Entry): void {
    this.slots[this.slotOf(entry.command.correlation)] = entry;
    this.next = (entry.command.correlation + 1) >>> 0;
    this.count++;
  }

  get(correlation: number): Entry | undefined {
    const entry = this.slots[this.slotOf(correlation)];
    return entry?.command.correlation === correlation ? entry : undefined;
  }

  /** False where no entry has this number. */
  delete(correlation: number): boolean {
    if (this.get(correlation) === undefined) return false;
    this.slots[this.slotOf(correlation)] = undefined;
    this.count--;
    if (this.count === 0) this.oldest = this.next;
    else while (this.get(this.oldest) === undefined) this.oldest = (this.oldest + 1) >>> 0;
    return true;
  }

  /** Oldest first. Entries may be deleted meanwhile. */
  *[Symbol.iterator](): Generator<Entry> {
    for (let number = this.oldest; number !== this.next; number = (number + 1) >>> 0) {
      const entry = this.get(number);
      if (entry !== undefined) yield entry;
    }
  }

  private slotOf(correlation: number): number {
    return correlation & (this.slots.length - 1);
  }

  private grow(): void {
    const entries = [...this];
    this.slots = new Array<Entry | undefined>(this.slots.length * 2).fill(undefined);
    for (const entry of entries) this.slots[this.slotOf(entry.command.correlation)] = entry;
  }
}
