import { startScriptedBackEnd } from '../back-end/back-end.js';
import { chapters } from '../chapters/index.js';
import type { Chapter } from '../rule.js';
import type { TargetOptions } from '../target.js';
import { type GatewayKind, ownGateways } from './gateways.js';
import { type RuleResult, runRules } from './run-rules.js';

/** The key that `conformance/sluice.yaml` grants everything. */
export const conformanceKey = { accessKeyId: 'AKIDCONFORMANCE', secretAccessKey: 'conformance-secret' };

export type TargetSettings = Omit<TargetOptions, 'backEnd'>;

export interface ConformanceOptions {
  /** Only rules whose id begins with one of these; empty: all. */
  only?: readonly string[];
  concurrency?: number;
  ruleTimeoutMs?: number;
  onResult?: (result: RuleResult) => void;
}

export const usualTarget = { credentials: conformanceKey, region: 'us-east-1', accountId: '000000000000' };

/** Runs the suite against a gateway that runs already with the suite's configuration; its back end listens on `backEndPort`. */
export async function runAgainst(
  settings: TargetSettings,
  backEndPort: number,
  options: ConformanceOptions = {},
): Promise<RuleResult[]> {
  const backEnd = await startScriptedBackEnd(backEndPort);
  try {
    return await run({ ...settings, backEnd }, options);
  } finally {
    await backEnd.stop();
  }
}

/** Starts a gateway of its own and runs the suite against it. */
export async function runAgainstOwn(kind: GatewayKind, options: ConformanceOptions = {}): Promise<RuleResult[]> {
  const backEnd = await startScriptedBackEnd(0);
  try {
    const gateway = await ownGateways[kind](backEnd.port);
    try {
      const { address, management } = gateway;
      return await run({ ...usualTarget, address, management, backEnd }, options);
    } finally {
      await gateway.stop();
    }
  } finally {
    await backEnd.stop();
  }
}

export function chosen(only: readonly string[] = []): Chapter[] {
  const fits = (id: string) => only.length === 0 || only.some((prefix) => id.startsWith(prefix));
  return chapters
    .map((chapter) => ({ ...chapter, rules: chapter.rules.filter(({ id }) => fits(id)) }))
    .filter(({ rules }) => rules.length > 0);
}

function run(target: TargetOptions, options: ConformanceOptions): Promise<RuleResult[]> {
  return runRules(chosen(options.only), target, {
    concurrency: options.concurrency ?? 8,
    ruleTimeoutMs: options.ruleTimeoutMs ?? 20_000,
    onResult: options.onResult ?? (() => {}),
  });
}
