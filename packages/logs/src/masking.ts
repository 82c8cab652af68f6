export type HeaderPairs = readonly (readonly [name: string, value: string])[];

const maskedHeaders = new Set(['authorization', 'proxy-authorization', 'x-api-key', 'x-amz-security-token']);
const maskedParameters = new Set([
  'authorization',
  'signature',
  'x-api-key',
  'x-amz-credential',
  'x-amz-security-token',
  'x-amz-signature',
]);

const shownLength = 6;

/** `*****` and the last six characters; nothing of a value so short that these would be most of it (spec 12 §12.4). */
export function maskValue(value: string): string {
  return value.length <= 2 * shownLength ? '*****' : `*****${value.slice(-shownLength)}`;
}

/** `{name=value, name=value}`, the values of those that prove who somebody is masked. */
export function maskedHeaderList(headers: HeaderPairs): string {
  const list = headers.map(
    ([name, value]) => `${name}=${maskedHeaders.has(name.toLowerCase()) ? maskValue(value) : value}`,
  );
  return `{${list.join(', ')}}`;
}

/** A URI with the parameters of a signature and the password of its authority masked. */
export function maskedUri(uri: string): string {
  const question = uri.indexOf('?');
  const place = (question < 0 ? uri : uri.slice(0, question)).replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1*****@');
  if (question < 0) return place;
  const parameters = uri.slice(question + 1).split('&');
  return `${place}?${parameters.map(maskParameter).join('&')}`;
}

function maskParameter(parameter: string): string {
  const equals = parameter.indexOf('=');
  if (equals < 0) return parameter;
  const name = parameter.slice(0, equals);
  return maskedParameters.has(decodedName(name)) ? `${name}=${maskValue(parameter.slice(equals + 1))}` : parameter;
}

// A name may be written with escapes, and means the same to whoever checks the signature.
function decodedName(name: string): string {
  try {
    return decodeURIComponent(name).toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}
