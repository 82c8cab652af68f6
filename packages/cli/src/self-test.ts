import { isAllowed, managementArn } from '@sluice/auth';
import { type AccessKey, ConfigError, type Flags, loadSettings, type Settings } from '@sluice/config';
import { limits, routeArn } from '@sluice/contracts';
import { type Step, selfTestSteps } from './self-test-steps.js';
import { type SelfTestTarget, StepFailure } from './self-test-target.js';
import { TimeBudget } from './time-budget.js';

/** What `sluice self-test` was asked for, as it was typed. */
export interface SelfTestOptions {
  edgeUrl: string;
  callbackUrl: string;
  api: string;
  stage: string;
  timeoutMs: string;
  json: boolean;
}

interface StepResult {
  name: string;
  ok: boolean;
  ms: number;
  /** What was seen, or what went wrong. */
  detail: string;
  wayOut?: string;
}

/**
 * `sluice self-test`: goes once through a running gateway as a client and as a back end, and says of each step how long it took. What
 * `helm test` runs. Resolves with whether everything held; throws `ConfigError` where it cannot begin.
 */
export async function selfTest(flags: Flags, options: SelfTestOptions): Promise<boolean> {
  const timeoutMs = timeoutOf(options.timeoutMs);
  const target = targetOf(flags, options);
  if (!options.json) process.stdout.write(`${describeTarget(target)}\n`);
  const times = new TimeBudget(timeoutMs);
  const results: StepResult[] = [];
  const steps = selfTestSteps(target, times);
  for (const step of steps.list) {
    const result = await runStep(step, times);
    results.push(result);
    if (!options.json) process.stdout.write(`${lineOf(result)}\n`);
    if (!result.ok) break;
  }
  steps.close();
  const ok = results.every((each) => each.ok);
  const { edgeUrl, callbackUrl, api, stage } = target;
  const ms = times.elapsedMs();
  if (options.json)
    process.stdout.write(`${JSON.stringify({ ok, ms, edgeUrl, callbackUrl, api, stage, steps: results })}\n`);
  else process.stdout.write(`${ok ? 'The gateway works' : 'The gateway does not work'} (${ms} ms).\n`);
  return ok;
}

async function runStep({ name, run }: Step, times: TimeBudget): Promise<StepResult> {
  const startedMs = times.elapsedMs();
  const spent = () => times.elapsedMs() - startedMs;
  try {
    const detail = await run();
    return { name, ok: true, ms: spent(), detail };
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    return { name, ok: false, ms: spent(), detail: error.message, wayOut: error.wayOut };
  }
}

function lineOf({ name, ok, ms, detail, wayOut }: StepResult): string {
  const line = `  ${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(8)} ${String(ms).padStart(6)} ms  ${detail}`;
  return wayOut === undefined ? line : `${line}\n        ${wayOut}`;
}

function describeTarget({ edgeUrl, callbackUrl, api, stage, key }: SelfTestTarget): string {
  const signed = key === undefined ? 'unsigned' : `signed by ${key.accessKeyId}`;
  return `API ${api}, stage ${stage}, edge ${edgeUrl}, callback ${callbackUrl}, ${signed}`;
}

function timeoutOf(text: string): number {
  const timeoutMs = Number(text);
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= limits.selfTestTimeoutMsMax) return timeoutMs;
  const allowed = `allowed: a whole number from 1 to ${limits.selfTestTimeoutMsMax} (milliseconds)`;
  throw new ConfigError([`--timeout-ms: is ${text}; ${allowed}`]);
}

function targetOf(flags: Flags, options: SelfTestOptions): SelfTestTarget {
  const edgeUrl = addressOf('--edge-url', options.edgeUrl, ['ws:', 'wss:']);
  const callbackUrl = addressOf('--callback-url', options.callbackUrl, ['http:', 'https:']);
  // What a process may open says nothing about one that opens two sockets.
  const openFilesMax = Number.MAX_SAFE_INTEGER;
  const settings = loadSettings({ command: 'start', flags, fileOptional: true, openFilesMax });
  const { api, stage } = options;
  return { edgeUrl, callbackUrl, api, stage, region: settings.aws.region, key: keyFor(settings, api, stage) };
}

/** Without a slash at its end. */
function addressOf(flag: string, text: string, protocols: string[]): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && protocols.includes(url.protocol) && url.search === '') return url.href.replace(/\/+$/, '');
  throw new ConfigError([
    `${flag}: is ${JSON.stringify(text)}; allowed: ${protocols[0]}//host:port or ${protocols[1]}//host`,
  ]);
}

/** The first key that may connect and post; none where the configuration has no keys at all, and nothing is signed then. */
function keyFor({ auth, aws, apis }: Settings, apiId: string, stage: string): AccessKey | undefined {
  if (auth.keys.length === 0) return undefined;
  const place = { ...aws, apiId, stage };
  const connect = routeArn(place, '$connect');
  const calls = ['POST', 'GET'].map((method) => managementArn({ ...place, method }));
  const key = auth.keys.find(({ allow }) => [connect, ...calls].every((arn) => isAllowed(allow, arn)));
  if (key !== undefined) return key;
  const known = apis.map((each) => each.apiId).join(', ');
  throw new ConfigError([
    `auth.keys: none may use ${connect} and ${calls[0]}; give one allow: ["arn:aws:execute-api:*:*:${apiId}/*"], or name another API with --api${known === '' ? '' : ` (the file has ${known})`}`,
  ]);
}
