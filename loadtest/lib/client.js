import { WebSocket } from 'k6/websockets';
import { at, nowMs } from './clock.js';
import { countClose, metrics } from './metrics.js';

/** First wait after a refused handshake, ms; it doubles, and a random part of it is left out. */
const retryDelayMs = 500;
const abnormal = 1006;
const openState = 1;
/** Without a name the address, run id included, would be a label of its own in Prometheus. */
const params = { tags: { name: 'edge' } };

/**
 * One client: its connection, and after a close that asks for it (1001) the next one. `handlers` has `open(client)`, `message(client, text)`,
 * `closed(client, code)` for every connection, and `finished(client)` when it will not connect any more.
 */
export class Client {
  constructor({ settings, index, random, handlers, expectedCloses = [1000, 1001], url }) {
    this.settings = settings;
    this.index = index;
    this.random = random;
    this.handlers = handlers;
    this.expectedCloses = expectedCloses;
    this.url = url;
    this.handshakes = 0;
    this.isConnected = false;
    this.leaving = false;
    this.finished = false;
    this.openedCount = 0;
  }

  /** Connects at this time; how long that takes counts from it, retries included. */
  connectAt(dueMs) {
    at(dueMs, () => this.tryHandshake(dueMs, 1));
  }

  /** Whether it can send. With many events waiting in its loop k6 has closed a socket before its close is told. */
  get isOpen() {
    return this.isConnected && this.socket.readyState === openState;
  }

  send(text) {
    if (this.isOpen) this.socket.send(text);
  }

  /** Closes for good with 1000. */
  leave() {
    this.leaving = true;
    if (this.isOpen) this.socket.close(1000);
    // Connected and no longer open: its close is about to be told.
    else if (!this.connecting && !this.isConnected) this.finish();
  }

  tryHandshake(dueMs, attempt) {
    if (this.leaving) return this.finish();
    this.connecting = true;
    // The next try goes to the next address, as behind a load balancer: an edge that drains refuses to the end.
    const socket = new WebSocket(addressOf(this.settings, this.index + this.handshakes++, this.url), null, params);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.opened(dueMs);
    };
    socket.onmessage = ({ data }) => {
      // Asked for at the end only: a look at the clock costs as much as a small message.
      if (this.isAwaited) this.lastHeardMs = nowMs();
      this.handlers.message(this, data);
    };
    // Every error is followed by a close, which is where it is dealt with.
    socket.onerror = ({ error }) => {
      this.lastError = String(error);
    };
    // Without a close frame k6 gives no code, or 1006.
    socket.onclose = ({ code }) => (opened ? this.closed(code ?? abnormal) : this.handshakeFailed(dueMs, attempt));
  }

  opened(dueMs) {
    this.connecting = false;
    this.isConnected = true;
    metrics.opened.add(1);
    metrics.disconnects.add(false);
    metrics.connect.add(nowMs() - dueMs);
    if (this.lostAtMs !== undefined) metrics.reconnect.add(nowMs() - this.lostAtMs);
    this.openedCount += 1;
    this.handlers.open(this);
    if (this.leaving && this.isOpen) this.socket.close(1000);
  }

  closed(code) {
    this.isConnected = false;
    this.lostAtMs = nowMs();
    countClose(code, this.expectedCloses);
    this.handlers.closed(this, code);
    // 1001 is the gateway's wish that clients come back; an abnormal end is what a client repairs as well, after it was counted.
    if (this.leaving || code === 1008) return this.finish();
    const dueMs = nowMs() + this.random() * this.settings.reconnectJitterMs;
    this.connectAt(dueMs);
  }

  handshakeFailed(dueMs, attempt) {
    this.connecting = false;
    if (this.leaving) return this.finish();
    if (attempt >= this.settings.handshakeTries) {
      metrics.handshakesFailed.add(1);
      console.error(`client ${this.index}: no handshake in ${attempt} tries: ${this.lastError}`);
      return this.finish();
    }
    metrics.handshakesRetried.add(1);
    const delayMs = retryDelayMs * 2 ** (attempt - 1) * (0.5 + this.random() / 2);
    this.connecting = true;
    at(nowMs() + delayMs, () => this.tryHandshake(dueMs, attempt + 1));
  }

  finish() {
    if (this.finished) return;
    this.finished = true;
    this.connecting = false;
    this.handlers.finished(this);
  }
}

/** `ws://host[/api]/stage?run=…`, the hosts in turn. */
export function addressOf({ edgeUrl, api, stage, runId }, turn, only) {
  return `${only ?? edgeUrl[turn % edgeUrl.length]}${api === undefined ? '' : `/${api}`}/${stage}?run=${runId}`;
}
