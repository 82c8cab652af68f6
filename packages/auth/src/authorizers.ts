import {
  AddressRules,
  type ArnPlace,
  type AuthorizerDefinition,
  type FunctionCaller,
  type JwtConfiguration,
  limits,
  routeArn,
} from '@sluice/contracts';
import type { AccessKey } from './access-key.js';
import type { AuthorizedRoute, Authorizers, PreparedAuthorization } from './authorization.js';
import { type CallFailure, prepareFunctionAuthorizer } from './function-authorizer.js';
import { createIamVerifiers, prepareIamAuthorization } from './iam-authorization.js';
import { compileIdentitySources } from './identity-sources.js';
import { IssuerKeys } from './issuer-keys.js';
import { ResultCache } from './result-cache.js';
import { prepareTokenAuthorizer } from './token-authorizer.js';
import { compileTokenSources } from './token-sources.js';
import { VerifiedTokens } from './verified-tokens.js';

export interface AuthorizersOptions {
  region: string;
  accountId: string;
  /** Whose signatures open AWS_IAM routes, and which routes. */
  keys: readonly AccessKey[];
  /** Makes the caller of an authorizer's URI: a Lambda path or an http(s) address, with stage variables as written. */
  prepareFunction: (
    uri: string,
    place: { apiId: string; stageVariables: Readonly<Record<string, string>> },
  ) => FunctionCaller;
  /** ms since the epoch; the system's clock where undefined. */
  clock?: (() => number) | undefined;
  /** Address ranges, `10.0.0.0/8`, that token issuers may have against the rules of egress. */
  egressAllow?: readonly string[] | undefined;
}

/**
 * The authorizations of a process (spec 08). Made once: kept results, issuers' keys and derived signing keys outlive a deployment,
 * while `prepare` is called anew for each route of each one. Throws `RangeError` where two access keys have one id, or
 * an egress range is none.
 */
export function createAuthorizers(options: AuthorizersOptions): Authorizers {
  const { region, accountId, clock = Date.now } = options;
  const cache = new ResultCache<CallFailure>(clock);
  let verifiers = createIamVerifiers(options.keys, region, clock);
  const issuers = new Issuers(new AddressRules(options.egressAllow ?? []), clock);

  return {
    prepareKeys(keys) {
      const next = createIamVerifiers(keys, region, clock);
      return () => {
        verifiers = next;
      };
    },
    prepare(target) {
      const { api, stage, route } = target;
      const place: ArnPlace = { region, accountId, apiId: api.apiId, stage: stage.stageName };
      switch (route.authorizationType) {
        case undefined:
        case 'NONE':
          return undefined;
        case 'AWS_IAM': {
          const stagePath = `/${stage.stageName}`;
          return prepareIamAuthorization({
            verifiers: () => verifiers,
            accountId,
            routeArn: routeArn(place, route.routeKey),
            stagePath,
          });
        }
        case 'CUSTOM':
          return prepareCustom(target, routeArn(place, route.routeKey), options, cache, clock);
        case 'JWT':
          return prepareToken(target, issuers, clock);
      }
    },
  };
}

function prepareCustom(
  { api, stage, route, headerSpellings }: AuthorizedRoute,
  methodArn: string,
  { prepareFunction }: AuthorizersOptions,
  cache: ResultCache<CallFailure>,
  clock: () => number,
): PreparedAuthorization {
  const authorizer = authorizerOf({ api, stage, route }, 'REQUEST');
  if (authorizer?.authorizerUri === undefined) return broken('CUSTOM', route.authorizerId, 'it names no authorizer');
  const reading = compileIdentitySources(authorizer.identitySource);
  if ('fault' in reading) return broken('CUSTOM', authorizer.authorizerId, reading.fault);
  const { stageVariables } = stage;
  const caller = prepareFunction(authorizer.authorizerUri, { apiId: api.apiId, stageVariables });
  const { sources } = reading;
  const parts = { apiId: api.apiId, stage, methodArn, authorizer, sources, headerSpellings, caller, cache, clock };
  return prepareFunctionAuthorizer(parts);
}

function prepareToken(target: AuthorizedRoute, issuers: Issuers, clock: () => number): PreparedAuthorization {
  const authorizer = authorizerOf(target, 'JWT');
  const configuration = authorizer?.jwtConfiguration;
  if (authorizer === undefined || configuration === undefined) {
    return broken('JWT', target.route.authorizerId, 'it names no JWT authorizer');
  }
  const reading = compileTokenSources(authorizer.identitySource);
  if ('fault' in reading) return broken('JWT', authorizer.authorizerId, reading.fault);
  return prepareTokenAuthorizer({
    authorizerId: authorizer.authorizerId,
    configuration,
    scopes: target.route.authorizationScopes ?? [],
    sources: reading.sources,
    keys: issuers.keysOf(configuration),
    verified: issuers.verified,
    clock,
  });
}

function authorizerOf(
  { api, route }: AuthorizedRoute,
  type: AuthorizerDefinition['authorizerType'],
): AuthorizerDefinition | undefined {
  const { authorizers = {} } = api;
  const id = route.authorizerId;
  const authorizer = id !== undefined && Object.hasOwn(authorizers, id) ? authorizers[id] : undefined;
  return authorizer?.authorizerType === type ? authorizer : undefined;
}

/** A definition that cannot work lets nobody in: a route must never be open because its lock is broken. */
function broken(type: 'CUSTOM' | 'JWT', authorizerId: string | undefined, fault: string): PreparedAuthorization {
  return {
    type,
    authorizerId,
    fault,
    authorize: (_, done) => done({ ok: false, code: 'authorizer_misconfigured', detail: fault }),
  };
}

/** Keys by issuer, so that routes, stages and deployments that trust the same one fetch them once. */
class Issuers {
  /** Of all issuers: each knows its own by its keys. */
  readonly verified = new VerifiedTokens();
  private readonly known = new Map<string, IssuerKeys>();

  constructor(
    private readonly rules: AddressRules,
    private readonly clock: () => number,
  ) {}

  keysOf(configuration: JwtConfiguration): IssuerKeys {
    const name = JSON.stringify([configuration.issuer, configuration.jwksUri]);
    let keys = this.known.get(name);
    if (keys === undefined) {
      keys = new IssuerKeys(configuration, this.rules, this.clock);
      const [oldest] = this.known.keys();
      if (this.known.size >= limits.issuersMax && oldest !== undefined) this.known.delete(oldest);
      this.known.set(name, keys);
    }
    return keys;
  }
}
