import type { AuthorizationOutcome, PreparedAuthorization } from '@sluice/auth';
import type { ContextPlace, Envelope } from '@sluice/contracts';
import { routeSettingsOf } from '@sluice/definitions';
import type { ExchangeObserver } from '@sluice/integrations';
import { type AccessLog, createExecutionLog, type ExecutionLog } from '@sluice/logs';
import { accessLogVariables, type RequestRecord } from './access-log-line.js';
import { ExchangeLog } from './exchange-log.js';
import { logEnd, logStart } from './execution-lines.js';
import type { Ending, PassageJournal, RouteJournal } from './journal.js';
import type { StageCompilation } from './stage-compilation.js';

interface JournalParts {
  place: ContextPlace;
  accessLog: AccessLog | undefined;
  executionLog: ExecutionLog | undefined;
}

/** Undefined where neither the stage's access log nor the route's execution log is on. */
export function prepareJournal(stage: StageCompilation, place: ContextPlace): RouteJournal | undefined {
  const { loggingLevel, dataTraceEnabled } = routeSettingsOf(stage.stage, place.routeKey);
  const { apiId } = place;
  const { log } = stage.telemetry;
  const executionLog = createExecutionLog({ log, apiId, stage: place.stage, loggingLevel, dataTraceEnabled });
  const { accessLog } = stage;
  if (accessLog === undefined && executionLog === undefined) return undefined;
  return { open: (envelope) => new RequestJournal({ place, accessLog, executionLog }, envelope) };
}

class RequestJournal implements PassageJournal {
  readonly observer: ExchangeObserver | undefined;
  private readonly exchange: ExchangeLog | undefined;
  private readonly openedAtMs = performance.now();
  private invokedAtMs: number | undefined;
  private authorization: RequestRecord['authorization'];

  constructor(
    private readonly parts: JournalParts,
    public envelope: Envelope,
  ) {
    const { place, executionLog, accessLog } = parts;
    if (executionLog !== undefined) logStart(executionLog, place.apiId, place.routeKey, envelope);
    if (executionLog?.tellsAll === true || accessLog?.wantsAwsRequestId === true) {
      this.exchange = new ExchangeLog(executionLog, envelope.requestId);
      this.observer = this.exchange;
    }
  }

  authorized(by: PreparedAuthorization, outcome: AuthorizationOutcome): void {
    this.authorization = { by, outcome, tookMs: performance.now() - this.openedAtMs };
  }

  invoking(): void {
    this.invokedAtMs = performance.now();
  }

  end(ending: Ending): void {
    const { place, accessLog, executionLog } = this.parts;
    const record: RequestRecord = {
      place,
      envelope: this.envelope,
      authorization: this.authorization,
      integrationLatencyMs: this.invokedAtMs === undefined ? undefined : performance.now() - this.invokedAtMs,
      awsRequestId: this.exchange?.awsRequestId,
      ending,
    };
    if (executionLog !== undefined) logEnd(executionLog, record);
    if (accessLog !== undefined) accessLog.write(accessLogVariables(record));
  }
}
