/** A credential that callers sign with, and what it may do. Comes from `auth.keys` of the settings. */
export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
  /** Where set, requests must carry exactly this `X-Amz-Security-Token`; where undefined, they must carry none. */
  sessionToken?: string | undefined;
  /** ARN patterns of what the key may do (`*` and `?` are wildcards); `*` alone is everything. */
  allow: readonly string[];
}
