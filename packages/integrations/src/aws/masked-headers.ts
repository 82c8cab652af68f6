/** Of a signed request whoever reads a log gets to see neither the signature nor the token that goes with it (OPERATIONS X10). */
const secrets = new Set(['authorization', 'x-amz-security-token']);

/** Header fields for an observer, without the values that give access. */
export function maskedHeaders(
  headers: readonly (readonly [name: string, value: string])[],
): [name: string, value: string][] {
  return headers.map(([name, value]) => [name, secrets.has(name.toLowerCase()) ? '*****' : value]);
}
