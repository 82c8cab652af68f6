import type { AccessKey } from '@sluice/auth';
import type { BackgroundJobs, Bus } from '@sluice/bus';
import type { ConnectionStore } from '@sluice/connections';
import type { AccountLimits } from '@sluice/contracts';
import type { DefinitionStore } from '@sluice/definitions';
import type { AwsSettings, LambdaSettings } from '@sluice/integrations';
import type { LogSinks } from '@sluice/logs';
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
  /** Calls of `$disconnect` in all where its back end gives no answer. Default `limits.disconnectAttemptsMax`; 1 is what AWS does. */
  disconnectAttemptsMax?: number;
  /** `InvokerOptions.egressAllow`. */
  egressAllow?: readonly string[];
  /** Counts rates and quotas; the caller closes it. Unset: this process counts for itself alone. */
  rates?: RateKeeper | undefined;
  /** Unset: no limit. */
  account?: AccountLimits | undefined;
  /** Where functions are invoked. */
  lambda?: LambdaSettings | undefined;
  aws?: RouterAws | undefined;
  /** Where access logs go; the caller closes them. Unset: sinks of this router's own. */
  logs?: LogSinks | undefined;
  /** Whose signatures open AWS_IAM routes, and which. Unset: nobody's. */
  access?: readonly AccessKey[] | undefined;
}

/** Where AWS integrations go, and how this gateway calls itself in ARNs and in `$context`: unset, us-east-1 and an account of zeros. */
export interface RouterAws extends AwsSettings {
  region?: string | undefined;
  accountId?: string | undefined;
}
