// Values that pages show are rendered, and what they render is validated; objects that they show are read.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { find, render, template, validate, versions } from './chart.js';
import { startedWith } from './start.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const pages = [
  'deploy/helm/sluice/README.md',
  ...readdirSync(`${root}docs/operate`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/operate/${name}`),
];

/** Blocks that begin with ```yaml and the kind of content. */
const blocks = pages.flatMap((page) => {
  const text = readFileSync(root + page, 'utf8');
  return [...text.matchAll(/^```yaml (\w+)\n([\s\S]*?)^```$/gm)].map(({ 1: kind = '', 2: block = '', index }) => {
    return { page, line: text.slice(0, index).split('\n').length, kind, block };
  });
});
const ofKind = (kind: string) => blocks.filter((each) => each.kind === kind);

/** What a snippet leaves out because another has it, and what only a cluster could answer. */
function completed(values: { redis?: object; metrics?: object }): object {
  const redis = values.redis ?? { url: 'redis://redis.example:6379' };
  return { ...values, redis, metrics: { ...values.metrics, disableApiCheck: true } };
}

describe('values that pages show', () => {
  it('there are some', () => {
    expect(ofKind('values').map(({ page }) => page)).toEqual(
      expect.arrayContaining(['docs/operate/install.md', 'deploy/helm/sluice/README.md']),
    );
    expect(blocks.filter(({ kind }) => !['values', 'object', 'adapter'].includes(kind))).toEqual([]);
  });

  it.each(ofKind('values'))('$page, line $line', ({ block }) => {
    const { status, output, error } = template({ values: completed(parse(block)) });
    expect(status, error).toBe(0);
    const result = validate(output, versions[0] as string);
    expect(result.status, result.output).toBe(0);
  });

  it("the README's sluice.yaml is taken as config, as it stands there", () => {
    const readme = readFileSync(`${root}README.md`, 'utf8');
    const file = /^```yaml\n(# sluice\.yaml\n[\s\S]*?)^```$/m.exec(readme)?.[1] ?? '';
    const indented = `config:\n${file.replace(/^/gm, '  ')}`;
    const objects = render({ values: { ...parse(indented), redis: { existingSecret: 'sluice-redis-url' } } });
    const { apis, auth } = startedWith(objects, find(objects, 'Deployment', 'sluice-edge'));
    expect(apis.map(({ apiId }) => apiId)).toEqual(['chat', 'sluice-self-test']);
    expect(auth.keys.map(({ accessKeyId }) => accessKeyId)).toEqual(['local', 'sluiceSelfTest']);
  });

  it.each(ofKind('object'))('$page, line $line, is an object', ({ block }) => {
    expect(parse(block)).toMatchObject({ apiVersion: expect.any(String), kind: expect.any(String), metadata: {} });
  });

  it.each(ofKind('adapter'))('$page, line $line, has rules for what the autoscalers ask for', ({ block }) => {
    const { custom, external } = parse(block).rules as Record<string, { seriesQuery: string; metricsQuery: string }[]>;
    const wanted = ['sluice_sockets', 'sluice_stream_oldest_age_seconds', 'sluice_stream_lag'];
    const rules = [...(custom ?? []), ...(external ?? [])];
    expect(rules.map(({ seriesQuery }) => seriesQuery.replace(/\{.*/, ''))).toEqual(wanted);
    for (const { metricsQuery } of rules) expect(metricsQuery).toContain('<<.LabelMatchers>>');
  });
});
