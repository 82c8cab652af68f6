import type { AccessKey } from '@sluice/config';
import { type ApiDefinition, defaultApiLimits, noSharedDefinitions } from '@sluice/contracts';
import { createMemoryDefinitionStore } from '@sluice/definitions';
import { createTelemetry } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { takeOver } from './take-over.js';

const api = (apiId: string): ApiDefinition => ({
  apiId,
  name: apiId,
  routeSelectionExpression: '$request.body.action',
  isDefault: false,
  disableExecuteApiEndpoint: false,
  limits: defaultApiLimits,
  routes: {},
  integrations: {},
  stages: { dev: { stageName: 'dev', stageVariables: {} } },
});
const keyOf = (accessKeyId: string): AccessKey => ({
  accessKeyId,
  secretAccessKey: 'secret',
  sessionToken: undefined,
  allow: ['*'],
});

/** A process with the API `old` and the key `old`; keys called `bad` are refused by the service of this name. */
function running(refusing?: 'callback' | 'router') {
  const definitions = createMemoryDefinitionStore([api('old')]);
  const lines: { level: string; event: string; err?: { message: string } }[] = [];
  const { log } = createTelemetry({
    role: 'standalone',
    logLevel: 'info',
    logDestination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  const inForce: Record<string, string> = { callback: 'old', router: 'old' };
  const service = (name: 'callback' | 'router') => ({
    prepareKeys([key]: readonly AccessKey[]) {
      if (name === refusing && key?.accessKeyId === 'bad') throw new RangeError(`${name} refuses them`);
      return () => {
        inForce[name] = key?.accessKeyId ?? 'none';
      };
    },
  });
  const services = { callback: service('callback'), router: service('router') };
  return {
    definitions,
    lines,
    take: (apis: ApiDefinition[], key: string) =>
      takeOver({ apis, shared: noSharedDefinitions, accessKeys: [keyOf(key)] }, definitions, services, log),
    state: () => [
      definitions
        .apis()
        .map(({ apiId }) => apiId)
        .join(),
      inForce['callback'],
      inForce['router'],
    ],
  };
}

describe('what is taken over', () => {
  it('is in force with all its parts', () => {
    const { take, state, lines } = running();
    take([api('new')], 'new');
    expect(state()).toEqual(['new', 'new', 'new']);
    expect(lines.map(({ event }) => event)).toEqual(['definitions.changed']);
  });

  it.each(['callback', 'router'] as const)('is nothing at all where the %s refuses the keys', (refusing) => {
    const { take, state, lines } = running(refusing);
    expect(() => take([api('new')], 'bad')).toThrow(`${refusing} refuses them`);
    expect(state()).toEqual(['old', 'old', 'old']);
    expect(lines).toEqual([]);
  });

  it('is nothing at all where the definitions are refused', () => {
    const { take, state } = running();
    expect(() => take([api('new'), api('new')], 'new')).toThrow(RangeError);
    expect(state()).toEqual(['old', 'old', 'old']);
  });

  it('is in force also where a listener fails, which the log tells', () => {
    const { take, state, lines, definitions } = running();
    definitions.subscribe(() => {
      throw new Error('broken listener');
    });
    take([api('new')], 'new');
    expect(state()).toEqual(['new', 'new', 'new']);
    expect(lines).toMatchObject([
      { level: 'error', event: 'definitions.listener_failed', err: { message: 'broken listener' } },
      { event: 'definitions.changed' },
    ]);
  });
});
