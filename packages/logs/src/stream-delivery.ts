import type { Delivery } from './batched-sink.js';

/** As much of a writable stream as standard output is used for. */
export interface OutputStream {
  write(text: string, done: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** Writes to a stream and waits until it has taken each batch, so that nothing piles up in it. */
export function deliverToStream(stream: OutputStream): Delivery {
  return {
    deliver(lines, signal) {
      return new Promise((resolve, reject) => {
        const end = (error?: Error | null) => {
          stream.off('error', end);
          signal.removeEventListener('abort', aborted);
          if (error instanceof Error) reject(error);
          else resolve();
        };
        const aborted = () => end(new Error('the output takes nothing'));
        // Without a listener a reader that went away would end the process.
        stream.on('error', end);
        signal.addEventListener('abort', aborted);
        stream.write(`${lines.join('\n')}\n`, end);
      });
    },
    reopen() {},
    close: async () => {},
  };
}
