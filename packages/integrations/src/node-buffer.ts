// Node's per-encoding Buffer methods, missing from @types/node: they skip the encoding look-up of `toString`. The same
// declaration in `packages/contracts` does not reach other packages through their declaration files.
declare global {
  interface Buffer<TArrayBuffer extends ArrayBufferLike = ArrayBufferLike> {
    latin1Slice(start: number, end: number): string;
  }
}

export {};
