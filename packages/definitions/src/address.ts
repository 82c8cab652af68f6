import type { DefinitionStore, StageSnapshot } from './definition-store.js';

/** What host and path of a request name (DESIGN.md, "Outside face"). */
export type Address =
  /** A stage; `rest` are the path segments behind it, still percent-encoded. */
  | { kind: 'stage'; snapshot: StageSnapshot; rest: string[] }
  /** A first segment that could be a stage, but several APIs are defined, none is the default, and neither host nor path names one. */
  | { kind: 'api-unnamed'; stageName: string; rest: string[] }
  | { kind: 'unknown' };

/** Where a request for `host` (with or without port) and `path` (without query) is meant to go. */
export type ResolveAddress = (store: DefinitionStore, host: string, path: string) => Address;
