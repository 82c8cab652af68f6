/**
 * Writing and reading the binary forms of the bus. Text is length-prefixed: Latin-1 where it is known to be (ids, scopes,
 * contexts), UTF-8 where users choose it. Numbers are little-endian.
 */
export class ByteWriter {
  private buffer: Buffer;
  private offset = 0;

  constructor(initialBytes = 16_384) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  get length(): number {
    return this.offset;
  }

  /** Starts over, keeping the memory. What `view()` gave before becomes invalid. */
  reset(): void {
    this.offset = 0;
  }

  /** Takes back what was written after `length`, for example half of a value that turned out not to fit. */
  rewind(length: number): void {
    if (length > this.offset) throw new RangeError(`cannot rewind from ${this.offset} to ${length}`);
    this.offset = length;
  }

  /** What has been written, without a copy: valid until the next write or reset. */
  view(): Buffer {
    return this.buffer.subarray(0, this.offset);
  }

  /** What has been written, as a buffer of its own. */
  copy(): Buffer {
    return Buffer.from(this.view());
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.offset++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    this.offset = this.buffer.writeUInt16LE(value, this.offset);
  }

  u32(value: number): void {
    this.reserve(4);
    this.offset = this.buffer.writeUInt32LE(value, this.offset);
  }

  f64(value: number): void {
    this.reserve(8);
    this.offset = this.buffer.writeDoubleLE(value, this.offset);
  }

  /** At most 255 Latin-1 characters. */
  shortText(text: string): void {
    if (text.length > 0xff) throw new RangeError(`text of ${text.length} characters does not fit a one-byte length`);
    this.reserve(1 + text.length);
    this.buffer[this.offset++] = text.length;
    this.offset += this.buffer.latin1Write(text, this.offset, text.length);
  }

  /** At most 65,535 Latin-1 characters. */
  text(text: string): void {
    if (text.length > 0xffff) throw new RangeError(`text of ${text.length} characters does not fit a two-byte length`);
    this.u16(text.length);
    this.reserve(text.length);
    this.offset += this.buffer.latin1Write(text, this.offset, text.length);
  }

  /** Any text, as UTF-8 with a four-byte length. */
  utf8(text: string): void {
    const byteLength = Buffer.byteLength(text);
    this.u32(byteLength);
    this.reserve(byteLength);
    this.offset += this.buffer.utf8Write(text, this.offset, byteLength);
  }

  bytes(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.offset);
    this.offset += bytes.length;
  }

  private reserve(byteCount: number): void {
    const needed = this.offset + byteCount;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.offset);
    this.buffer = grown;
  }
}

/** Thrown for bytes that no writer of a known version can have written. */
export class MalformedBytesError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'MalformedBytesError';
  }
}

/** Written by a later release: nothing is wrong with the bytes, and a process of that release can read them. */
export class NewerVersionError extends MalformedBytesError {
  constructor(
    what: string,
    readonly version: number,
  ) {
    super(`${what} version ${version} is not known`);
    this.name = 'NewerVersionError';
  }
}

/** Versions count up by one: what is further ahead than so many releases is somebody else's bytes. */
const versionsAheadMax = 16;

/** Throws `NewerVersionError` for a later version than ours, `MalformedBytesError` for what is none. */
export function checkVersion(what: string, version: number, ours: number): void {
  if (version === ours) return;
  if (version > ours && version <= ours + versionsAheadMax) throw new NewerVersionError(what, version);
  throw new MalformedBytesError(`${what} version ${version} is not known`);
}

/** Reads what `ByteWriter` wrote; a read past the end throws `MalformedBytesError`. Byte ranges are views, not copies. */
export class ByteReader {
  private offset = 0;

  constructor(private readonly buffer: Buffer) {}

  get done(): boolean {
    return this.offset >= this.buffer.length;
  }

  u8(): number {
    return this.buffer[this.take(1)] as number;
  }

  u16(): number {
    return this.buffer.readUInt16LE(this.take(2));
  }

  u32(): number {
    return this.buffer.readUInt32LE(this.take(4));
  }

  f64(): number {
    return this.buffer.readDoubleLE(this.take(8));
  }

  shortText(): string {
    const length = this.u8();
    const start = this.take(length);
    return this.buffer.latin1Slice(start, start + length);
  }

  text(): string {
    const length = this.u16();
    const start = this.take(length);
    return this.buffer.latin1Slice(start, start + length);
  }

  utf8(): string {
    const length = this.u32();
    const start = this.take(length);
    return this.buffer.utf8Slice(start, start + length);
  }

  bytes(): Buffer {
    const length = this.u32();
    const start = this.take(length);
    return this.buffer.subarray(start, start + length);
  }

  private take(byteCount: number): number {
    const start = this.offset;
    if (start + byteCount > this.buffer.length) {
      throw new MalformedBytesError(`${byteCount} bytes wanted at ${start}, but only ${this.buffer.length} are there`);
    }
    this.offset = start + byteCount;
    return start;
  }
}
