import type { AccessKey } from '@sluice/config';
import { RequestSigner } from '@sluice/integrations';

/** The header fields of a Signature Version 4 for `execute-api`; none without a key. */
export async function signatureHeaders(
  request: { method: string; url: URL; body: string },
  { key, region }: { key: AccessKey | undefined; region: string },
): Promise<Record<string, string>> {
  if (key === undefined) return {};
  const { method, url, body } = request;
  const signed = await new RequestSigner(key, 'execute-api', region).sign({
    method,
    authority: url.host,
    path: url.pathname,
    query: [],
    headers: {},
    body: Buffer.from(body),
  });
  return Object.fromEntries(signed);
}
