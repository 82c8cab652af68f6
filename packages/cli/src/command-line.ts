import { defaultText, overrides, type Command as ProcessCommand } from '@sluice/config';
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
