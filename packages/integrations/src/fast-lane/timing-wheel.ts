import { limits } from '@sluice/contracts';

const tickMs = 25;
const wheelSlots = 2048;
// Every delay must come round within one turn of the wheel (51.2 s), or it would fire a turn early.
const wheelDelayMsMax = tickMs * (wheelSlots - 2);
if (limits.integrationTimeoutMs > wheelDelayMsMax)
  throw new RangeError('the timing wheel is too small for the timeout');

/** Something with at most one deadline at a time. */
export abstract class Timed {
  wheelSlot = -1;
  wheelTick = 0;
  wheelPrevious: Timed | undefined = undefined;
  wheelNext: Timed | undefined = undefined;

  /** The deadline has passed. Called at most once per `arm`. */
  abstract expire(): void;
}

/**
 * Deadlines of all calls in one structure: arming and disarming are a few pointer writes, where a timer per request costs
 * about 1 µs. A deadline fires up to 50 ms late and never early.
 */
export class TimingWheel {
  private readonly slots: (Timed | undefined)[] = new Array(wheelSlots).fill(undefined);
  private armed = 0;
  private lastTick = 0;
  private idleTicks = 0;
  private timer: NodeJS.Timeout | undefined;

  get size(): number {
    return this.armed;
  }

  /** Calls `timed.expire()` once `delayMs` from `nowMs` (`performance.now()`) have passed. It must not be armed already. */
  arm(timed: Timed, nowMs: number, delayMs: number): void {
    if (this.timer === undefined) this.start(nowMs);
    // A slot already swept would come round only a turn later.
    const tick = Math.max(Math.ceil((nowMs + Math.min(delayMs, wheelDelayMsMax)) / tickMs), this.lastTick + 1);
    const slot = tick % wheelSlots;
    const first = this.slots[slot];
    timed.wheelSlot = slot;
    timed.wheelTick = tick;
    timed.wheelNext = first;
    if (first !== undefined) first.wheelPrevious = timed;
    this.slots[slot] = timed;
    this.armed++;
  }

  /** Takes the deadline back; nothing happens where there is none. */
  disarm(timed: Timed): void {
    if (timed.wheelSlot === -1) return;
    const { wheelPrevious: previous, wheelNext: next } = timed;
    if (previous === undefined) this.slots[timed.wheelSlot] = next;
    else previous.wheelNext = next;
    if (next !== undefined) next.wheelPrevious = previous;
    timed.wheelSlot = -1;
    timed.wheelPrevious = undefined;
    timed.wheelNext = undefined;
    this.armed--;
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private start(nowMs: number): void {
    this.lastTick = Math.floor(nowMs / tickMs);
    this.idleTicks = 0;
    // The sweep comes after the poll phase: when the process was held up, answers that have arrived meanwhile are read
    // before their calls are declared late.
    this.timer = setInterval(() => setImmediate(this.sweep), tickMs);
    this.timer.unref();
  }

  private readonly sweep = (): void => {
    const tick = Math.floor(performance.now() / tickMs);
    // After a long stall one turn visits every slot; more turns would only visit them again.
    for (let at = Math.max(this.lastTick + 1, tick - wheelSlots + 1); at <= tick; at++) {
      this.expireSlot(at % wheelSlots, tick);
    }
    this.lastTick = tick;
    // Not stopped at the first idle tick: a lone connection would start and stop the timer with every message.
    this.idleTicks = this.armed === 0 ? this.idleTicks + 1 : 0;
    if (this.idleTicks > 40) this.stop();
  };

  /** In step, everything in a swept slot is due. After a stall the slots still hold what is overdue beside what was armed since. */
  private expireSlot(slot: number, tick: number): void {
    let timed = this.slots[slot];
    while (timed !== undefined) {
      if (timed.wheelTick > tick) {
        timed = timed.wheelNext;
        continue;
      }
      this.disarm(timed);
      timed.expire();
      // What has expired may have changed the slot at any place.
      timed = this.slots[slot];
    }
  }
}
