import { type AuthorizationOutcome, createAuthorizers } from '@sluice/auth';
import { contextVariables, type FunctionResult } from '@sluice/contracts';
import { anyPolicy } from '../policy-grammar.js';
import type { Random } from '../random.js';
import { api, common, connectEnvelope, connection, stage } from '../requests.js';
import { type FuzzTarget, must, mustLeavePrototypes } from '../target.js';
import { anyJson, anyName, anyText, mutate } from '../texts.js';

const codes = [
  ...['authorizer_misconfigured', 'authorizer_failed', 'unauthorized', 'access_denied', 'access_denied_explicit'],
];

/** What a REQUEST authorizer returns: lets in only with an Allow, and then every value of its context is text. */
export const authorizerResults: FuzzTarget = {
  name: 'authorizer-results',
  open: () => {
    let result: FunctionResult;
    const authorizers = createAuthorizers({
      region: 'us-east-1',
      accountId: '123456789012',
      keys: [],
      prepareFunction: () => ({ call: (_payload, _options, done) => done(result) }),
    });
    const guard = {
      ...{
        authorizerId: 'guard',
        name: 'guard',
        authorizerType: 'REQUEST' as const,
        authorizerUri: 'http://127.0.0.1/',
      },
      ...{ identitySource: [], resultTtlSeconds: 0 },
    };
    const prepared = authorizers.prepare({
      api: { ...api, authorizers: { guard } },
      stage,
      route: {
        ...{ routeKey: '$connect', integrationId: undefined, hasRouteResponse: false },
        ...{ authorizationType: 'CUSTOM', authorizerId: 'guard' },
      },
    });
    const place = { apiId: 'chat', stage: 'dev', routeKey: '$connect', accountId: '123456789012' };
    return {
      play(random, note) {
        const payload = anyPayload(random);
        note(payload);
        result = random.chance(0.9)
          ? { kind: 'ok', payload: Buffer.from(payload) }
          : {
              kind: 'function-error',
              errorMessage: random.pick(['Unauthorized', payload]),
              payload: Buffer.from(payload),
            };
        const envelope = { ...connectEnvelope(), ...common() };
        const context = () => contextVariables(place, envelope);
        let outcome: AuthorizationOutcome | undefined;
        prepared?.authorize({ envelope, connection, context, traceId: 'Root=1-0-0' }, (told) => {
          must(outcome === undefined, () => 'it answers twice');
          outcome = told;
        });
        mustLeavePrototypes();
        return wordFor(outcome, payload);
      },
    };
  },
};

function wordFor(outcome: AuthorizationOutcome | undefined, payload: string): string {
  must(outcome !== undefined, () => 'it does not answer');
  if (outcome === undefined) return 'none';
  if (!outcome.ok) {
    must(!outcome.detail.includes('secret-of-the-authorizer'), () => `the log would quote it: ${outcome.detail}`);
    must(codes.includes(outcome.code), () => `${outcome.code}: ${outcome.detail}`);
    return outcome.code;
  }
  must(payload.includes('"Allow"'), () => 'it lets in without an Allow');
  for (const value of Object.values(outcome.authorizer ?? {})) {
    must(typeof value === 'string', () => `a ${typeof value} in the context`);
  }
  return 'let in';
}

function anyPayload(random: Random): string {
  if (random.chance(0.1)) return anyJson(random);
  const value = () => random.pick([anyText(random), random.below(10), true, null, random.chance(0.05) ? [1] : 'x']);
  const text = JSON.stringify({
    principalId: random.chance(0.05) ? 7 : random.pick(['user', anyText(random), undefined]),
    policyDocument: anyPolicy(random),
    context: random.chance(0.95)
      ? Object.fromEntries(random.list(3, () => [anyName(random), value()]))
      : JSON.parse(anyJson(random)),
    usageIdentifierKey: random.chance(0.05) ? 7 : random.pick([undefined, 'secret-of-the-authorizer']),
  });
  return random.chance(0.2) ? mutate(random, text) : text;
}
