import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SeenRequest } from '../back-end.fixture.js';

export const testCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};

/**
 * What `Authorization` has to be for a request as it came over the wire: computed from its own line, headers and body, with the
 * SDK's signer over the SDK's hash. Undefined where the request is not signed.
 */
export async function recomputedAuthorization(
  seen: SeenRequest,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = testCredentials,
): Promise<string | undefined> {
  const claim = /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+)/.exec(
    seen.headers.authorization ?? '',
  );
  if (claim === null) return undefined;
  const [, region = '', service = '', names = ''] = claim;
  // Node hands over the bytes of a value as Latin-1.
  const bytesOf = (name: string) => Buffer.from(String(seen.headers[name]), 'latin1').toString();
  const headers = Object.fromEntries(names.split(';').map((name) => [name, bytesOf(name)]));
  const [path = '', queryString = ''] = seen.url.split('?');
  const query: Record<string, string[]> = {};
  for (const part of queryString.split('&').filter((each) => each !== '')) {
    const [name = '', value = ''] = part.split('=').map(decodeURIComponent);
    query[name] = [...(query[name] ?? []), value];
  }
  const isS3 = service === 's3';
  const signer = new SignatureV4({
    credentials,
    service,
    region,
    sha256: Sha256,
    applyChecksum: isS3,
    uriEscapePath: !isS3,
  });
  const signingDate = new Date(
    String(seen.headers['x-amz-date']).replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  const { method, body } = seen;
  const request = { method, protocol: 'http:', hostname: '', path, query, headers, body: body === '' ? '' : body };
  const signed = await signer.sign(request, { signingDate });
  return signed.headers['authorization'];
}
