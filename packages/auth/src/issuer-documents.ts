import { type JwtConfiguration, limits } from '@sluice/contracts';
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { isRecord } from './record.js';

/** The issuer could not be asked, or answered nothing usable: not the client's fault. The message names no token. */
export class IssuerUnavailable extends Error {}

export type FetchDocument = typeof fetch;

/** The issuer's public keys as jose finds them in its set; throws `IssuerUnavailable`. Bounded in time and size. */
export async function fetchIssuerKeys(
  { issuer, jwksUri }: JwtConfiguration,
  fetchDocument: FetchDocument,
): Promise<ReturnType<typeof createLocalJWKSet>> {
  try {
    const signal = AbortSignal.timeout(limits.issuerTimeoutMs);
    const url = jwksUri ?? (await discoverKeysUrl(issuer, fetchDocument, signal));
    const document = await fetchJson(url, fetchDocument, signal);
    return createLocalJWKSet(document as JSONWebKeySet);
  } catch (error) {
    if (error instanceof IssuerUnavailable) throw error;
    throw new IssuerUnavailable(`the keys of the issuer cannot be fetched: ${reasonOf(error)}`, { cause: error });
  }
}

/** OpenID Connect Discovery 1.0 §4: the document has to be the issuer's own. */
async function discoverKeysUrl(issuer: string, fetchDocument: FetchDocument, signal: AbortSignal): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const document = await fetchJson(url, fetchDocument, signal);
  if (!isRecord(document) || document['issuer'] !== issuer) {
    throw new IssuerUnavailable('the openid-configuration is that of another issuer');
  }
  const found = document['jwks_uri'];
  const protocol = typeof found === 'string' && URL.canParse(found) ? new URL(found).protocol : '';
  // Keys fetched in the clear would undo what TLS to the issuer has shown.
  if (typeof found !== 'string' || !(protocol === 'https:' || (protocol === 'http:' && url.startsWith('http:')))) {
    throw new IssuerUnavailable('the openid-configuration has no usable jwks_uri');
  }
  return found;
}

async function fetchJson(url: string, fetchDocument: FetchDocument, signal: AbortSignal): Promise<unknown> {
  const response = await fetchDocument(url, { redirect: 'error', signal, headers: { accept: 'application/json' } });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    throw new IssuerUnavailable(`the issuer answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the body, and with it the connection.
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > limits.issuerDocumentBytesMax) throw new IssuerUnavailable('a document of the issuer is too large');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.cause instanceof Error && 'code' in error.cause) return String(error.cause.code);
  return error.name === 'SyntaxError' ? 'no JSON' : error.name;
}
