import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { logEvents } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = ['packages', 'services']
  .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name, 'src')))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((path) => join(folder, String(path))))
  .filter((path) => /(?<!\.test|\.fixture)\.ts$/.test(path) && !path.endsWith('/log-events.ts'))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

describe('log events', () => {
  it.each(logEvents)('%s is written somewhere', (event) => {
    expect(sources.includes(`'${event}'`)).toBe(true);
  });

  it('are unique, of two parts, and sorted into their areas', () => {
    expect(new Set(logEvents).size).toBe(logEvents.length);
    for (const event of logEvents) expect(event).toMatch(/^[a-z]+\.[a-z_]+$/);
  });
});
