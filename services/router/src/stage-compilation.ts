import type { ApiKeys, Authorizers } from '@sluice/auth';
import type { AccountLimits, ApiDefinition, ContextPlace, RouteDefinition, StageDefinition } from '@sluice/contracts';
import type { Invoker } from '@sluice/integrations';
import type { AccessLog, AccessLogs } from '@sluice/logs';
import type { RateKeeper } from '@sluice/rates';
import type { Telemetry } from '@sluice/telemetry';

/** What every stage of this process is compiled with. */
export interface CompilationParts {
  invoker: Invoker;
  telemetry: Telemetry;
  rates: RateKeeper;
  account: AccountLimits;
  authorizers: Authorizers;
  accessLogs: AccessLogs;
  /** How this gateway calls itself in ARNs and in `$context`. */
  region: string;
  accountId: string;
}

/** One stage while it is compiled: what its routes have in common. */
export interface StageCompilation extends CompilationParts {
  api: ApiDefinition;
  stage: StageDefinition;
  stageName: string;
  stageVariables: Readonly<Record<string, string>>;
  headerSpellings: ReadonlyMap<string, string>;
  /** Undefined where the stage has none. */
  accessLog: AccessLog | undefined;
  apiKeys: ApiKeys;
  /** A usage plan has this stage, so that messages of connections made with a key count. */
  hasUsagePlans: boolean;
}

export function placeOf(stage: StageCompilation, { routeKey }: RouteDefinition): ContextPlace {
  return { apiId: stage.api.apiId, stage: stage.stageName, routeKey, accountId: stage.accountId };
}
