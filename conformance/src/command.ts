import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  type ConformanceOptions,
  chosen,
  runAgainst,
  runAgainstOwn,
  type TargetSettings,
  usualTarget,
} from './run/conformance.js';
import { type GatewayKind, usualBackEndPort } from './run/gateways.js';
import type { RuleResult } from './run/run-rules.js';
import { countByChapter, renderTable } from './run/table.js';

interface Flags {
  address?: string;
  management?: string;
  api: Record<string, string>;
  backEndPort: number;
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
  accountId: string;
  kind: GatewayKind | 'both';
  only: string[];
  json: boolean;
  report?: string;
  verbose: boolean;
  concurrency: number;
  ruleTimeoutMs: number;
}

/** `npm run conformance`. Resolves to the exit code: 0 where no rule failed, 1 where one did, 2 where the suite could not run. */
export async function runConformance(args: readonly string[]): Promise<number> {
  const flags = describe()
    .parse([...args], { from: 'user' })
    .opts<Flags>();
  try {
    const runs = await runAll(flags);
    if (flags.report !== undefined) writeFileSync(flags.report, JSON.stringify(Object.fromEntries(runs)));
    if (flags.json) console.log(JSON.stringify(Object.fromEntries(runs), undefined, 2));
    return runs.some(([, results]) => results.some(({ outcome }) => outcome === 'failed')) ? 1 : 0;
  } catch (error) {
    console.error(`conformance: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
}

async function runAll(flags: Flags): Promise<[name: string, results: RuleResult[]][]> {
  if (flags.address !== undefined) {
    const settings: TargetSettings = {
      ...usualTarget,
      address: flags.address.replace(/\/$/, ''),
      ...(flags.management === undefined ? {} : { management: flags.management.replace(/\/$/, '') }),
      apis: flags.api,
      credentials: { accessKeyId: flags.accessKeyId, secretAccessKey: flags.secretAccessKey },
      region: flags.region,
      accountId: flags.accountId,
    };
    return [
      [flags.address, await shown(flags, flags.address, (options) => runAgainst(settings, flags.backEndPort, options))],
    ];
  }
  const kinds: GatewayKind[] = flags.kind === 'both' ? ['standalone', 'cluster'] : [flags.kind];
  const runs: [string, RuleResult[]][] = [];
  for (const kind of kinds) {
    const name = kind === 'cluster' ? 'a cluster of two edges and two routers' : 'a standalone gateway';
    runs.push([kind, await shown(flags, name, (options) => runAgainstOwn(kind, options))]);
  }
  return runs;
}

/** Runs with progress on stderr and the table on stdout. */
async function shown(
  flags: Flags,
  name: string,
  run: (options: ConformanceOptions) => Promise<RuleResult[]>,
): Promise<RuleResult[]> {
  const all = chosen(flags.only);
  const count = all.reduce((sum, { rules }) => sum + rules.length, 0);
  if (count === 0) throw new Error(`no rule begins with ${flags.only.join(' or ')}`);
  const terminal = process.stderr.isTTY === true;
  let done = 0;
  const results = await run({
    only: flags.only,
    concurrency: flags.concurrency,
    ruleTimeoutMs: flags.ruleTimeoutMs,
    onResult: () => {
      done += 1;
      if (terminal) process.stderr.write(`\r${done}/${count} `);
    },
  });
  if (terminal) process.stderr.write('\r\u001b[K');
  if (flags.json) return results;
  console.log(`\nAgainst ${name}:\n\n${renderTable(countByChapter(all, results))}\n`);
  for (const { outcome, id, title, reason } of results) {
    if (outcome === 'failed')
      console.log(`failed          ${id}  ${title}\n                ${reason.replaceAll('\n', '\n                ')}`);
    if (outcome === 'not applicable' && flags.verbose) console.log(`not applicable  ${id}  ${title}: ${reason}`);
    if (outcome === 'passed' && flags.verbose) console.log(`passed          ${id}  ${title}`);
  }
  return results;
}

function describe(): Command {
  return new Command('npm run conformance --')
    .description(
      'Runs every compatibility rule that can be seen from outside against a gateway, and prints a table by chapter of the specification. Without --address it starts a standalone gateway and a two-edge cluster and runs against both.',
    )
    .option(
      '--address <url>',
      'WebSocket address of a gateway that runs with conformance/sluice.yaml, without API and stage',
    )
    .option('--management <url>', 'where it answers @connections; the same host as --address by default')
    .option(
      '--api <id=url>',
      'address of one API, with {stage}; for gateways with a host per API; may be repeated',
      collectApi,
      {},
    )
    .option('--back-end-port <port>', "port of the suite's own back end", wholeNumber, usualBackEndPort)
    .option('--access-key-id <id>', 'key that signs @connections', usualTarget.credentials.accessKeyId)
    .option('--secret-access-key <secret>', 'its secret', usualTarget.credentials.secretAccessKey)
    .option('--region <region>', 'region in signatures', usualTarget.region)
    .option('--account-id <id>', 'account in ARNs', usualTarget.accountId)
    .addOption(
      new Option('--kind <kind>', 'which gateways to start').choices(['standalone', 'cluster', 'both']).default('both'),
    )
    .option('--only <prefix...>', 'only rules whose id begins like this, CN or CN-5', [])
    .option('--concurrency <count>', 'rules at work at once', wholeNumber, 8)
    .option('--rule-timeout-ms <ms>', 'how long one rule may take', wholeNumber, 20_000)
    .option('--verbose', 'name the rules that passed or do not apply, too', false)
    .option('--report <file>', 'write the results as JSON to a file')
    .option('--json', 'print the results as JSON', false);
}

function collectApi(text: string, known: Record<string, string>): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('write it as id=wss://…/{stage}');
  return { ...known, [text.slice(0, equals)]: text.slice(equals + 1) };
}

function wholeNumber(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
}
