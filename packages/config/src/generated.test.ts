import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { documentConfiguration } from './configuration-page.js';
import { jsonSchema } from './json-schema.js';
import { nearest } from './suggest.js';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const wayOut = 'run `npm run schema -w @sluice/config` and commit what it writes';

describe('what is generated from the schema', () => {
  it('sluice.schema.json is up to date', () => {
    expect(JSON.parse(read('../sluice.schema.json')), wayOut).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
  });

  it('docs/configuration.md is up to date', () => {
    expect(read('../../../docs/configuration.md'), wayOut).toBe(documentConfiguration());
  });

  it('every key has a description', () => {
    const bare: string[] = [];
    const visit = (node: Record<string, unknown>, path: string) => {
      for (const [name, member] of Object.entries(
        (node['properties'] ?? {}) as Record<string, Record<string, unknown>>,
      )) {
        if (typeof member['description'] !== 'string') bare.push(`${path}.${name}`);
        visit(member, `${path}.${name}`);
      }
      if (typeof node['additionalProperties'] === 'object') visit(node['additionalProperties'] as never, `${path}.*`);
      for (const branch of (node['anyOf'] ?? []) as Record<string, unknown>[]) visit(branch, path);
    };
    visit(jsonSchema(), '');
    expect(bare).toEqual([]);
  });

  it('suggests near words only', () => {
    expect(nearest('rotues', ['routes', 'stages'])).toBe('routes');
    expect(nearest('integrationuri', ['integrationUri'])).toBe('integrationUri');
    expect(nearest('x', ['routes'])).toBeUndefined();
    expect(nearest('x'.repeat(100_000), ['routes'])).toBeUndefined();
  });
});
