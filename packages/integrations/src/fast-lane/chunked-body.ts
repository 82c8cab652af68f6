import type { BodyBytes } from './body-bytes.js';
import { isTokenByte, isValueByte } from './head-parser.js';

const cr = 13;
const lf = 10;
const colon = 58;
const semicolon = 59;

// 8 hexadecimal digits are 4 GiB, far over any body limit; more would only be there to overflow somebody's integer.
const sizeDigitsMax = 8;

type Place = 'size' | 'extension' | 'sizeEnd' | 'data' | 'dataReturn' | 'dataEnd' | Trailer;
type Trailer = 'trailerStart' | 'trailerName' | 'trailerValue' | 'trailerEnd' | 'lastEnd';

export type ChunkedVerdict = 'more' | 'complete' | 'invalid' | 'too-large';

/** Decodes `Transfer-Encoding: chunked` strictly: no bare line feeds, no blanks around sizes, trailers checked and dropped. */
export class ChunkedBody {
  /** Offset behind the last byte that belongs to this body, after `feed`. */
  consumed = 0;
  private place: Place = 'size';
  private size = 0;
  private digits = 0;
  private overheadBytes = 0;

  constructor(
    private readonly body: BodyBytes,
    private readonly bodyBytesMax: number,
    private readonly overheadBytesMax: number,
  ) {}

  feed(bytes: Buffer, start: number, end: number): ChunkedVerdict {
    let at = start;
    while (at < end) {
      if (this.place === 'data') {
        const stop = Math.min(end, at + this.size);
        this.body.append(bytes, at, stop);
        this.size -= stop - at;
        at = stop;
        if (this.size === 0) this.place = 'dataReturn';
        continue;
      }
      const verdict = this.take(bytes[at++] as number);
      this.consumed = at;
      if (verdict !== 'more') return verdict;
    }
    this.consumed = at;
    return 'more';
  }

  /** One byte that is not data. */
  private take(byte: number): ChunkedVerdict {
    switch (this.place) {
      case 'size':
        return this.takeSize(byte);
      case 'extension':
        return byte === cr ? this.go('sizeEnd') : this.overhead(isValueByte[byte] === 1);
      case 'sizeEnd':
        return byte === lf ? this.startChunk() : 'invalid';
      case 'dataReturn':
        return byte === cr ? this.go('dataEnd') : 'invalid';
      case 'dataEnd':
        this.digits = 0;
        this.size = 0;
        return byte === lf ? this.go('size') : 'invalid';
      default:
        return this.takeTrailer(byte, this.place as Trailer);
    }
  }

  private takeTrailer(byte: number, place: Trailer): ChunkedVerdict {
    switch (place) {
      case 'trailerStart':
        if (byte === cr) return this.go('lastEnd');
        this.place = 'trailerName';
        return this.overhead(isTokenByte[byte] === 1);
      case 'trailerName':
        if (byte === colon) return this.go('trailerValue');
        return this.overhead(isTokenByte[byte] === 1);
      case 'trailerValue':
        return byte === cr ? this.go('trailerEnd') : this.overhead(isValueByte[byte] === 1);
      case 'trailerEnd':
        return byte === lf ? this.go('trailerStart') : 'invalid';
      case 'lastEnd':
        return byte === lf ? 'complete' : 'invalid';
    }
  }

  private takeSize(byte: number): ChunkedVerdict {
    const digit = hexDigit(byte);
    if (digit !== -1) {
      this.size = this.size * 16 + digit;
      return ++this.digits > sizeDigitsMax ? 'invalid' : 'more';
    }
    if (this.digits === 0) return 'invalid';
    if (byte === cr) return this.go('sizeEnd');
    return byte === semicolon ? this.go('extension') : 'invalid';
  }

  private startChunk(): ChunkedVerdict {
    if (this.body.length + this.size > this.bodyBytesMax) return 'too-large';
    return this.go(this.size === 0 ? 'trailerStart' : 'data');
  }

  private overhead(valid: boolean): ChunkedVerdict {
    if (!valid) return 'invalid';
    return ++this.overheadBytes > this.overheadBytesMax ? 'too-large' : 'more';
  }

  private go(place: Place): ChunkedVerdict {
    this.place = place;
    return 'more';
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 0x20;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
