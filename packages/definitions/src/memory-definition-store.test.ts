import { type ApiDefinition, defaultApiLimits, limits } from '@sluice/contracts';
import { describe, expect, it, vi } from 'vitest';
import { createMemoryDefinitionStore } from './index.js';

function api(apiId: string, more: Partial<ApiDefinition> = {}): ApiDefinition {
  return {
    apiId,
    name: apiId,
    routeSelectionExpression: '$request.body.action',
    isDefault: false,
    disableExecuteApiEndpoint: false,
    limits: defaultApiLimits,
    routes: {},
    integrations: {},
    stages: { dev: { stageName: 'dev', stageVariables: { table: 'messages' } } },
    ...more,
  };
}

const connectRoute = (integrationId: string | undefined) => ({
  routes: { $connect: { routeKey: '$connect', integrationId, hasRouteResponse: false } },
});

const backend = {
  integrationId: 'backend',
  integrationType: 'MOCK' as const,
  integrationUri: undefined,
  integrationMethod: 'POST',
  timeoutInMillis: 1_234,
  passthroughBehavior: 'WHEN_NO_MATCH' as const,
  requestTemplates: {},
  templateSelectionExpression: undefined,
  integrationResponses: [],
};

describe('snapshots', () => {
  it('say whether and for how long the handshake waits for $connect', () => {
    const store = createMemoryDefinitionStore([
      api('none'),
      api('untargeted', connectRoute(undefined)),
      api('asked', { ...connectRoute('backend'), integrations: { backend } }),
      api('dangling', connectRoute('constructor')),
    ]);
    expect(store.stage('none/dev')?.connectNeedsVerdict).toBe(false);
    expect(store.stage('untargeted/dev')?.connectNeedsVerdict).toBe(false);
    expect(store.stage('asked/dev')).toMatchObject({ connectNeedsVerdict: true, connectTimeoutMs: 1_234 });
    expect(store.stage('dangling/dev')).toMatchObject({
      connectNeedsVerdict: true,
      connectTimeoutMs: limits.integrationTimeoutMs,
    });
  });

  it('are found by scope only, whatever objects inherit', () => {
    const store = createMemoryDefinitionStore([api('chat')]);
    expect(store.stage('chat/dev')?.api).toBe(store.api('chat'));
    for (const scope of ['chat', 'chat/', '/dev', 'chat/constructor', '__proto__', 'chat/dev/']) {
      expect(store.stage(scope)).toBeUndefined();
    }
    expect(store.api('constructor')).toBeUndefined();
  });

  it('are copies that nobody can change', () => {
    const mine = api('chat');
    const store = createMemoryDefinitionStore([mine]);
    mine.name = 'changed';
    const snapshot = store.stage('chat/dev');
    expect(snapshot?.api.name).toBe('chat');
    expect(Object.isFrozen(snapshot) && Object.isFrozen(snapshot?.api) && Object.isFrozen(store.apis())).toBe(true);
    expect(Object.isFrozen(snapshot?.stage.stageVariables)).toBe(true);
  });
});

describe('replace', () => {
  it('swaps everything, keeps old snapshots as they were, and tells each listener once', () => {
    const store = createMemoryDefinitionStore([api('chat'), api('gone')]);
    const before = store.stage('chat/dev');
    const first = vi.fn(() => expect(store.api('chat')?.name).toBe('new'));
    const second = vi.fn();
    store.subscribe(first);
    const end = store.subscribe(second);
    store.replace([api('chat', { name: 'new' })]);
    expect(store.api('gone')).toBeUndefined();
    expect(before?.api.name).toBe('chat');
    expect(store.stage('chat/dev')?.api.name).toBe('new');
    end();
    store.replace([api('chat', { name: 'new' })]);
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([2, 1]);
  });

  it.each([
    ['an API id given twice', [api('chat'), api('chat')]],
    ['a slash in an API id', [api('a/b')]],
    ['an empty API id', [api('')]],
    ['a slash in a stage name', [api('a', { stages: { 'x/y': { stageName: 'x/y', stageVariables: {} } } })]],
  ])('refuses %s and keeps what was there', (_case, apis) => {
    const store = createMemoryDefinitionStore([api('old')]);
    const listener = vi.fn();
    store.subscribe(listener);
    expect(() => store.replace(apis)).toThrow(RangeError);
    expect(store.api('old')).toBeDefined();
    expect(listener).not.toHaveBeenCalled();
    expect(() => createMemoryDefinitionStore(apis)).toThrow(RangeError);
  });

  it('a throwing listener does not keep the change from the others', () => {
    const store = createMemoryDefinitionStore([]);
    const other = vi.fn();
    store.subscribe(() => {
      throw new Error('broken listener');
    });
    store.subscribe(other);
    expect(() => store.replace([api('chat')])).toThrow(AggregateError);
    expect(other).toHaveBeenCalledTimes(1);
    expect(store.api('chat')).toBeDefined();
  });
});
