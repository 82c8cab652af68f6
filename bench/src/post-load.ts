import { createHash, createHmac } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { SignatureV4 } from '@smithy/signature-v4';
import { messageShape } from './message.js';
import type { WebSocketHandlers } from './websocket-connection.js';

/** What every POST carries, and what must arrive at the socket. */
export const pushedMessage = messageShape('pushed', 0).template;

export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
}

/** A connection that is only written to: checks and counts what the callbacks send to it. */
export class PushReceiver implements WebSocketHandlers {
  received = 0;

  constructor(private readonly onFailure: (reason: string) => void) {}

  onText(buffer: Buffer, start: number, end: number): void {
    if (buffer.compare(pushedMessage, 0, pushedMessage.length, start, end) !== 0) {
      throw new Error(`a wrong message was pushed: ${buffer.toString('utf8', start, Math.min(end, start + 300))}`);
    }
    this.received++;
  }

  onReadEnd(): void {}

  onEnd(reason: string): void {
    this.onFailure(reason);
  }
}

/**
 * One keep-alive HTTP connection to the callback service with one POST in flight, going through the given requests in turn.
 * Any answer but 200 fails the benchmark.
 */
export class PostLoad {
  completed = 0;
  private readonly socket: Socket;
  private next: number;
  private running = false;
  private busy = false;
  private rest = '';

  /** `requests` are whole requests as bytes; `first` is where in them this connection starts. */
  constructor(
    port: number,
    private readonly requests: readonly Buffer[],
    first: number,
    private readonly onFailure: (reason: string) => void,
  ) {
    this.next = first % requests.length;
    const buffer = Buffer.allocUnsafeSlow(16_384);
    this.socket = createConnection({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer, callback: (size) => this.read(buffer.toString('latin1', 0, size)) },
    });
    this.socket.once('error', (error) => this.fail(error.message));
    this.socket.once('close', () => this.fail('the callback service closed the connection'));
  }

  get pending(): number {
    return this.busy ? 1 : 0;
  }

  start(): void {
    this.running = true;
    this.post();
  }

  stop(): void {
    this.running = false;
  }

  close(): void {
    this.socket.removeAllListeners('close');
    this.socket.destroy();
  }

  private post(): void {
    this.busy = true;
    this.socket.write(this.requests[this.next] as Buffer);
    this.next = (this.next + 1) % this.requests.length;
  }

  private read(text: string): boolean {
    this.rest += text;
    const headEnd = this.rest.indexOf('\r\n\r\n');
    if (headEnd < 0) return true;
    const bodyBytes = Number(/\r\ncontent-length: *(\d+)/i.exec(this.rest)?.[1] ?? 0);
    const end = headEnd + 4 + bodyBytes;
    if (this.rest.length < end) return true;
    if (!this.rest.startsWith('HTTP/1.1 200') || this.rest.length > end || !this.busy) {
      this.fail(`a POST was answered: ${this.rest.slice(0, 400)}`);
      return true;
    }
    this.rest = '';
    this.busy = false;
    this.completed++;
    if (this.running) this.post();
    return true;
  }

  private fail(reason: string): void {
    this.onFailure(reason);
    this.close();
  }
}

/**
 * The POST to each connection as bytes, made once: with a key, each is signed by the AWS SDK's own signer. A signature holds
 * for five minutes, so a row may send the same request again and again; the service has to verify each of them all the same.
 */
export async function renderPosts(
  port: number,
  stage: string,
  connectionIds: string[],
  key: AccessKey | undefined,
): Promise<Buffer[]> {
  return Promise.all(connectionIds.map((connectionId) => renderPost(port, stage, connectionId, key)));
}

async function renderPost(port: number, stage: string, connectionId: string, key: AccessKey | undefined) {
  const path = `/${stage}/%40connections/${encodeURIComponent(connectionId)}`;
  const plain = {
    host: `127.0.0.1:${port}`,
    'content-type': 'application/octet-stream',
    'content-length': `${pushedMessage.length}`,
  };
  const headers = key === undefined ? plain : await signedHeaders(port, path, plain, key);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), pushedMessage]);
}

async function signedHeaders(port: number, path: string, headers: Record<string, string>, key: AccessKey) {
  const signer = new SignatureV4({ service: 'execute-api', region: 'us-east-1', credentials: key, sha256: NodeSha256 });
  const request = {
    method: 'POST',
    protocol: 'http:',
    hostname: '127.0.0.1',
    port,
    path,
    headers,
    body: pushedMessage,
  };
  return (await signer.sign(request)).headers;
}

/** The signer asks for a hash class of this shape; with a secret it is an HMAC. */
class NodeSha256 {
  private readonly hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.hash.digest()));
  }

  reset(): void {
    throw new Error('a hash is made anew for every use');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
