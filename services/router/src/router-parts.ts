import type { AccessKey } from '@sluice/auth';
import type { BackgroundJobs, Bus } from '@sluice/bus';
import type { ConnectionStore } from '@sluice/connections';
import type { AccountLimits } from '@sluice/contracts';
import type { DefinitionStore } from '@sluice/definitions';
import type { RateKeeper } from '@sluice/rates';
import type { Telemetry } from '@sluice/telemetry';

export interface RouterParts {
  bus: Bus;
  connections: ConnectionStore;
  definitions: DefinitionStore;
  jobs: BackgroundJobs;
  telemetry: Telemetry;
  /** Envelopes in work at once; reading pauses at it. Default `limits.routerInflightMax`. */
  inflightMax?: number;
  /** `InvokerOptions.egressAllow`. */
  egressAllow?: readonly string[];
  /** Counts rates and quotas; the caller closes it. Unset: this process counts for itself alone. */
  rates?: RateKeeper | undefined;
  /** Unset: no limit. */
  account?: AccountLimits | undefined;
  aws?: RouterAws | undefined;
  /** Whose signatures open AWS_IAM routes, and which. Unset: nobody's. */
  access?: readonly AccessKey[] | undefined;
}

/** How this gateway calls itself in ARNs and in `$context`. Unset members: us-east-1, and an account of zeros. */
export interface RouterAws {
  region?: string | undefined;
  accountId?: string | undefined;
}
