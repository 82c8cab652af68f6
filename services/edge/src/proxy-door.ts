import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureReason, type Telemetry } from '@sluice/telemetry';
import { ProxyPort, type ProxyPortParts } from './proxy-port.js';

/** The port for the PROXY protocol, and the way from it to the edge: a Unix socket in a folder that only this user can enter. */
export class ProxyDoor {
  private readonly directory = makeDirectory();
  readonly path = join(this.directory, 'proxied');
  private opened: ProxyPort | undefined;

  constructor(
    private readonly settings: Pick<ProxyPortParts, 'host' | 'port' | 'trustedProxies'>,
    private readonly telemetry: Telemetry,
  ) {}

  /** Opens the port. What is behind the path has to listen by then. */
  async open(): Promise<void> {
    const { log, metrics } = this.telemetry;
    this.opened = await ProxyPort.listen({
      ...this.settings,
      upstreamPath: this.path,
      refused: (reason) => {
        metrics.throttledTotal.labels('-', reason).inc();
        log.info('edge.proxy_refused', 'cut a connection to the port for the PROXY protocol', { reason });
      },
    });
    log.info('edge.listening_proxied', `PROXY protocol on ${this.settings.host}:${this.opened.port}`, {
      port: this.opened.port,
    });
  }

  /** What has not been sent to clients yet gets up to this long. */
  async close(flushMsMax: number): Promise<void> {
    await this.opened?.close(flushMsMax);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function makeDirectory(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'sluice-edge-'));
  } catch (error) {
    throw new Error(
      `cannot make a folder in ${tmpdir()}, which edge.proxyProtocol needs: ${failureReason(error)}; make that folder writable, or set TMPDIR to one that is`,
      { cause: error },
    );
  }
}
