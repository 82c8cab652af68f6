import { limits } from '@sluice/contracts';

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

const maskedHeaders = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie']);
const maskedParameters = new Set(['authorization', 'signature', 'x-amz-credential', 'x-amz-signature']);
/** Names under which clients and back ends send what proves who they are: browsers can send a token in the query only. */
const secretName = /(?:token|secret|password|jwt|api[-_]?key)$/i;
const jsonWebToken = /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g;

const shownLength = 6;

/** `*****` and the last six characters; nothing of a value so short that these would be most of it (spec 12 §12.4). */
export function maskValue(value: string): string {
  return value.length <= 2 * shownLength ? '*****' : `*****${value.slice(-shownLength)}`;
}

/** `{name=value, name=value}`, the values of those that prove who somebody is masked. */
export function maskedHeaderList(headers: HeaderPairs): string {
  return `{${headers.map(([name, value]) => `${name}=${maskedHeader(name.toLowerCase(), value)}`).join(', ')}}`;
}

function maskedHeader(name: string, value: string): string {
  if (maskedHeaders.has(name) || secretName.test(name)) return maskValue(value);
  return maskedTokens(name === 'sec-websocket-protocol' ? maskedProtocols(value) : value);
}

/** The two forms in which a sub-protocol is a token (`packages/auth`), which need not be a JSON Web Token. */
function maskedProtocols(value: string): string {
  return value.replace(/(^|,)(\s*(?:bearer\.|access_token\s*,\s*))([^\s,]+)/g, (_, start, marker, token) => {
    return `${start}${marker}${maskValue(token)}`;
  });
}

/** A line shows a thousand bytes at most: the rest of a value is not searched. */
function maskedTokens(text: string): string {
  return text.slice(0, 4 * limits.executionLogBytesMax).replace(jsonWebToken, maskValue);
}

/** A URI with the parameters of a signature, those that are tokens, and the password of its authority masked. */
export function maskedUri(uri: string): string {
  const question = uri.indexOf('?');
  const place = (question < 0 ? uri : uri.slice(0, question)).replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1*****@');
  if (question < 0) return maskedTokens(place);
  const parameters = uri.slice(question + 1).split('&');
  return maskedTokens(`${place}?${parameters.map(maskParameter).join('&')}`);
}

function maskParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  if (equals < 0) return parameter;
  const name = parameter.slice(0, equals);
  const plain = decodedName(name);
  return maskedParameters.has(plain) || secretName.test(plain)
    ? `${name}=${maskValue(parameter.slice(equals + 1))}`
    : parameter;
}

// A name may be written with escapes, and means the same to whoever checks the signature.
function decodedName(name: string): string {
  try {
    return decodeURIComponent(name).toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}
