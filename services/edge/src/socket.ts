/** The part of a uWebSockets.js socket that connections use. Invalid once its close handler has run: any call throws. */
export interface Socket {
  /** 1 sent, 0 sent or queued (it will drain), 2 dropped. */
  send(message: string | Uint8Array, isBinary: boolean): number;
  /** Sends a close frame behind what is queued, and calls the close handler before it returns. */
  end(code: number, reason: string): void;
  /** Cuts the TCP connection; calls the close handler before it returns. */
  close(): void;
  ping(): number;
  /** Bytes that the kernel has not taken yet. */
  getBufferedAmount(): number;
  /** What is sent within the callback leaves in one write. */
  cork(work: () => void): unknown;
}

function unopened(): never {
  throw new Error('this connection has no socket yet');
}

/** Stands where the socket will be until the 101 is out. */
export const noSocket: Socket = {
  send: unopened,
  end: unopened,
  close: unopened,
  ping: unopened,
  getBufferedAmount: unopened,
  cork: unopened,
};
