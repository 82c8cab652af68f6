import { isIP } from 'node:net';

/** A `Host` header taken apart: the name in lower case, an IPv6 address with its brackets, and the port where there was one. */
export interface Host {
  name: string;
  port: string | undefined;
}

/** Splits `name:port`, also where the name is a bracketed IPv6 address. A text that is no host comes back as a name that names nothing. */
export function splitHost(host: string): Host {
  const lowerCase = host.toLowerCase();
  const colon = lowerCase.indexOf(':', lowerCase.startsWith('[') ? lowerCase.indexOf(']') + 1 : 0);
  if (colon === -1 || !/^[0-9]{1,5}$/.test(lowerCase.slice(colon + 1))) return { name: lowerCase, port: undefined };
  return { name: lowerCase.slice(0, colon), port: lowerCase.slice(colon + 1) };
}

/**
 * `requestContext.domainName` for the `Host` a client used (spec 01 §1.1): a back end builds `https://{domainName}/{stage}`
 * from it, so a port other than the scheme's own stays, and the scheme's own goes. `tls` is what the client used, in front
 * of a proxy too.
 */
export function domainNameOf(host: string, tls: boolean): string {
  const { name, port } = splitHost(host);
  return port === undefined || port === (tls ? '443' : '80') ? name : `${name}:${port}`;
}

/** The first label of a domain name, where something follows it; an IP address has no labels. */
export function firstLabel({ name }: Host): string | undefined {
  const dot = name.indexOf('.');
  return dot > 0 && dot < name.length - 1 && isIP(name) === 0 && !name.startsWith('[') ? name.slice(0, dot) : undefined;
}
