import type { FunctionCaller, IntegrationDefinition } from '@sluice/contracts';
import type { Telemetry } from '@sluice/telemetry';
import { prepareAwsService } from './aws/aws-service.js';
import type { AwsSettings } from './aws/aws-settings.js';
import { Egress, type ResolveHost } from './egress.js';
import { FastLane } from './fast-lane/fast-lane.js';
import { defaultPoolLimits, type PoolLimits } from './fast-lane/origin-pool.js';
import { TimingWheel } from './fast-lane/timing-wheel.js';
import type { Transports } from './http-call.js';
import { prepareHttp, prepareHttpProxy } from './http-integration.js';
import {
  failure,
  type IntegrationRoute,
  MisconfiguredIntegrationError,
  type PreparedIntegration,
} from './integration.js';
import type { IntegrationTarget } from './integration-target.js';
import { ConnectionTextCache } from './lambda/event-context.js';
import type { LambdaSettings } from './lambda/function-address.js';
import { FunctionCallers, type FunctionPlace } from './lambda/function-callers.js';
import { isFunctionUri } from './lambda/function-uri.js';
import { prepareLambdaCustom } from './lambda/lambda-custom.js';
import { prepareLambdaProxy } from './lambda/lambda-proxy.js';
import { measureIntegration } from './measured-integration.js';
import { prepareMock } from './mock-integration.js';
import { PassingTransports } from './passing-transports.js';
import type { Selectors } from './selectors.js';
import { traceIntegration } from './traced-integration.js';
import type { Transport } from './transport.js';
import { UndiciLane } from './undici-lane.js';

export interface InvokerOptions {
  telemetry: Pick<Telemetry, 'metrics'> & Partial<Pick<Telemetry, 'tracing'>>;
  /** Certificates (PEM) that https back ends are checked against instead of the system's. */
  ca?: string;
  /** Bounds per back-end origin; `integrationConnectionsMax` and `integrationWaitingMax` by default. */
  poolLimits?: PoolLimits;
  /** Address ranges, `10.0.0.0/8`, that back ends may have against the rules of egress. Throws where one is no range. */
  egressAllow?: readonly string[];
  /** Unset: the system's resolver. */
  resolveHost?: ResolveHost;
  /** Where functions are invoked. */
  lambda?: LambdaSettings | undefined;
  /** Where AWS integrations go, and who signs for them and for functions. */
  aws?: AwsSettings | undefined;
}

/** Calls back ends. One per process: routes that share an origin share its connections. */
export interface Invoker {
  /**
   * Compiles an integration for one route of one deployed stage. Never throws for what a definition says: an integration that
   * cannot run answers every call with `integration_misconfigured` and the reason.
   */
  prepare(
    definition: IntegrationDefinition,
    route: IntegrationRoute,
    /** A function may throw `MisconfiguredIntegrationError`. */
    selectors?: Selectors | (() => Selectors),
  ): PreparedIntegration;

  /**
   * A function, or (ours) an http(s) address in its place, that somebody else than an integration calls: an authorizer. Never
   * throws: what cannot be called has a `fault`.
   */
  prepareFunction(uri: string, place: FunctionPlace): FunctionCaller;

  /** Drops all connections. Calls in work end in `integration_unreachable`, so the caller drains first. */
  close(): Promise<void>;
}

export function createInvoker(options: InvokerOptions): Invoker {
  const wheel = new TimingWheel();
  const poolLimits = options.poolLimits ?? defaultPoolLimits;
  const egress = new Egress(options.egressAllow, options.resolveHost);
  const fastLane = new FastLane(wheel, egress, poolLimits);
  const undiciLane = new UndiciLane(wheel, poolLimits, egress, options.ca);
  const open = (target: IntegrationTarget): Transport =>
    target.scheme === 'http'
      ? fastLane.pool(target.host, target.port, target.hostSource)
      : undiciLane.transport(target);
  const passing = new PassingTransports((target) =>
    target.scheme === 'http'
      ? fastLane.newPool(target.host, target.port, target.hostSource)
      : undiciLane.transport(target),
  );
  const aws = options.aws ?? {};
  const functions = new FunctionCallers({ open, lambda: options.lambda ?? {}, aws });
  const connectionTexts = new ConnectionTextCache();
  const transports: Transports = { open, openPassing: (target) => passing.open(target) };

  return {
    prepare(definition, route, selectors = {}) {
      const compiled = () => (typeof selectors === 'function' ? selectors() : selectors);
      const prepared = prepareOrExplain(() => {
        switch (definition.integrationType) {
          case 'HTTP_PROXY':
            // Expressions that a proxy never evaluates must not stop it.
            return prepareHttpProxy(definition, route, transports, definition.requestParameters ? compiled() : {});
          case 'HTTP':
            return prepareHttp(definition, route, transports, compiled());
          case 'MOCK':
            return prepareMock(definition, route, compiled());
          case 'AWS':
            return isFunctionUri(definition.integrationUri ?? '')
              ? prepareLambdaCustom(definition, route, functions.forFunction(uriOf(definition), route), compiled())
              : prepareAwsService(definition, route, open, compiled(), aws);
          case 'AWS_PROXY':
            return prepareLambdaProxy(
              definition,
              route,
              functions.forFunction(uriOf(definition), route),
              connectionTexts,
            );
        }
      });
      const { metrics, tracing } = options.telemetry;
      const traced = traceIntegration(prepared, tracing, definition, route);
      return measureIntegration(traced, metrics, route, definition.integrationType);
    },

    prepareFunction: (uri, place) => functions.forFunctionOrAddress(uri, place),

    async close() {
      passing.close();
      fastLane.close();
      await undiciLane.close();
      wheel.stop();
    },
  };
}

function uriOf({ integrationUri = '' }: IntegrationDefinition): string {
  return integrationUri;
}

function prepareOrExplain(prepare: () => PreparedIntegration): PreparedIntegration {
  try {
    return prepare();
  } catch (error) {
    if (!(error instanceof MisconfiguredIntegrationError)) throw error;
    const outcome = failure('integration_misconfigured', error.message);
    return { fault: error.message, invoke: (_request, done) => done(outcome) };
  }
}
