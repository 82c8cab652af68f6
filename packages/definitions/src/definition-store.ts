import type { ApiDefinition, Scope, SharedDefinitions, StageDefinition } from '@sluice/contracts';

/** Read side of the API definitions, as every process sees them. A change replaces whole snapshots; none is ever mutated. */
export interface DefinitionStore {
  /** Undefined where the API or stage does not exist. The hot path calls this for every message. */
  stage(scope: Scope): StageSnapshot | undefined;
  api(apiId: string): ApiDefinition | undefined;
  apis(): readonly ApiDefinition[];
  /** Custom domains, API keys and usage plans. */
  shared(): Readonly<SharedDefinitions>;
  /** Calls the listener after every change; returns the function that ends it. */
  subscribe(listener: () => void): () => void;
}

/** One stage of one API as deployed: what an edge or a router needs to know, resolved once. */
export interface StageSnapshot {
  readonly scope: Scope;
  readonly api: ApiDefinition;
  readonly stage: StageDefinition;
  /** Whether the handshake has to ask a router: a `$connect` route with a target. */
  readonly connectNeedsVerdict: boolean;
  /** How long `$connect` may take at its integration, ms. */
  readonly connectTimeoutMs: number;
}
