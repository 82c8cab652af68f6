import { lookup as systemLookup } from 'node:dns';
import { get as getInClear, type IncomingMessage } from 'node:http';
import { get as getOverTls } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type AddressRules, type HostSource, limits } from '@sluice/contracts';

/** The issuer could not be asked, or answered nothing usable: not the client's fault. The message names no token. */
export class IssuerUnavailable extends Error {}

/**
 * Gets one JSON document of an issuer; throws `IssuerUnavailable`. Under the rules of egress: the address that was looked at is the
 * one connected to, and redirects are not followed. Bounded in size; `signal` bounds the time.
 */
export async function getDocument(
  url: URL,
  source: HostSource,
  rules: AddressRules,
  signal: AbortSignal,
): Promise<unknown> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // Node looks up names only.
  if (isIP(host) !== 0 && !rules.permits(host, source)) throw refusedAddress();
  const get = url.protocol === 'https:' ? getOverTls : getInClear;
  const options = {
    lookup: permittedLookup(rules, source),
    headers: { accept: 'application/json' },
    agent: false,
    signal,
  };
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      if (error instanceof IssuerUnavailable) return reject(error);
      const why = signal.aborted ? 'no answer in time' : 'code' in error ? String(error.code) : error.name;
      reject(new IssuerUnavailable(`the issuer cannot be asked: ${why}`, { cause: error }));
    };
    const request = get(url, options, (response) => {
      readJson(response).then(resolve, (error: Error) => {
        request.destroy();
        fail(error);
      });
    });
    request.on('error', fail);
  });
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  if (response.statusCode !== 200) throw new IssuerUnavailable(`the issuer answered ${response.statusCode}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > limits.issuerDocumentBytesMax) throw new IssuerUnavailable('a document of the issuer is too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new IssuerUnavailable('a document of the issuer is no JSON');
  }
}

function permittedLookup(rules: AddressRules, source: HostSource): LookupFunction {
  return (host, options, done) => {
    systemLookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, []);
      const permitted = addresses.filter(({ address }) => rules.permits(address, source));
      const [first] = permitted;
      if (first === undefined) return done(refusedAddress(), []);
      if (options.all === true) done(null, permitted);
      else done(null, first.address, first.family);
    });
  };
}

function refusedAddress(): IssuerUnavailable {
  return new IssuerUnavailable('the issuer has an address that egress.allow does not list');
}
