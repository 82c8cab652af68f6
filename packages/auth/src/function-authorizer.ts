import {
  type AuthorizerDefinition,
  type FunctionCaller,
  type FunctionResult,
  limits,
  type StageDefinition,
} from '@sluice/contracts';
import type { AuthorizationOutcome, AuthorizationRequest, PreparedAuthorization, Refused } from './authorization.js';
import { authorizerEvent } from './authorizer-event.js';
import { readAuthorizerResult } from './authorizer-result.js';
import type { IdentitySources } from './identity-sources.js';
import { evaluateCompiledPolicy } from './policy-evaluation.js';
import { type ResultCache, type ResultOrFailure, resultKey } from './result-cache.js';

export type CallFailure = Pick<Refused, 'code' | 'detail'>;

export interface FunctionAuthorizerParts {
  apiId: string;
  stage: StageDefinition;
  /** ARN of the route, which the policy has to allow. */
  methodArn: string;
  authorizer: AuthorizerDefinition;
  sources: IdentitySources;
  /** `AuthorizedRoute.headerSpellings`. */
  headerSpellings?: ReadonlyMap<string, string> | undefined;
  caller: FunctionCaller;
  cache: ResultCache<CallFailure>;
  /** ms since the epoch. */
  clock: () => number;
}

/**
 * A REQUEST authorizer, a Lambda function or (ours) an HTTP endpoint: identity sources, call, policy, in this order (spec 08 §8.1).
 * The policy is evaluated for each route, also where the result is a kept one.
 */
export function prepareFunctionAuthorizer(parts: FunctionAuthorizerParts): PreparedAuthorization {
  const { authorizer, caller, sources, stage, cache, clock } = parts;
  const ttlMs = authorizer.resultTtlSeconds * 1000;
  const isHttp = /^https?:/i.test(authorizer.authorizerUri ?? '');
  // The definition is part of the key: a deployment that changes it starts without results.
  const cacheName = [parts.apiId, stage.stageName, JSON.stringify(authorizer), JSON.stringify(stage.stageVariables)];
  const place = {
    methodArn: parts.methodArn,
    stage,
    headerNames: new Map([...(parts.headerSpellings ?? []), ...sources.headerNames]),
  };

  return {
    type: 'CUSTOM',
    authorizerId: authorizer.authorizerId,
    fault: caller.fault,
    authorize(request, done) {
      const identity = sources.read(request, stage);
      if ('missing' in identity) {
        return done({
          ok: false,
          code: 'unauthorized',
          detail: `identity source ${identity.missing} is missing or empty`,
        });
      }
      const startMs = clock();
      let requestId: string | undefined;
      const call = (settle: (outcome: ResultOrFailure<CallFailure>) => void) => {
        const event = Buffer.from(authorizerEvent(request, place));
        const { traceparent } = request.envelope;
        caller.call(event, { timeoutMs: limits.authorizerTimeoutMs, traceparent }, (result) => {
          if (result.kind !== 'failed') requestId = result.requestId;
          settle(readAnswer(result, isHttp));
        });
      };
      const finish = (outcome: ResultOrFailure<CallFailure>, shared: boolean) => {
        const latencyMs = shared ? undefined : Math.max(0, Math.round(clock() - startMs));
        done({ ...decide(outcome, request, parts, clock()), latencyMs, requestId });
      };
      if (ttlMs === 0 || sources.isEmpty) return call((outcome) => finish(outcome, false));
      cache.get(resultKey([...cacheName, ...identity.values]), ttlMs, call, finish);
    },
  };
}

function readAnswer(answer: FunctionResult, isHttp: boolean): ResultOrFailure<CallFailure> {
  if (answer.kind === 'ok') {
    const reading = readAuthorizerResult(answer.payload);
    return 'result' in reading ? reading : failure('authorizer_misconfigured', reading.fault);
  }
  if (answer.kind === 'function-error') {
    return answer.errorMessage === 'Unauthorized'
      ? failure('unauthorized', 'it said Unauthorized')
      : failure('authorizer_failed', 'the function failed; its own log has the reason');
  }
  // Of a function, the status is the Lambda service's: a 403 is this gateway's missing permission, not the client's.
  if (isHttp && answer.status === 401) return failure('unauthorized', 'it answered 401');
  if (isHttp && answer.status === 403) return failure('access_denied', 'it answered 403');
  // Nor may the log repeat what an endpoint says, which may be what it was sent.
  const answered = isHttp && answer.status !== undefined;
  return failure('authorizer_failed', answered ? `it answered ${answer.status}` : `${answer.code}: ${answer.detail}`);
}

function failure(code: CallFailure['code'], detail: string): ResultOrFailure<CallFailure> {
  return { failure: { code, detail } };
}

function decide(
  outcome: ResultOrFailure<CallFailure>,
  { connection }: AuthorizationRequest,
  { methodArn, authorizer: { authorizerId } }: FunctionAuthorizerParts,
  timeMs: number,
): AuthorizationOutcome {
  if ('failure' in outcome) {
    const { code, detail } = outcome.failure;
    return { ok: false, code, detail: `authorizer ${authorizerId}: ${detail}` };
  }
  const { policy, authorizer, usageIdentifierKey } = outcome.result;
  const decision = evaluateCompiledPolicy(policy, {
    action: 'execute-api:Invoke',
    resource: methodArn,
    sourceIp: connection.sourceIp,
    timeMs,
    conditionValues: {
      'aws:useragent': connection.userAgent === '' ? undefined : connection.userAgent,
      'aws:securetransport': String(connection.forwardedProto === 'https'),
    },
  });
  if (decision === 'allow') return { ok: true, authorizer, usageIdentifierKey };
  // With the ARN, for the usual slip is a policy that names another region, account or stage than this gateway does.
  const asked = `execute-api:Invoke on ${methodArn}`;
  const detail = (said: string) => `authorizer ${authorizerId}: ${said} ${asked}`;
  return decision === 'explicit_deny'
    ? {
        ok: false,
        code: 'access_denied_explicit',
        detail: detail('a statement of its policy denies'),
        explicitDeny: true,
      }
    : { ok: false, code: 'access_denied', detail: detail('no statement of its policy allows') };
}
