import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { profiles } from '../profiles/index.js';
import { durationMs, readSettings } from './settings.js';
import { variables } from './variables.js';

const scenarios = {
  'webhook-echo': { name: 'webhook-echo', defaults: { connections: 200, rate: 2_000, route: 'webhook' } },
  'slow-consumer': { name: 'slow-consumer', defaults: { connections: 50, rate: 200 }, needs: ['slowEdgeUrl'] },
};
const read = (environment: Record<string, string>) => readSettings(environment, { scenarios, profiles }).settings;

it('without variables it is the canonical scenario as a smoke test on the usual port', () => {
  expect(read({})).toMatchObject({
    edgeUrl: ['ws://127.0.0.1:8080'],
    callbackUrl: ['http://127.0.0.1:8080'],
    connections: 20,
    rate: 200,
    durationMs: 60_000,
    graceMs: 5_000,
    stage: 'load',
    accessKeyId: 'LOADTEST',
  });
});

it('what is given wins over scenario and profile', () => {
  const settings = read({
    CONNECTIONS: '7',
    RATE: '0.5',
    DURATION: '90s',
    PROFILE: 'soak',
    EDGE_URL: 'wss://a.example/, wss://b.example',
    ACCESS_KEY_ID: '',
  });
  expect(settings).toMatchObject({ connections: 7, rate: 0.5, durationMs: 90_000, accessKeyId: '' });
  expect(settings.edgeUrl).toEqual(['wss://a.example', 'wss://b.example']);
  expect(settings.callbackUrl).toEqual(['https://a.example', 'https://b.example']);
});

it('two runs have different ids', () => {
  expect(read({}).runId).not.toBe(read({}).runId);
});

it.each([
  [{ SCENARIO: 'nope' }, 'SCENARIO is "nope"; there are webhook-echo, slow-consumer.'],
  [{ PROFILE: 'nope' }, 'PROFILE is "nope"; there are smoke, load, stress, spike, soak.'],
  [{ DURATION: '10' }, 'DURATION is "10"; allowed: a number with its unit: 500ms, 90s, 10m or 1h.'],
  [{ CONNECTIONS: '0' }, 'CONNECTIONS is "0"; allowed: a whole number from 1 on.'],
  [{ EDGE_URL: 'localhost:8080' }, 'EDGE_URL is "localhost:8080"; allowed: addresses such as'],
  [{ STAGE: 'a/b' }, 'STAGE is "a/b"; allowed:'],
  [{ PAYLOAD_BYTES: '131073' }, 'PAYLOAD_BYTES is 131073; a message has at most 131072 bytes.'],
  [{ SCENARIO: 'slow-consumer' }, 'The scenario slow-consumer needs SLOW_EDGE_URL: the edge through the slow link'],
])('%o is refused with what would be right', (environment, message) => {
  expect(() => read(environment as Record<string, string>)).toThrow(message);
});

it('durations have their unit', () => {
  expect(['500ms', '1.5s', '10m', '2h', '0s', '10', 's', '-1s'].map(durationMs)).toEqual([
    500,
    1_500,
    600_000,
    7_200_000,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

it('README.md has the table of all variables', () => {
  const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const rows = variables.map(
    ({ name, default: usual, meaning }) =>
      `| \`${name}\` | ${usual === undefined ? '' : `\`${usual}\``} | ${meaning} |`,
  );
  expect(page).toContain(['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n'));
});
