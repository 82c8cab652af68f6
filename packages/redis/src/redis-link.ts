import { limits, type RedisSettings } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import { openRedis, type RedisClient, type RedisKind, retireRedis } from './open-redis.js';

export type RedisArgument = string | number | Buffer;

/** A Lua script with the SHA-1 under which Redis keeps it. Every key it touches is in `keys` of the call and shares one hash tag. */
export interface RedisScript {
  readonly sha: string;
  readonly source: string;
}

/** The server was silent for too long: the socket was given up. What was sent may still have been carried out. */
export class RedisStuckError extends Error {
  constructor(role: string) {
    super(`Redis did not answer (${role})`);
    this.name = 'RedisStuckError';
  }
}

interface Call {
  startedMs: number;
  reject: (error: Error) => void;
}

const checkIntervalMs = 500;

/**
 * A client under a watchdog. A frozen or black-holed server keeps its sockets open, so that no error ever comes: a call
 * unanswered for `silentMsMax` destroys the socket, rejects what waits and builds a new client,
 * which asks the sentinels or the cluster anew where the primary is.
 */
export class RedisLink {
  private client: RedisClient;
  private readonly waiting = new Set<Call>();
  private readonly timer: NodeJS.Timeout;
  private lastCheckMs = performance.now();
  private silentSinceMs: number | undefined;
  private closed = false;
  private readonly connectListeners: (() => void)[] = [];
  private readonly disconnectListeners: (() => void)[] = [];
  /** Absent for blocking reads: their time says how little there was to read, not how Redis does. */
  private readonly seconds: { observe(seconds: number): void } | undefined;

  constructor(
    private readonly settings: RedisSettings,
    private readonly role: string,
    private readonly kind: RedisKind,
    private readonly telemetry: Telemetry,
    private readonly silentMsMax: number = limits.blockingReadMs + limits.blockingReadGraceMs,
  ) {
    this.client = this.open();
    if (kind !== 'blocking') this.seconds = telemetry.metrics.redisCommandsSeconds.labels(role, kind);
    this.timer = setInterval(() => this.check(), checkIntervalMs);
    this.timer.unref();
  }

  /** Sends one command; replies are text. Rejects with Redis's own error, a connection error or `RedisStuckError`. */
  call(name: string, args: RedisArgument[]): Promise<unknown> {
    return this.watch(this.client.call(name, args));
  }

  /** As `call`, with bulk replies as buffers. */
  callBuffer(name: string, args: RedisArgument[]): Promise<unknown> {
    return this.watch(this.client.callBuffer(name, args));
  }

  /** Runs a script by its SHA, sending its text where this server has not seen it yet. Bulk replies are buffers. */
  async script(script: RedisScript, keys: string[], args: RedisArgument[]): Promise<unknown> {
    try {
      return await this.callBuffer('EVALSHA', [script.sha, keys.length, ...keys, ...args]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await this.callBuffer('EVAL', [script.source, keys.length, ...keys, ...args]);
    }
  }

  /** Calls back whenever a connection that stood is lost, on a cluster one to any node: what comes next may be another life of the data. */
  onDisconnect(listener: () => void): void {
    this.disconnectListeners.push(listener);
  }

  /** Calls back whenever a connection stands, the first one included, on a cluster one to any node. */
  onConnect(listener: () => void): void {
    this.connectListeners.push(listener);
  }

  /** Lets go of the connection at once; whatever waits is rejected. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearInterval(this.timer);
    this.discard(this.client);
  }

  private open(): RedisClient {
    const client = openRedis(this.settings, this.role, this.kind, this.telemetry);
    let stood = false;
    const lost = () => {
      if (!stood || this.closed) return;
      for (const listener of this.disconnectListeners) listener();
    };
    const found = () => {
      for (const listener of this.connectListeners) listener();
    };
    client.on('ready', () => {
      stood = true;
      found();
    });
    client.on('+node', found);
    client.on('close', lost);
    // A cluster client closes only when no node is left.
    client.on('-node', lost);
    return client;
  }

  private watch<T>(reply: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const call: Call = { startedMs: performance.now(), reject };
      this.waiting.add(call);
      reply.then(
        (value) => {
          if (!this.waiting.delete(call)) return;
          this.silentSinceMs = undefined;
          this.seconds?.observe((performance.now() - call.startedMs) / 1_000);
          resolve(value);
        },
        (error: Error) => {
          if (!this.waiting.delete(call)) return;
          if (error.message === 'Command timed out') this.silentSinceMs ??= call.startedMs;
          else this.silentSinceMs = undefined;
          this.telemetry.metrics.redisErrorsTotal.labels(this.role, this.kind).inc();
          reject(error);
        },
      );
    });
  }

  private check(): void {
    const now = performance.now();
    const sinceLastMs = now - this.lastCheckMs;
    this.lastCheckMs = now;
    // This process itself was frozen: answers may lie unread in the socket, so nothing can be said of the server yet.
    if (sinceLastMs > 3 * checkIntervalMs) return;
    const oldest = this.waiting.values().next().value?.startedMs;
    const sinceMs = Math.min(oldest ?? Number.POSITIVE_INFINITY, this.silentSinceMs ?? Number.POSITIVE_INFINITY);
    if (now - sinceMs <= this.silentMsMax) return;
    // Without a socket there is nothing to destroy: the client is on its way to a new one by itself.
    const status = this.client.status;
    if (status !== 'ready' && status !== 'connect') return;
    this.telemetry.metrics.redisWatchdogTotal.labels(this.role, this.kind).inc();
    this.telemetry.log.warn('bus.redis_watchdog', `Redis is silent (${this.role}): its socket is destroyed`, {
      duration_ms: Math.round(now - sinceMs),
    });
    const stuck = this.client;
    this.client = this.open();
    this.silentSinceMs = undefined;
    this.discard(stuck);
  }

  private discard(client: RedisClient): void {
    retireRedis(client);
    const calls = [...this.waiting];
    this.waiting.clear();
    for (const call of calls) call.reject(new RedisStuckError(this.role));
    client.disconnect();
  }
}
