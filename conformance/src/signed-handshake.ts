import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { HandshakeOptions, Target } from './target.js';

export interface SigningOptions {
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  region?: string;
  service?: string;
  at?: Date;
  expiresInSeconds?: number;
  /** More headers that are signed. */
  headers?: Record<string, string>;
  query?: Record<string, string>;
  stage?: string;
}

/** Options of a handshake whose headers are signed, by the AWS SDK's own signer. */
export async function signedInHeaders(target: Target, api: string, options: SigningOptions): Promise<HandshakeOptions> {
  const { signer, request } = prepare(target, api, options);
  const { headers } = await signer.sign(request, { ...(options.at && { signingDate: options.at }) });
  const { host, ...rest } = headers;
  return { stage: options.stage ?? 'dev', query: options.query ?? {}, headers: rest };
}

/** Options of a handshake that is signed in its query: what browsers can send. */
export async function signedInQuery(target: Target, api: string, options: SigningOptions): Promise<HandshakeOptions> {
  const { signer, request } = prepare(target, api, options);
  const { query } = await signer.presign(request, {
    expiresIn: options.expiresInSeconds ?? 60,
    ...(options.at && { signingDate: options.at }),
  });
  return { stage: options.stage ?? 'dev', query: query as Record<string, string> };
}

function prepare(target: Target, api: string, options: SigningOptions) {
  const { region, service = 'execute-api', credentials } = options;
  const url = new URL(target.url(api, { stage: options.stage ?? 'dev' }));
  const signer = new SignatureV4({
    service,
    region: region ?? target.options.region,
    credentials: credentials ?? target.options.credentials,
    sha256: Sha256,
  });
  const request = {
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: { ...options.query },
    headers: { host: url.host, ...options.headers },
  } as Parameters<typeof signer.sign>[0] & Parameters<typeof signer.presign>[0];
  return { signer, request };
}
