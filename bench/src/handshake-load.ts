import { openWebSocket, type WebSocketHandlers } from './websocket-connection.js';

/** One client that connects, leaves as soon as it is in, and comes again. Any answer but 101, or a close that the server does not
 * answer, fails the benchmark. */
export class HandshakeLoad {
  completed = 0;
  private running = false;
  private busy = false;

  /** `nextHeaders` gives the header lines of the next handshake. */
  constructor(
    private readonly address: { port: number; path: string },
    private readonly nextHeaders: () => string,
    private readonly onFailure: (reason: string) => void,
  ) {}

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
      try {
        const connection = await openWebSocket({ ...this.address, headers: this.nextHeaders() }, silent);
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
