import { jsonSchema } from './json-schema.js';
import { overrides } from './overrides.js';

interface Node {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Node>;
  additionalProperties?: Node | boolean;
  items?: Node;
  anyOf?: Node[];
  required?: string[];
}

/** `docs/configuration.md`, from the descriptions that the gateway itself checks with. */
export function documentConfiguration(): string {
  const rows: string[] = [];
  collect(jsonSchema() as Node, '', rows);
  return `${head}
## Flags and variables

A flag wins over its variable, a variable over the file. A misspelt \`SLUICE_\` variable stops the start.

| flag | variable | key | commands | what it sets |
| --- | --- | --- | --- | --- |
${flagRows().join('\n')}

\`OTEL_EXPORTER_OTLP_ENDPOINT\`, \`OTEL_EXPORTER_OTLP_HEADERS\`, \`OTEL_TRACES_EXPORTER\` (otlp, none), \`OTEL_TRACES_SAMPLER\`, \`OTEL_TRACES_SAMPLER_ARG\` (0 to 1,
default 0.01), \`OTEL_SERVICE_NAME\` and \`OTEL_SDK_DISABLED\` switch tracing on and off.

## Keys of the file

| key | type | default | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

const head =
  `<!-- Written by \`npm run schema -w @sluice/config\`. Change the descriptions in packages/config/src, not this page. -->

# Configuration

\`sluice.yaml\` says which APIs there are and how the processes run; names are those of the AWS API. \`npx sluice check\` reads a file
as the gateway would and prints what it understood. Unknown keys and bad values stop the start: each is named with its place in the file and
with what would be allowed. Keys that are planned and not carried out yet are refused too, so that none is silently overlooked.

[examples/aws-api/sluice.yaml](../examples/aws-api/sluice.yaml) has every key once, with what it is for.

## While a process runs

A process looks every two seconds whether this file, or a file of keys that it names, has other content: written in place, renamed over, or swapped
by the kubelet (a mounted ConfigMap or Secret). SIGHUP makes it look at once. Of what it finds, \`apis\`, \`domainNames\`, \`apiKeys\`,
\`usagePlans\` and the keys of \`auth\`, those of \`apiKeysFile\` and \`auth.keysFile\` included, are in force from the next handshake, message or
call on; connections stay. A file with a mistake changes nothing, and the log has every mistake (\`config.refused\`). What else has changed waits for
the next start, and the log names it (\`config.restart_needed\`). \`sluice_config_age_seconds\` is 0 while all that the files say is in force, and
grows while it is not; \`sluice_config_version\` counts what was taken over. \`reload: { watch: false }\` leaves only SIGHUP.

## Editors

For completion in editors, begin the file with
\`# yaml-language-server: $schema=https://raw.githubusercontent.com/…/packages/config/sluice.schema.json\`, or with the path of that file in
your checkout.
`.replace(
    'https://raw.githubusercontent.com/…/packages/config/sluice.schema.json',
    './packages/config/sluice.schema.json',
  );

function flagRows(): string[] {
  return overrides.map(({ flag, valueName, env, path, commands, description }) => {
    const keys = [...new Set(commands.map((command) => path(command)?.join('.')))].filter((key) => key !== undefined);
    const shownFlag = flag === undefined ? '' : `\`--${flag} <${valueName}>\``;
    const shownKeys = keys.map((key) => `\`${key}\``).join(', ');
    return `| ${shownFlag} | \`${env}\` | ${shownKeys} | ${commands.join(', ')} | ${description} |`;
  });
}

function collect(node: Node, path: string, rows: string[]): void {
  // The same members as `integrations.<name>` have.
  if (path.endsWith('routes.<name>.integration')) return;
  const { properties, additionalProperties } = node;
  for (const [name, member] of Object.entries(properties ?? {})) {
    if (name !== '$schema')
      row(member, path === '' ? name : `${path}.${name}`, node.required?.includes(name) ?? false, rows);
  }
  if (typeof additionalProperties === 'object') row(additionalProperties, `${path}.<name>`, false, rows);
  if (node.items !== undefined && kindOf(node.items) === 'map') collect(node.items, `${path}[]`, rows);
  for (const branch of node.anyOf ?? []) collect(branch, path, rows);
}

function row(node: Node, path: string, required: boolean, rows: string[]): void {
  const value = node.default === undefined ? (required ? 'required' : '') : `\`${JSON.stringify(node.default)}\``;
  if (node.description !== undefined) {
    rows.push(`| \`${path}\` | ${typeOf(node)} | ${value} | ${node.description.replaceAll('|', '\\|')} |`);
  }
  collect(node, path, rows);
}

function typeOf(node: Node): string {
  if (node.enum !== undefined) return node.enum.map((value) => `\`${value}\``).join(', ');
  if (node.const !== undefined) return `\`${node.const}\``;
  if (node.minimum !== undefined && node.maximum !== undefined) return `${node.minimum} to ${node.maximum}`;
  return kindOf(node);
}

function kindOf(node: Node): string {
  const branches = node.anyOf?.map(kindOf).filter((kind) => kind !== 'empty');
  if (branches !== undefined) return [...new Set(branches)].join(' or ');
  const names: Record<string, string> = {
    object: 'map',
    string: 'text',
    array: 'list',
    boolean: 'true or false',
    integer: 'number',
    null: 'empty',
  };
  return names[node.type ?? ''] ?? 'any';
}
