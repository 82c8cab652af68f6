import { defaultText, overrides, type Command as ProcessCommand } from '@sluice/config';
import { limits } from '@sluice/contracts';
import { Command, CommanderError, Option } from 'commander';
import { checkConfiguration } from './check-configuration.js';
import { listDeadLetters, redriveDeadLetters } from './dead-letters.js';
import { exitCodes, explainFailure } from './fail.js';
import { runProcess } from './run-process.js';
import { version } from './version.js';

const processes: [name: ProcessCommand, description: string][] = [
  ['start', 'run the whole gateway in one process; with --redis it is also a member of a cluster'],
  ['edge', 'run the process that holds sockets; needs Redis'],
  ['router', 'run the process that calls back ends; needs Redis'],
  ['callback', 'run the process that serves @connections; needs Redis'],
];

/** Runs `sluice` with the arguments of a process. Ends the process with a code where something is wrong. */
export async function runCommandLine(argv: string[]): Promise<void> {
  try {
    await program().parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.misused;
    else process.exitCode = explainFailure(error);
  }
}

function program(): Command {
  const root = new Command('sluice')
    .description('A self-hosted WebSocket API gateway with the semantics of Amazon API Gateway WebSocket APIs.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(add --help for what there is)')
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      '\nEvery flag has a variable, for example SLUICE_PORT for --port; docs/configuration.md lists all keys.',
    );
  for (const [name, description] of processes) {
    const command = withFlags(subcommand(root, name, description), name);
    command.action((options: Record<string, string | undefined>) => runProcess(name, flagsOf(options)));
  }
  withFlags(subcommand(root, 'check', 'check a configuration and print what it means'), 'start')
    .argument('[file]', 'configuration file; --config and sluice.yaml otherwise')
    .action((file: string | undefined, options: Record<string, string | undefined>) =>
      checkConfiguration({ ...flagsOf(options), ...(file === undefined ? {} : { config: file }) }),
    );
  addDeadLetters(root);
  addSelfTest(root);
  return root;
}

// These commands serve nothing and drain nothing: the other flags of a process would say nothing here.
const deadLetterFlags = ['config', 'redis', 'log-level'];

function addDeadLetters(root: Command): void {
  const parent = root
    .command('dead-letters')
    .description('look at messages that could not be processed, and send them again; needs Redis');
  parent.exitOverride();
  withFlags(subcommand(parent, 'list', 'list dead letters, oldest first'), 'router', deadLetterFlags)
    .option('--json', 'one JSON object a line, with the message itself')
    .option('--count <number>', 'how many at most', '100')
    .action((options: Record<string, string | boolean | undefined>) =>
      listDeadLetters(flagsOf(options), { json: options['json'] === true, count: String(options['count']) }),
    );
  withFlags(subcommand(parent, 'redrive', 'put dead letters back on the frame stream'), 'router', deadLetterFlags)
    .argument('[ids...]', 'ids as `list` shows them')
    .option('--all', 'all of them')
    .option('--background', 'queue it for the routers, which try again on failure')
    .option('--json', 'print the count as JSON')
    .action((ids: string[], options: Record<string, string | boolean | undefined>) =>
      redriveDeadLetters(flagsOf(options), {
        ids,
        all: options['all'] === true,
        json: options['json'] === true,
        background: options['background'] === true,
      }),
    );
}

// Where the keys are that it signs with; everything else of a process says nothing about another one.
const selfTestFlags = ['config', 'auth-keys-file'];

function addSelfTest(root: Command): void {
  withFlags(
    subcommand(root, 'self-test', 'go once through a running gateway, as a client and as a back end'),
    'start',
    selfTestFlags,
  )
    .requiredOption('--edge-url <url>', 'where clients connect, ws://host:8080')
    .requiredOption('--callback-url <url>', 'where back ends call @connections, http://host:8082')
    .option('--api <id>', 'API to use, with the routes of the one of the chart', 'sluice-self-test')
    .option('--stage <name>', 'its stage', 'test')
    .option('--timeout-ms <ms>', 'what all of it may take', String(limits.selfTestTimeoutMs))
    .option('--json', 'one JSON object in place of lines')
    .action(async (options: Record<string, string | boolean | undefined>) => {
      // What only this command needs stays out of the processes.
      const { selfTest } = await import('./self-test.js');
      const text = (name: string) => String(options[name]);
      const ok = await selfTest(flagsOf(options), {
        edgeUrl: text('edgeUrl'),
        callbackUrl: text('callbackUrl'),
        api: text('api'),
        stage: text('stage'),
        timeoutMs: text('timeoutMs'),
        json: options['json'] === true,
      });
      if (!ok) process.exitCode = exitCodes.failed;
    });
}

function subcommand(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).exitOverride().allowExcessArguments(false);
}

function withFlags(command: Command, process: ProcessCommand, only?: readonly string[]): Command {
  for (const { flag, valueName, env, path, description, commands } of overrides) {
    if (flag === undefined || !commands.includes(process) || only?.includes(flag) === false) continue;
    const standard = defaultText(path(process) ?? []);
    const shown = standard === '' ? '' : `; default ${standard}`;
    command.addOption(new Option(`--${flag} <${valueName}>`, `${description}${shown} (${env})`));
  }
  return command;
}

/** Commander names options in camel case; the settings know them as they are typed. */
function flagsOf(options: Record<string, string | boolean | undefined>): Record<string, string | undefined> {
  const flags: Record<string, string | undefined> = {};
  for (const { flag } of overrides) {
    if (flag === undefined) continue;
    const value = options[flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())];
    if (typeof value === 'string') flags[flag] = value;
  }
  return flags;
}
