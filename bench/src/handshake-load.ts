import { openWebSocket, type WebSocketHandlers } from './websocket-connection.js';

/** One client that connects, leaves as soon as it is in, and comes again. Any answer but 101, or a close that the server does not
 * answer, fails the benchmark. */
export class HandshakeLoad {
  completed = 0;
  private running = false;
  private busy = false;
  private next: number;

  /** `headers` are whole lines, taken in turn from `first` on, one for each handshake. */
  constructor(
    private readonly address: { port: number; path: string },
    private readonly headers: readonly string[],
    first: number,
    private readonly onFailure: (reason: string) => void,
  ) {
    this.next = first % headers.length;
  }

  get pending(): number {
    return this.busy ? 1 : 0;
  }

  start(): void {
    this.running = true;
    void this.connectAgainAndAgain();
  }

  stop(): void {
    this.running = false;
  }

  close(): void {
    this.running = false;
  }

  private async connectAgainAndAgain(): Promise<void> {
    const silent: WebSocketHandlers = {
      onText: () => this.onFailure('a connection that only came and went was sent a message'),
      onReadEnd: () => {},
      onEnd: (reason) => this.onFailure(`a connection ended before its client did: ${reason}`),
    };
    while (this.running) {
      this.busy = true;
      const headers = this.headers[this.next] ?? '';
      this.next = (this.next + 1) % this.headers.length;
      try {
        const connection = await openWebSocket({ ...this.address, headers }, silent);
        await connection.leave();
        this.completed++;
      } catch (error) {
        this.running = false;
        this.onFailure(`coming or going failed: ${error instanceof Error ? error.message : error}`);
      }
      this.busy = false;
    }
  }
}
