/** Work that is tried again after a while, until `stop`: then nothing of it is, and what it was for is left to a peer. */
export class Postponed {
  private readonly timers = new Set<NodeJS.Timeout>();
  private stopped = false;

  constructor(private readonly delayMs: number) {}

  later(again: () => void): void {
    if (this.stopped) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      again();
    }, this.delayMs).unref();
    this.timers.add(timer);
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
