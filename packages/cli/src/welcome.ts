import type { Settings } from '@sluice/config';
import type { ApiDefinition } from '@sluice/contracts';
import type { Addresses } from '@sluice/standalone';

/** On a terminal, says where things are and what to type next. Elsewhere the log says it, as JSON. */
export function printWelcome(settings: Settings, addresses: Addresses): void {
  if (process.stdout.isTTY !== true) return;
  process.stdout.write(`\n${welcomeLines(settings, addresses).join('\n')}\n\n`);
}

export function welcomeLines(settings: Settings, { admin, edge, callback }: Addresses): string[] {
  const lines: string[] = [];
  if (edge !== undefined) {
    const host = `${reachable(edge.host)}:${edge.port}`;
    const open = settings.apis.filter(({ disableExecuteApiEndpoint }) => !disableExecuteApiEndpoint);
    const paths = open.flatMap((api) => Object.keys(api.stages).map((stage) => stagePath(settings, api, stage)));
    if (settings.edge.pageHtml !== undefined)
      lines.push(`  page         http://${host.replace('127.0.0.1', 'localhost')}/`);
    for (const path of paths.slice(0, 5)) lines.push(`  clients      ws://${host}/${path}`);
    if (paths.length > 5) lines.push(`               and ${paths.length - 5} more stages`);
    lines.push(`  callbacks    http://${host}/${paths[0] ?? '{stage}'}/@connections/{connectionId}`);
    lines.push(`  health       http://${reachable(admin.host)}:${admin.port}/readyz, /metrics`);
    lines.push('', `  Try it:      npx wscat -c ws://${host}/${paths[0] ?? ''}`);
    return lines;
  }
  if (callback !== undefined) lines.push(`  callbacks    http://${reachable(callback.host)}:${callback.port}`);
  lines.push(`  health       http://${reachable(admin.host)}:${admin.port}/readyz, /metrics`);
  return lines;
}

/** The shortest path that clients reach a stage under: without the API id where only one can be meant. */
export function stagePath({ apis }: Settings, { apiId, isDefault, namedOnly }: ApiDefinition, stage: string): string {
  const isOnly = !namedOnly && apis.filter((api) => !api.namedOnly).length === 1;
  return isOnly || isDefault ? stage : `${apiId}/${stage}`;
}

function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
