// Node's per-encoding Buffer methods: present since Node 4 and used by its own core, but missing from @types/node. They
// skip the encoding look-up of `toString` and `write`, a third of the cost of a 20-character id.
declare global {
  interface Buffer<TArrayBuffer extends ArrayBufferLike = ArrayBufferLike> {
    latin1Slice(start: number, end: number): string;
    utf8Slice(start: number, end: number): string;
    base64urlSlice(start: number, end: number): string;
    latin1Write(text: string, offset: number, length: number): number;
    utf8Write(text: string, offset: number, length: number): number;
  }
}

export {};
