import {
  type AccessKey,
  accessDenied,
  createSignatureVerifier,
  isAllowed,
  managementArn,
  type Refusal,
} from '@sluice/auth';
import type { ManagementRequest } from '@sluice/contracts';
import type { CallbackSettings } from './callback-settings.js';

/** Who may call `@connections`, and for what. */
export interface AccessControl {
  /** Whose request it is; no key where nobody has to sign. */
  identify(request: ManagementRequest): { key?: AccessKey | undefined; refusal?: Refusal | undefined };
  /** The refusal of a key that may not do this; undefined where it may, and where nobody has to sign. */
  authorize(key: AccessKey | undefined, apiId: string, stage: string, method: string): Refusal | undefined;
  /**
   * Makes other keys ready. Throws `RangeError` where none is left that could make a signature that is demanded. They count from the
   * call of what it gives on; that call cannot fail.
   */
  prepareKeys(keys: readonly AccessKey[]): () => void;
}

/** Throws `RangeError` where signatures are demanded and there is no key that could make one. */
export function createAccessControl(settings: CallbackSettings): AccessControl {
  const { auth, region, accountId } = settings;
  if (auth.mode === 'none') {
    return { identify: () => ({}), authorize: () => undefined, prepareKeys: () => () => undefined };
  }
  const verifierOf = (keys: readonly AccessKey[]) => {
    if (keys.length === 0) throw new RangeError('auth.callback is sigv4 and auth.keys is empty: nobody could call');
    return createSignatureVerifier({ keys, region, service: 'execute-api' });
  };
  let verifier = verifierOf(auth.keys);
  return {
    identify: (request) => verifier.verify(request),
    authorize(key, apiId, stage, method) {
      const resource = { region, accountId, apiId, stage, method };
      if (key !== undefined && isAllowed(key.allow, managementArn(resource))) return undefined;
      return accessDenied(key?.accessKeyId ?? 'unknown', resource);
    },
    prepareKeys(keys) {
      const next = verifierOf(keys);
      return () => {
        verifier = next;
      };
    },
  };
}
