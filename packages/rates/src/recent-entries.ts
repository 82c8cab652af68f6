/**
 * A map of bounded size. Over it the first entry that was not looked up since it was last passed goes: nearly the least recently
 * used one, at the price of one assignment a look-up.
 */
export class RecentEntries<T extends { recent: boolean }> {
  private readonly entries = new Map<string, T>();

  constructor(
    private readonly sizeMax: number,
    private readonly onForget: (entry: T) => void = () => {},
  ) {}

  get(key: string): T | undefined {
    const entry = this.entries.get(key);
    if (entry !== undefined) entry.recent = true;
    return entry;
  }

  add(key: string, entry: T): void {
    if (this.entries.size >= this.sizeMax) this.forgetOne();
    this.entries.set(key, entry);
  }

  private forgetOne(): void {
    // A map is walked in the order of insertion and meets again what is put behind; by then its mark is gone.
    for (const [key, entry] of this.entries) {
      this.entries.delete(key);
      if (!entry.recent) {
        this.onForget(entry);
        return;
      }
      entry.recent = false;
      this.entries.set(key, entry);
    }
  }
}
