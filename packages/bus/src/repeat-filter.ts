/**
 * Recognises batches that a writer sent twice because the answer to the first was lost. A writer numbers its batches upwards
 * and has one under way per inbox, so the last number per writer is all there is to remember.
 */
export class RepeatFilter {
  private readonly last = new Map<string, number>();

  constructor(private readonly writersMax: number) {}

  /** `name` is `writer:number`; true where this number or a later one of the writer has passed. */
  isRepeat(name: string): boolean {
    const colon = name.lastIndexOf(':');
    const writer = name.slice(0, colon);
    const sequence = Number(name.slice(colon + 1));
    const before = this.last.get(writer);
    if (before !== undefined && sequence <= before) return true;
    // Set anew, so that the order of the map is the order of use and the longest silent writer is dropped first.
    this.last.delete(writer);
    this.last.set(writer, sequence);
    if (this.last.size > this.writersMax) {
      const oldest = this.last.keys().next().value;
      if (oldest !== undefined) this.last.delete(oldest);
    }
    return false;
  }
}
