import { noBody } from '../integration.js';

const firstBytes = 16_384;

/** Collects a body that comes in pieces. Grows with what has really come, never with what a head has promised. */
export class BodyBytes {
  private buffer: Buffer | undefined = undefined;
  private used = 0;

  /** `kept` false: counts only. */
  constructor(private readonly kept: boolean) {}

  get length(): number {
    return this.used;
  }

  append(bytes: Buffer, start: number, end: number): void {
    const needed = this.used + end - start;
    if (this.kept) {
      if (this.buffer === undefined) this.buffer = Buffer.allocUnsafe(Math.max(firstBytes, needed));
      else if (needed > this.buffer.length) {
        const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2));
        this.buffer.copy(grown, 0, 0, this.used);
        this.buffer = grown;
      }
      bytes.copy(this.buffer, this.used, start, end);
    }
    this.used = needed;
  }

  take(): Uint8Array {
    return this.buffer === undefined ? noBody : this.buffer.subarray(0, this.used);
  }
}
