import { type AccessKey, createAuthorizers } from '@sluice/auth';
import { createInvoker } from '@sluice/integrations';
import { AccessLogs, createLogSinks } from '@sluice/logs';
import { createMemoryRateKeeper } from '@sluice/rates';
import type { RouterParts } from './router-parts.js';
import { createStageTables, type StageTables } from './stage-tables.js';

/** The stage tables of a router, with everything that their routes call. */
export interface RouterTables {
  tables: StageTables;
  /** Makes other access keys ready; the call of what it gives puts them in force. */
  prepareKeys(keys: readonly AccessKey[]): () => void;
  /** Ends the calls; the caller has drained before. */
  close(): Promise<void>;
}

export function openRouterTables(parts: RouterParts): RouterTables {
  const { definitions, telemetry, lambda, aws, account = {}, access = [] } = parts;
  const [region, accountId] = [aws?.region ?? 'us-east-1', aws?.accountId ?? '000000000000'];
  const invoker = createInvoker({ telemetry, egressAllow: parts.egressAllow ?? [], lambda, aws });
  const sinks = parts.logs ?? createLogSinks(telemetry);
  const rates = parts.rates ?? createMemoryRateKeeper();
  const authorizers = createAuthorizers({
    region,
    accountId,
    keys: access,
    egressAllow: parts.egressAllow,
    prepareFunction: (uri, place) => invoker.prepareFunction(uri, place),
  });
  const accessLogs = new AccessLogs(sinks, telemetry.log);
  const process = { region, accountId, invoker, telemetry, rates, account, authorizers, accessLogs };
  const tables = createStageTables({ definitions, ...process });
  return {
    tables,
    prepareKeys: (keys) => authorizers.prepareKeys(keys),
    async close() {
      tables.close();
      await invoker.close();
      if (parts.logs === undefined) await sinks.close();
      if (parts.rates === undefined) await rates.close();
    },
  };
}
