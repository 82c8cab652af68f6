/** Something with one deadline. The wheel owns both fields; a new entry has -1 in both. */
export interface Timed {
  dueTick: number;
  wheelIndex: number;
}

// 1024 slots of 50 ms are 51 s, longer than a ping period: nearly every entry is met once per deadline, not once per turn.
const slotCount = 1024;

/**
 * One timer for all deadlines: an array per slot, the entry's place remembered in the entry. Setting, moving and taking out
 * cost a few array writes; a timer per socket would cost a quarter of its memory budget.
 *
 *     slot:   [t0] [t1] [t2] … [t1023]      entry.dueTick % 1024 is its slot; entries of later turns stay in it
 *               ▲ hand
 */
export class TimingWheel<T extends Timed> {
  private readonly slots: T[][] = Array.from({ length: slotCount }, () => []);
  private hand: number;

  constructor(
    private readonly tickMs: number,
    nowMs: number,
    private readonly due: (entry: T, nowMs: number) => void,
  ) {
    this.hand = Math.floor(nowMs / tickMs);
  }

  /** Sets or moves the deadline; one in the past falls due with the next tick. */
  set(entry: T, dueMs: number): void {
    this.remove(entry);
    const tick = Math.max(Math.ceil(dueMs / this.tickMs), this.hand + 1);
    const slot = this.slots[tick % slotCount] as T[];
    entry.dueTick = tick;
    entry.wheelIndex = slot.length;
    slot.push(entry);
  }

  remove(entry: T): void {
    if (entry.wheelIndex < 0) return;
    const slot = this.slots[entry.dueTick % slotCount] as T[];
    const last = slot.pop() as T;
    if (last !== entry) {
      slot[entry.wheelIndex] = last;
      last.wheelIndex = entry.wheelIndex;
    }
    entry.wheelIndex = -1;
    entry.dueTick = -1;
  }

  /** Calls `due` for everything whose time has come; entries it sets anew are met at their own time. */
  advance(nowMs: number): void {
    const target = Math.floor(nowMs / this.tickMs);
    // After a freeze longer than a turn, one turn meets every slot.
    if (target - this.hand > slotCount) this.hand = target - slotCount;
    while (this.hand < target) {
      this.hand += 1;
      this.turn(this.slots[this.hand % slotCount] as T[], target, nowMs);
    }
  }

  private turn(slot: T[], target: number, nowMs: number): void {
    // Backwards, because removing an entry moves the last one, already met, into its place. `due` may remove several.
    for (let index = slot.length - 1; index >= 0; index--) {
      const entry = slot[index];
      if (entry === undefined || entry.dueTick > target) continue;
      this.remove(entry);
      this.due(entry, nowMs);
    }
  }
}
