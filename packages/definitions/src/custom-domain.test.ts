import {
  type ApiDefinition,
  type DomainNameDefinition,
  defaultApiLimits,
  noSharedDefinitions,
} from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryDefinitionStore, resolveAddress } from './index.js';

function api(apiId: string, stages: string[], more: Partial<ApiDefinition> = {}): ApiDefinition {
  return {
    apiId,
    name: apiId,
    routeSelectionExpression: '$request.body.action',
    isDefault: false,
    disableExecuteApiEndpoint: false,
    limits: defaultApiLimits,
    routes: {},
    integrations: {},
    stages: Object.fromEntries(stages.map((stageName) => [stageName, { stageName, stageVariables: {} }])),
    ...more,
  };
}

const to = (apiId: string, stage: string) => ({ apiId, stage });

function storeOf(domains: Record<string, DomainNameDefinition['apiMappings']>) {
  const domainNames = Object.entries(domains).map(([domainName, apiMappings]) => ({ domainName, apiMappings }));
  const apis = [
    api('chat', ['dev', 'live'], { disableExecuteApiEndpoint: true }),
    api('orders', ['dev', 'other']),
    api('ws', ['dev']),
  ];
  return createMemoryDefinitionStore(apis, { ...noSharedDefinitions, domainNames });
}

const store = storeOf({
  'ws.example.com': { '': to('chat', 'dev'), v1: to('chat', 'live'), 'a+b!': to('orders', 'dev') },
  'keyed.example.com': { v1: to('chat', 'dev'), v2: to('orders', 'dev'), v3: to('orders', 'other') },
  '*.example.com': { '': to('orders', 'other') },
  '*.deep.example.com': { '': to('orders', 'dev') },
  'broken.example.com': { '': to('chat', 'gone'), x: to('nobody', 'dev') },
});

/** `scope|rest,rest`, with `@` in front where a custom domain led there; `?stage|rest` where the API is unnamed. */
function resolve(host: string, path: string): string {
  const address = resolveAddress(store, host, path);
  if (address.kind === 'unknown') return 'unknown';
  const rest = address.rest.join();
  if (address.kind === 'api-unnamed') return `?${address.stageName}|${rest}`;
  return `${address.customDomain ? '@' : ''}${address.snapshot.scope}|${rest}`;
}

describe('custom domains', () => {
  it.each([
    ['ws.example.com', '/', '@chat/dev|'],
    ['ws.example.com', '/v1', '@chat/live|'],
    ['ws.example.com', '/v1/', '@chat/live|'],
    ['WS.Example.com:8443', '/%76%31', '@chat/live|'],
    ['ws.example.com.', '/a+b!', '@orders/dev|'],
    ['ws.example.com', '/V1', '@chat/dev|V1'],
    ['ws.example.com', '/v1/extra', '@chat/live|extra'],
    ['keyed.example.com', '/v2', '@orders/dev|'],
    ['keyed.example.com', '/', 'unknown'],
    ['keyed.example.com', '/v9', 'unknown'],
    ['keyed.example.com', '/dev', 'unknown'],
    ['keyed.example.com', '/constructor', 'unknown'],
    ['keyed.example.com', '/%', 'unknown'],
    ['keyed.example.com', '', 'unknown'],
    ['broken.example.com', '/', 'unknown'],
    ['broken.example.com', '/x', 'unknown'],
  ])('[CN-110] %s%s is %s', (host, path, expected) => {
    expect(resolve(host, path)).toBe(expected);
  });

  it.each([
    ['any.example.com', '/', '@orders/other|'],
    ['x.any.example.com', '/', '@orders/other|'],
    ['x.deep.example.com', '/', '@orders/dev|'],
    ['deep.example.com', '/', '@orders/other|'],
    ['example.com', '/', 'unknown'],
    ['xexample.com', '/', 'unknown'],
    ['*.example.com', '/', 'unknown'],
    [`${'a.'.repeat(130)}example.com`, '/', 'unknown'],
  ])('[CN-111] %s: the exact name wins, then the longest wildcard', (host, path, expected) => {
    expect(resolve(host, path)).toBe(expected);
  });

  it('[CN-112] a custom domain wins over the host label and the path that would name an API', () => {
    expect(resolve('ws.example.com', '/dev')).toBe('@chat/dev|dev');
    expect(resolve('orders.example.com', '/dev')).toBe('@orders/other|dev');
    expect(resolve('ws.elsewhere.com', '/dev')).toBe('ws/dev|');
    expect(resolve('keyed.example.com', '/orders/dev')).toBe('unknown');
  });

  it('[CN-15] [CN-105] an API without its default endpoint answers under its custom domain only', () => {
    expect(resolve('chat.elsewhere.com', '/dev')).toBe('unknown');
    expect(resolve('localhost', '/chat/dev')).toBe('unknown');
    expect(resolve('ws.example.com', '/')).toBe('@chat/dev|');
  });

  it.each([
    ['ws.example.com', '/@connections/x', '@chat/dev|@connections,x'],
    ['ws.example.com', '/v1/@connections/x', '@chat/live|@connections,x'],
    ['ws.example.com', '/v1/live/%2540connections/x', '@chat/live|%2540connections,x'],
    ['ws.example.com', '/dev/@connections/x', '?dev|@connections,x'],
    ['ws.example.com', '/live/@connections/x', '@chat/live|@connections,x'],
    ['ws.example.com', '/v1/dev/@connections/x', '@chat/live|dev,@connections,x'],
    ['ws.example.com', '/gone/@connections/x', '@chat/dev|gone,@connections,x'],
    ['keyed.example.com', '/v3/@connections/x', '@orders/other|@connections,x'],
    ['keyed.example.com', '/other/%40connections/x', '@orders/other|%40connections,x'],
    ['keyed.example.com', '/dev/@connections/x', '?dev|@connections,x'],
    ['keyed.example.com', '/@connections/x', 'unknown'],
  ])('[CN-113] callbacks on a custom domain: %s%s is %s', (host, path, expected) => {
    expect(resolve(host, path)).toBe(expected);
  });

  it('refuses a domain that stands twice, in any case', () => {
    const domainNames = ['a.example', 'A.example'].map((domainName) => ({ domainName, apiMappings: {} }));
    expect(() => createMemoryDefinitionStore([], { ...noSharedDefinitions, domainNames })).toThrow(RangeError);
  });

  it('follows a change of the domains', () => {
    const changing = storeOf({});
    expect(resolveAddress(changing, 'ws.example.com', '/dev').kind).toBe('stage');
    const domainNames = [{ domainName: 'ws.example.com', apiMappings: { k: to('orders', 'dev') } }];
    changing.replace(changing.apis(), { ...noSharedDefinitions, domainNames });
    expect(resolveAddress(changing, 'ws.example.com', '/dev').kind).toBe('unknown');
    expect(resolveAddress(changing, 'ws.example.com', '/k')).toMatchObject({ kind: 'stage', customDomain: true });
  });

  it('any host and path find a stage that exists, or none', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '/',
        '%',
        '%40connections',
        '@connections',
        'v1',
        'dev',
        '.',
        '*',
        'ws',
        'example.com',
        '__proto__',
      ),
      fc.string(),
    );
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const hosts = fc.oneof(text, fc.constantFrom('ws.example.com', 'keyed.example.com:1', 'x.deep.example.com'));
    fc.assert(
      fc.property(hosts, text, (host, path) => {
        const address = resolveAddress(store, host, `/${path}`);
        if (address.kind === 'stage') expect(store.stage(address.snapshot.scope)).toBe(address.snapshot);
      }),
      { numRuns: 3_000 },
    );
  });
});
