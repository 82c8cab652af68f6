import {
  accountConnectBucket,
  accountRequestBucket,
  type ConnectEnvelope,
  type MessageEnvelope,
  type RouteDefinition,
} from '@sluice/contracts';
import { routeSettingsOf } from '@sluice/definitions';
import { apiKeyGate, planGate } from './api-key-gates.js';
import { authorizationGate } from './authorization-gate.js';
import { authorizationMetrics, throttleCounter } from './gate-metrics.js';
import type { Gate, Passage } from './passage.js';
import { placeOf, type StageCompilation } from './stage-compilation.js';
import { type NamedBucket, routeBucket, throttleGate } from './throttle-gate.js';
import { modelGate, requiredParametersGate } from './validation-gates.js';

/** What a handshake passes before its integration runs, in the order of spec 01 §1.2. */
export function connectGates(stage: StageCompilation, route: RouteDefinition): Gate<Passage<ConnectEnvelope>>[] {
  const connects = named(accountConnectBucket(stage.account), 'account');
  return present<Gate<Passage<ConnectEnvelope>>>([
    throttleGate(stage.rates, [bucketOf(stage, route), connects], throttleCounter(stage)),
    authorization(stage, route),
    route.apiKeyRequired === true ? apiKeyGate(stage) : undefined,
    requiredParametersGate(route),
    model(stage, route),
  ]);
}

/** What a message passes: the plan of its connection's key, its route's rate and the account's, authorization (ours), its model. */
export function messageGates(stage: StageCompilation, route: RouteDefinition): Gate<Passage<MessageEnvelope>>[] {
  const buckets = [bucketOf(stage, route), named(accountRequestBucket(stage.account), 'account')];
  const counted = stage.hasUsagePlans && stage.api.routes['$connect']?.apiKeyRequired === true;
  return present<Gate<Passage<MessageEnvelope>>>([
    counted || route.apiKeyRequired === true
      ? planGate(stage, buckets, route.apiKeyRequired === true)
      : throttleGate(stage.rates, buckets, throttleCounter(stage)),
    authorization(stage, route),
    model(stage, route),
  ]);
}

function bucketOf(stage: StageCompilation, route: RouteDefinition): NamedBucket | undefined {
  return routeBucket(placeOf(stage, route), routeSettingsOf(stage.stage, route.routeKey), stage.account);
}

function named(bucket: NamedBucket['bucket'] | undefined, reason: NamedBucket['reason']): NamedBucket | undefined {
  return bucket && { bucket, reason };
}

function authorization(stage: StageCompilation, route: RouteDefinition): Gate | undefined {
  const prepared = stage.authorizers.prepare({
    api: stage.api,
    stage: stage.stage,
    route,
    headerSpellings: stage.headerSpellings,
  });
  if (prepared === undefined) return undefined;
  if (prepared.fault !== undefined) {
    const where = `route ${route.routeKey} of ${stage.api.apiId}/${stage.stageName}`;
    stage.telemetry.log.error('router.authorizer_misconfigured', `${where} lets nobody in: ${prepared.fault}`, {
      route: route.routeKey,
      authorizer: prepared.authorizerId,
    });
  }
  return authorizationGate({
    authorization: prepared,
    place: placeOf(stage, route),
    tracing: stage.telemetry.tracing,
    observe: authorizationMetrics(stage, route.routeKey),
  });
}

function model(
  { api, stageName, stageVariables, telemetry }: StageCompilation,
  route: RouteDefinition,
): Gate | undefined {
  const { routeKey } = route;
  return modelGate(api, route, stageVariables, (reason) =>
    telemetry.log.error('router.model_unusable', `route ${routeKey} of ${api.apiId}/${stageName}: ${reason}`, {
      route: routeKey,
    }),
  );
}

function present<G>(gates: (G | undefined)[]): G[] {
  return gates.filter((gate) => gate !== undefined);
}
