/** Whether a page of this origin, as its browser sends it in `Origin`, may connect. */
export type AllowsOrigin = (origin: string) => boolean;

interface Origin {
  scheme: string;
  host: string;
  port: string;
}

// No user, path or query: what has one is no origin, and must not end like one that is allowed.
const originForm = /^([a-z][a-z0-9+.-]*):\/\/((?:\*\.)?[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$/;
const defaultPorts = new Map([
  ['http', '80'],
  ['https', '443'],
]);

/**
 * `allowedOrigins` of a stage: scheme, host and port have to be the same; `*.` stands for one or more labels, `*` alone for every
 * origin. `null`, which sandboxed pages and local files send, is allowed where it is listed. Undefined where there is no list.
 */
export function compileAllowedOrigins(list: readonly string[] | undefined): AllowsOrigin | undefined {
  if (list === undefined || list.includes('*')) return undefined;
  const exact = new Set<string>();
  const wildcards: Origin[] = [];
  for (const entry of list) {
    const origin = parseOrigin(entry);
    if (origin === undefined || !origin.host.startsWith('*.')) exact.add(textOf(origin) ?? entry.toLowerCase());
    else wildcards.push({ ...origin, host: origin.host.slice(1) });
  }
  return (text) => {
    const origin = parseOrigin(text);
    if (exact.has(textOf(origin) ?? text.toLowerCase())) return true;
    return origin !== undefined && wildcards.some((wildcard) => isBelow(origin, wildcard));
  };
}

function isBelow(origin: Origin, { scheme, host, port }: Origin): boolean {
  return (
    origin.scheme === scheme &&
    origin.port === port &&
    origin.host.length > host.length &&
    origin.host.endsWith(host) &&
    !origin.host.startsWith('*')
  );
}

function parseOrigin(text: string): Origin | undefined {
  const [, scheme, host, port] = originForm.exec(text.toLowerCase()) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  return { scheme, host, port: port ?? defaultPorts.get(scheme) ?? '' };
}

function textOf(origin: Origin | undefined): string | undefined {
  return origin && `${origin.scheme}://${origin.host}:${origin.port}`;
}
