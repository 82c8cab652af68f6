import type { DefinitionStore, StageSnapshot } from './definition-store.js';

/** What host and path of a request name (DESIGN.md, "Outside face"). */
export type Address =
  /** A stage; `rest` are the path segments behind it, still percent-encoded, without the empty one of a trailing slash. */
  | {
      kind: 'stage';
      snapshot: StageSnapshot;
      rest: string[];
      /** Reached through a custom domain: the stage is then not part of the path, its mapping key is (spec 01 §1.1). */
      customDomain: boolean;
    }
  /**
   * A stage name that some API has, but several APIs are defined and neither host nor path names one. Where one is the
   * default this happens only for `@connections`: the connection's own API decides there, and it need not be the default.
   */
  | {
      kind: 'api-unnamed';
      stageName: string;
      rest: string[];
      /** A custom domain of several APIs; otherwise an API with `disableExecuteApiEndpoint` is not meant. */
      customDomain: boolean;
    }
  | { kind: 'unknown' };

/** Where a request for `host` (with or without port) and `path` (without query) is meant to go. */
export type ResolveAddress = (store: DefinitionStore, host: string, path: string) => Address;
