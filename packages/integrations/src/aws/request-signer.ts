import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentials } from './aws-settings.js';

/** What is signed of one request. Names of headers in lower case; values of the query decoded. */
export interface SignableRequest {
  method: string;
  /** `Host` as it is sent. */
  authority: string;
  /** As it stands in the request line, without the query. */
  path: string;
  query: readonly (readonly [name: string, value: string])[];
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}

/** The SDK's signer over Node's own hash: the SDK's JavaScript one takes several times as long. */
class NodeSha256 {
  private hash: Hash | Hmac;

  constructor(private readonly secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = this.begin();
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  reset(): void {
    this.hash = this.begin();
  }

  private begin(): Hash | Hmac {
    const { secret } = this;
    if (secret === undefined) return createHash('sha256');
    if (typeof secret === 'string') return createHmac('sha256', secret);
    const bytes = ArrayBuffer.isView(secret)
      ? Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength)
      : Buffer.from(secret);
    return createHmac('sha256', bytes);
  }
}

/** Signs requests to one service in one region with Signature Version 4. Signing keys are kept by the SDK's signer, per day. */
export class RequestSigner {
  private readonly signer: SignatureV4;

  constructor(credentials: AwsCredentials, service: string, region: string) {
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    // S3 alone wants the payload's hash as a header and the path as it is, not escaped a second time.
    const isS3 = service === 's3';
    this.signer = new SignatureV4({
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
      service,
      region,
      sha256: NodeSha256,
      applyChecksum: isS3,
      uriEscapePath: !isS3,
    });
  }

  /** The header fields that the signature adds, as `[name, value]`. */
  async sign(request: SignableRequest): Promise<[name: string, value: string][]> {
    const { method, authority, path, query, body } = request;
    const signed = await this.signer.sign({
      method,
      protocol: 'https:',
      hostname: authority,
      path,
      query: queryBag(query),
      headers: { ...request.headers, host: authority },
      body,
    });
    return Object.entries(signed.headers).filter(([name]) => name !== 'host' && !Object.hasOwn(request.headers, name));
  }
}

function queryBag(query: SignableRequest['query']): Record<string, string[]> {
  const bag: Record<string, string[]> = {};
  for (const [name, value] of query) {
    // Defined, not assigned: a parameter may be named `__proto__`.
    const values = Object.hasOwn(bag, name) ? bag[name] : undefined;
    if (values !== undefined) values.push(value);
    else Object.defineProperty(bag, name, { value: [value], enumerable: true, configurable: true, writable: true });
  }
  return bag;
}
