// Values that pages show are rendered, and what they render is validated; objects that they show are read.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { busKeys } from '../../../packages/bus/src/keys.js';
import { connectionKeys } from '../../../packages/connections/src/keys.js';
import { execute, find, render, template, validate, versions } from './chart.js';
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

/** Blocks of commands of the pages. */
const commands = pages.flatMap((page) => {
  const text = readFileSync(root + page, 'utf8');
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(({ 1: block = '' }) => ({ page, block }));
});
const commandsOf = (name: string) =>
  commands.flatMap(({ page, block }) => (page === `docs/operate/${name}` ? [block] : [])).join('\n');

/** What a snippet leaves out because another has it, and what only a cluster could answer. */
function completed(values: { redis?: object; metrics?: object }): object {
  const redis = values.redis ?? { url: 'redis://redis.example:6379' };
  return { ...values, redis, metrics: { ...values.metrics, disableApiCheck: true } };
}

describe('commands that pages show', () => {
  it('install and upgrade from the checkout, with no defaults of an older chart', () => {
    const typed = commands.flatMap(({ block }) => [...block.matchAll(/helm (?:install|upgrade) \S+ (\S+).*/g)]);
    expect(typed.length).toBeGreaterThanOrEqual(4);
    for (const [line, chart] of typed) {
      expect(chart, line).toBe('deploy/helm/sluice');
      expect(line).not.toMatch(/ --reuse-values/);
    }
    for (const { block, page } of commands) expect(block, page).not.toContain('oci://');
  });

  it('install an image that was built before', () => {
    const readme = commands.filter(({ page, block }) => page.endsWith('README.md') && block.includes('helm install'));
    for (const { block } of readme) {
      expect(block).toMatch(/docker build .* -t registry\.example\/sluice:0\.1\.0 /);
      expect(block).toContain('--set image.registry=registry.example,image.repository=sluice,image.tag=0.1.0');
    }
    expect(readme.length).toBe(1);
    const [first] = ofKind('values').filter(({ page }) => page === 'docs/operate/install.md');
    expect(parse(first?.block ?? '').image).toEqual({
      registry: 'registry.example',
      repository: 'sluice',
      tag: '0.1.0',
    });
    expect(commandsOf('install.md')).toContain('docker push registry.example/sluice:0.1.0\n');
  });

  it('add the API of the load tests to a release without taking its keys away', () => {
    const page = commandsOf('load-tests.md');
    const sed = /^(sed .*loadtest\/sluice\.yaml) > load-values\.yaml$/m.exec(page)?.[1] ?? 'false';
    const { status, output } = execute('sh', ['-c', `cd "${root}" && ${sed}`]);
    expect(status).toBe(0);
    const own = [{ accessKeyId: 'own', secretAccessKey: 'x', allow: ['*'] }];
    const { config } = parse(output) as { config: { apis: object; auth?: { keys: object[] } } };
    const objects = render({ values: completed({ config: { auth: { keys: own }, ...config } } as object) });
    const { apis, auth } = startedWith(objects, find(objects, 'Deployment', 'sluice-edge'));
    expect(apis.map(({ apiId }) => apiId)).toEqual(['load', 'sluice-self-test']);
    // Beside an API that was the only one it must not take `ws://host/{stage}` away.
    expect(apis[0]?.namedOnly).toBe(true);
    expect(auth.keys.map(({ accessKeyId }) => accessKeyId)).toContain('own');
    expect(output).not.toContain('127.0.0.1');
    const added = /^cat >> auth-keys\.yaml <<'END'\n([\s\S]*?)^END$/m.exec(page)?.[1] ?? '';
    expect(parse(added)).toEqual(parse(readFileSync(`${root}loadtest/sluice.yaml`, 'utf8')).auth.keys);
  });

  it("delete a gateway's keys from Redis, and not those of another one", () => {
    const loop = /^for pattern in (.*); do redis-cli --scan --pattern "\$pattern"/m.exec(
      commandsOf('rollouts.md'),
    )?.[1];
    const patterns = [...(loop ?? '').matchAll(/'([^']+)'/g)].map(([, pattern = '']) => pattern);
    const deleted = (key: string) => patterns.some((pattern) => key.startsWith(pattern.replace(/\*$/, '')));
    const keysOf = (keyPrefix: string) => {
      const bus = busKeys({ keyPrefix, shards: 2 });
      const { nodes, slotCounter, birth, node, disconnect } = connectionKeys(keyPrefix);
      const shards = bus.shards.flatMap(({ stream, dead, progress, lost }) => [stream, dead, progress, lost]);
      return [...shards, bus.jobsPrefix, nodes, slotCounter, birth, node(1).lease, disconnect('one')];
    };
    expect(keysOf('sluice').filter((key) => !deleted(key))).toEqual([]);
    for (const other of ['my-sluice', 'my:sluice', 'sluice2']) expect(keysOf(other).filter(deleted)).toEqual([]);
  });
});

describe('values that pages show', () => {
  it('traces.md names those that set the variables of OpenTelemetry', () => {
    const page = readFileSync(`${root}docs/operate/traces.md`, 'utf8');
    for (const value of ['endpoint', 'sampleRatio', 'existingSecret']) expect(page).toContain(`\`tracing.${value}\``);
    expect(page).not.toContain('extraEnv');
  });

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
