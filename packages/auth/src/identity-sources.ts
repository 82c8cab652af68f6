import { contextVariable, type StageDefinition } from '@sluice/contracts';
import type { AuthorizationRequest } from './authorization.js';
import { bodyMember, headerValues, lastQueryValue } from './request-values.js';

/** Where an authorizer's identity comes from, compiled. */
export interface IdentitySources {
  /** Whether there are none: the authorizer then always runs, and its results cannot be kept. */
  readonly isEmpty: boolean;
  /** Spellings of the headers that are named, by lower case: the authorizer's event writes them so. */
  readonly headerNames: ReadonlyMap<string, string>;
  /** The value of each source, or the first expression that yields nothing. */
  read(request: AuthorizationRequest, stage: StageDefinition): { values: string[] } | { missing: string };
}

export type IdentitySourcesReading = { sources: IdentitySources } | { fault: string };

type ReadSource = (request: AuthorizationRequest, stage: StageDefinition) => string | undefined;

const form = /^(route\.request\.(?:header|querystring|body)|context|stageVariables)\.([a-zA-Z0-9._-]+)$/;

// Of the rest, `eventType` and `messageDirection` are known to yield nothing (spec 08 §8.1).
const contextNames = new Set([
  'routeKey',
  'stage',
  'apiId',
  'accountId',
  'domainName',
  'requestId',
  'identity.sourceIp',
  'identity.userAgent',
  'connectionId',
  'connectedAt',
  'requestTimeEpoch',
]);

/**
 * Compiles `identitySource` (spec 08 §8.1). `fault` is the text that the model service answers to an expression that is none. An
 * empty list and one empty text both mean no source. `route.request.body.<path>` is ours: a member of the message's JSON, for
 * authorizers of other routes than `$connect`; of a handshake it yields nothing.
 */
export function compileIdentitySources(expressions: readonly string[]): IdentitySourcesReading {
  const list = expressions.length === 1 && expressions[0] === '' ? [] : expressions;
  const headerNames = new Map<string, string>();
  const sources: { expression: string; read: ReadSource }[] = [];
  for (const expression of list) {
    const [, place = '', name = ''] = form.exec(expression) ?? [];
    if (place === '') return { fault: invalidExpression(expression) };
    if (place === 'route.request.header') headerNames.set(name.toLowerCase(), name);
    sources.push({ expression, read: compileSource(place, name) });
  }
  return {
    sources: {
      isEmpty: sources.length === 0,
      headerNames,
      read(request, stage) {
        const values: string[] = [];
        for (const { expression, read } of sources) {
          const value = read(request, stage);
          if (value === undefined || value === '') return { missing: expression };
          values.push(value);
        }
        return { values };
      },
    },
  };
}

/** The service's text is recorded up to "request parameter"; the rest says what its grammar allows. */
function invalidExpression(expression: string): string {
  return (
    `Invalid request identity source expression: ${expression}. The sources must be separated by comma, and each source ` +
    'must be either a request parameter, a context variable or a stage variable.'
  );
}

function compileSource(place: string, name: string): ReadSource {
  switch (place) {
    case 'route.request.header': {
      const lowerCase = name.toLowerCase();
      return ({ envelope }) => (envelope.kind === 'CONNECT' ? joined(headerValues(envelope, lowerCase)) : undefined);
    }
    case 'route.request.querystring':
      return ({ envelope }) => (envelope.kind === 'CONNECT' ? lastQueryValue(envelope, name) : undefined);
    case 'route.request.body':
      return ({ envelope }) => (envelope.kind === 'MESSAGE' ? bodyMember(envelope, name) : undefined);
    case 'stageVariables':
      return (_, { stageVariables }) => (Object.hasOwn(stageVariables, name) ? stageVariables[name] : undefined);
    default:
      if (!contextNames.has(name)) return () => undefined;
      return ({ context }) => {
        const value = contextVariable(context(), name);
        return value === undefined ? undefined : String(value);
      };
  }
}

function joined(values: string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(',');
}
