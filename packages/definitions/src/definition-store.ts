import type { ApiDefinition, DomainNameDefinition, Scope, SharedDefinitions, StageDefinition } from '@sluice/contracts';

/** Read side of the API definitions, as every process sees them. A change replaces whole snapshots; none is ever mutated. */
export interface DefinitionStore {
  /** Undefined where the API or stage does not exist. The hot path calls this for every message. */
  stage(scope: Scope): StageSnapshot | undefined;
  api(apiId: string): ApiDefinition | undefined;
  apis(): readonly ApiDefinition[];
  /** Custom domains, API keys and usage plans. */
  shared(): Readonly<SharedDefinitions>;
  /** The custom domain that a host name (lower case, without port) belongs to: its own, else the most specific wildcard. */
  domainOf(hostName: string): DomainNameDefinition | undefined;
  /** Calls the listener after every change; returns the function that ends it. */
  subscribe(listener: () => void): () => void;
}

/** One stage of one API as deployed: what an edge or a router needs to know, resolved once. */
export interface StageSnapshot {
  readonly scope: Scope;
  readonly api: ApiDefinition;
  readonly stage: StageDefinition;
  /** Whether the handshake has to ask a router: for a target, authorization, a key, a check, a rate or a log line. */
  readonly connectNeedsVerdict: boolean;
  /** How long `$connect` may take at its authorizer and its integration together, ms. */
  readonly connectTimeoutMs: number;
  /** Whether a router has to hear of closed connections: `$disconnect` has a target, or leaves a log line. */
  readonly disconnectNeedsRouter: boolean;
  /** Whether some route has `order: connection`, so that the edge has to select routes itself. */
  readonly ordersMessages: boolean;
}
