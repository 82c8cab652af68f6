import type { ContextVariables, MappingSources } from '@sluice/contracts';
import type { Random } from './random.js';
import { anyName, anyText } from './texts.js';

/** What mappings, templates and log formats may look at, with a stranger's text wherever a stranger has a say. */
export function anySources(random: Random, body: string): MappingSources {
  const bytes = random.chance(0.95) ? Buffer.from(body) : random.bytes(random.below(40));
  const context: ContextVariables = {
    requestId: 'TZNr4dT9IAMCGvA=',
    connectionId: 'TZNr4dT9IAMCGvA=',
    requestTimeEpoch: 1_700_000_000_000,
    eventType: 'MESSAGE',
    routeKey: random.chance(0.5) ? 'send' : anyText(random),
    error: { message: anyText(random), responseType: 'DEFAULT_5XX' },
    authorizer: Object.fromEntries(random.list(3, () => [anyName(random), anyText(random)])),
    identity: { sourceIp: '203.0.113.7', userAgent: anyText(random) },
  };
  return {
    body: bytes,
    requestBody: random.chance(0.8) ? bytes : Buffer.from(anyText(random)),
    handshake: random.chance(0.7)
      ? {
          headers: random.list(4, () => [random.pick(['a', 'x-a', 'cookie', '__proto__', 'b']), anyText(random)]),
          queryString: random.chance(0.5) ? 'a=1&a=%C3%BC&b&c=%zz&__proto__=x' : anyText(random, 30),
        }
      : undefined,
    context: () => structuredClone(context),
    stageVariables: { a: anyText(random), table: 'messages' },
  };
}

/** The sources as a text that shows what a run was given. */
export function shownSources({ body, requestBody, handshake, context, stageVariables }: MappingSources): string {
  return JSON.stringify({
    body: Buffer.from(body).toString('latin1'),
    requestBody: Buffer.from(requestBody).toString('latin1'),
    handshake,
    context: context(),
    stageVariables,
  });
}
