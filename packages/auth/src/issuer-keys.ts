import { type AddressRules, type JwtConfiguration, limits } from '@sluice/contracts';
import { type CryptoKey, errors, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import { fetchIssuerKeys } from './issuer-documents.js';
import { IssuerUnavailable } from './issuer-request.js';

type KeySet = Awaited<ReturnType<typeof fetchIssuerKeys>>;

/**
 * The public keys of one issuer: fetched when first asked for, again when they are no longer fresh, and when a token names a key
 * that is not among them (rotation), which no client can make happen more often than once a cooldown. While the issuer cannot be
 * reached the known keys go on working, up to `issuerKeysStaleMsMax`; jose's own remote set would refuse everybody as soon as they
 * are no longer fresh, and let each token with an invented key id wait for a fetch.
 */
export class IssuerKeys {
  private keySet: KeySet | undefined;
  private fetchedAtMs = Number.NEGATIVE_INFINITY;
  private failedAtMs = Number.NEGATIVE_INFINITY;
  private failure: IssuerUnavailable | undefined;
  private fetching: Promise<void> | undefined;

  constructor(
    private readonly configuration: JwtConfiguration,
    private readonly rules: AddressRules,
    private readonly clock: () => number,
  ) {}

  /** The keys while they are fresh; a set of its own after each fetch. Undefined where they would have to be fetched first. */
  get current(): KeySet | undefined {
    return this.clock() - this.fetchedAtMs <= limits.issuerKeysFreshMs ? this.keySet : undefined;
  }

  /** The key that a token's header names. Throws jose's errors, and `IssuerUnavailable` where the key may exist but not here. */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const ageMs = this.clock() - this.fetchedAtMs;
    if (ageMs > limits.issuerKeysFreshMs) {
      const refreshed = this.refresh();
      // Known keys do not wait for an issuer that is known to be away.
      if (this.failure === undefined || ageMs > limits.issuerKeysStaleMsMax) await refreshed;
    }
    try {
      return await this.known()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (this.clock() - this.fetchedAtMs >= limits.issuerCooldownMs) await this.refresh();
      // A key that a fetch might show is no reason to call the token wrong.
      if (this.failure !== undefined) throw this.failure;
      return await this.known()(header, token);
    }
  }

  private known(): KeySet {
    const usable = this.clock() - this.fetchedAtMs <= limits.issuerKeysStaleMsMax;
    if (this.keySet !== undefined && usable) return this.keySet;
    throw this.failure ?? new IssuerUnavailable('the keys of the issuer are not known');
  }

  /** One fetch at a time, and none soon after one that failed. Never rejects: what went wrong is `failure`. */
  private refresh(): Promise<void> {
    if (this.fetching !== undefined) return this.fetching;
    if (this.clock() - this.failedAtMs < limits.issuerRetryDelayMs) return Promise.resolve();
    this.fetching = this.fetch().finally(() => {
      this.fetching = undefined;
    });
    return this.fetching;
  }

  private async fetch(): Promise<void> {
    try {
      this.keySet = await fetchIssuerKeys(this.configuration, this.rules);
      this.fetchedAtMs = this.clock();
      this.failure = undefined;
    } catch (error) {
      this.failedAtMs = this.clock();
      this.failure = error instanceof IssuerUnavailable ? error : new IssuerUnavailable('unknown', { cause: error });
    }
  }
}
