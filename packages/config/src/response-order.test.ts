import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadSettings } from './load-settings.js';
import { ConfigError } from './problems.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-order-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** Keys of the integration responses of every integration, as the gateway will try them. */
function ordersOf(members: string): string[][] {
  writeFileSync(join(directory, 'sluice.yaml'), `apis:\n  chat:\n${members}    stages: { dev: }\n`);
  const { apis } = loadSettings({ command: 'start', env: {}, cwd: directory, openFilesMax: 20_000 });
  return Object.values(apis[0]?.integrations ?? {}).map(({ integrationResponses = [] }) =>
    integrationResponses.map(({ integrationResponseKey }) => integrationResponseKey),
  );
}

// A JavaScript object would put the numbers first.
const responses = "{ '/40./': {}, 404: {}, $default: {}, '200': {} }";
const inOrder = ['/40./', '404', '$default', '200'];

it.each([
  [
    'as they stand',
    `    integrations: { a: { integrationType: MOCK, integrationResponses: ${responses} } }\n    routes: {}\n`,
  ],
  ['in a route', `    routes: { a: { integration: { integrationType: MOCK, integrationResponses: ${responses} } } }\n`],
])('[RS-7] integration responses keep the order of the file: %s', (_, members) => {
  expect(ordersOf(members)).toEqual([inOrder]);
});

it('[RS-7] also where they are an alias, or in one, or merged', () => {
  const orders = ordersOf(`    integrations:
      a: &a { integrationType: MOCK, integrationResponses: &responses ${responses} }
      b: { integrationType: MOCK, integrationResponses: *responses }
      c: *a
      d: { <<: *a, description: merged }
      e: { integrationType: MOCK, integrationResponses: { '/30./': {}, <<: *responses } }
      f: { <<: [*a], integrationResponses: { '/5../': {}, 500: {} } }
      g: { integrationResponses: { '/7../': {}, 700: {} }, <<: *a }
    routes: {}
`);
  expect(orders).toEqual([
    inOrder,
    inOrder,
    inOrder,
    inOrder,
    ['/30./', ...inOrder],
    ['/5../', '500'],
    ['/7../', '700'],
  ]);
});

it('what leads into itself is an error of the file', () => {
  const circle = '    integrations: { a: &a { <<: *a, integrationType: MOCK } }\n    routes: {}\n';
  expect(() => ordersOf(circle)).toThrow(ConfigError);
});
