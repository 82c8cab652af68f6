import { readFileSync } from 'node:fs';
import * as contracts from '@sluice/contracts';
import * as telemetry from '@sluice/telemetry';
import { expect, it } from 'vitest';
// @ts-expect-error plain JavaScript, like all scripts
import { errorsPage, metricsPage } from './pages.mjs';

const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const wayOut = 'run `npm run docs` and commit what it writes';

it('docs/errors.md is up to date', () => {
  expect(read('errors.md'), wayOut).toBe(errorsPage(contracts));
});

it('docs/metrics.md is up to date', () => {
  expect(read('metrics.md'), wayOut).toBe(metricsPage({ ...telemetry, ...contracts }));
});

it('a bar inside a text does not end its cell', () => {
  const errorKinds = { a: { message: 'x|y', handshakeStatus: 500, source: 'gateway', retryable: true, help: 'h' } };
  expect(errorsPage({ errorKinds, closes: {}, closeHelp: {} })).toContain('| `a` | x\\|y | 500 | gateway | yes | h |');
});
