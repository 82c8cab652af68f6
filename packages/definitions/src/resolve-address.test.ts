import { type ApiDefinition, defaultApiLimits } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryDefinitionStore, domainNameOf, resolveAddress } from './index.js';

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

/** `scope|rest,rest`, `?stage|rest` where the API is unnamed, or `unknown`. */
function resolve(apis: ApiDefinition[], host: string, path: string): string {
  const address = resolveAddress(createMemoryDefinitionStore(apis), host, path);
  if (address.kind === 'unknown') return 'unknown';
  const subject = address.kind === 'stage' ? address.snapshot.scope : `?${address.stageName}`;
  return `${subject}|${address.rest.join()}`;
}

const one = [api('chat', ['dev', 'prod', 'chat'])];
const two = [api('chat', ['dev', 'orders']), api('orders', ['dev', 'live'])];
const withDefault = [api('chat', ['dev'], { isDefault: true }), api('orders', ['dev', 'live'])];
const disabled = [api('chat', ['dev'], { disableExecuteApiEndpoint: true }), api('orders', ['dev'])];

describe('host style', () => {
  it.each([
    ['chat.execute-api.us-east-1.amazonaws.com', '/dev', 'chat/dev|'],
    ['chat.localhost:8080', '/dev', 'chat/dev|'],
    ['chat.localhost', '/dev/', 'chat/dev|'],
    ['CHAT.Example.COM', '/dev', 'chat/dev|'],
    ['chat.example.com.', '/dev', 'chat/dev|'],
    ['chat.localhost', '/d%65v', 'chat/dev|'],
    ['chat.localhost', '/dev/@connections/abc%3D', 'chat/dev|@connections,abc%3D'],
    ['chat.localhost', '/dev/%40connections/abc=', 'chat/dev|%40connections,abc='],
    ['chat.localhost', '/dev/extra', 'chat/dev|extra'],
    ['chat.localhost', '/dev//', 'chat/dev|'],
    ['chat.localhost', '/DEV', 'unknown'],
    ['chat.localhost', '/', 'unknown'],
    ['chat.localhost', '', 'unknown'],
    ['chat.localhost', 'dev', 'unknown'],
    ['chat.localhost', '//dev', 'unknown'],
    ['chat.localhost', '/live', 'unknown'],
    ['chat.localhost', '/%', 'unknown'],
    ['chat.localhost', '/%2e%2e/dev', 'unknown'],
    ['chat.localhost', '/dev%2Fx', 'unknown'],
  ])('[CN-101] %s%s is %s', (host, path, result) => {
    expect(resolve(two, host, path)).toBe(result);
  });

  it('[CN-101] a host label that names an API wins over the path', () => {
    expect(resolve(two, 'chat.localhost', '/orders/dev')).toBe('chat/orders|dev');
    expect(resolve(two, 'chat.localhost', '/orders/live')).toBe('chat/orders|live');
    expect(resolve(two, 'orders.localhost', '/chat/dev')).toBe('unknown');
    expect(resolve(withDefault, 'orders.localhost', '/live')).toBe('orders/live|');
  });

  it('[CN-101] an API id with capitals is found by its host', () => {
    expect(resolve([api('Chat', ['dev']), api('b', ['dev'])], 'chat.localhost', '/dev')).toBe('Chat/dev|');
  });
});

describe('path style', () => {
  it.each([
    'localhost',
    'localhost:8080',
    '127.0.0.1:8080',
    '[::1]:8080',
    '::1',
    'gateway.example.com',
    '',
    ':',
    '[',
    '.',
  ])('[CN-102] host %j names no API', (host) => {
    expect(resolve(two, host, '/chat/dev')).toBe('chat/dev|');
    expect(resolve(two, host, '/chat/dev/')).toBe('chat/dev|');
    expect(resolve(two, host, '/orders/live/%40connections/x')).toBe('orders/live|%40connections,x');
    expect(resolve(two, host, '/ch%61t/d%65v')).toBe('chat/dev|');
    expect(resolve(two, host, '/chat')).toBe('unknown');
    expect(resolve(two, host, '/chat/nope')).toBe('unknown');
    expect(resolve(two, host, '/Chat/dev')).toBe('unknown');
    expect(resolve(one, host, '/dev')).toBe('chat/dev|');
  });

  it('[CN-102] the first number of an IP address is no API id', () => {
    expect(resolve([api('127', ['dev']), api('b', ['x'], { isDefault: true })], '127.0.0.1', '/x')).toBe('b/x|');
  });

  it('[CN-103] the only API, or the default one, needs no name', () => {
    expect(resolve(one, 'localhost', '/dev')).toBe('chat/dev|');
    expect(resolve(one, 'localhost', '/dev/@connections/x')).toBe('chat/dev|@connections,x');
    expect(resolve(withDefault, 'localhost', '/dev')).toBe('chat/dev|');
    expect(resolve(withDefault, 'localhost', '/live')).toBe('unknown');
    expect(resolve([], 'localhost', '/dev')).toBe('unknown');
  });

  it('[CN-103] /{apiId}/{stage} wins over /{stage}/{rest}, which is what is left where it names no stage', () => {
    expect(resolve(one, 'localhost', '/chat/prod')).toBe('chat/prod|');
    expect(resolve(one, 'localhost', '/chat')).toBe('chat/chat|');
    expect(resolve(one, 'localhost', '/chat/@connections/x')).toBe('chat/chat|@connections,x');
    expect(resolve(one, 'localhost', '/chat/chat/@connections/x')).toBe('chat/chat|@connections,x');
  });

  it('[CN-104] without a name and a default among several APIs, only the stage is known', () => {
    expect(resolve(two, 'localhost', '/dev/@connections/x')).toBe('?dev|@connections,x');
    expect(resolve(two, 'localhost', '/d%65v')).toBe('?dev|');
    expect(resolve(two, 'localhost', '/nowhere/@connections/x')).toBe('unknown');
    expect(resolve(two, 'localhost', '/%')).toBe('unknown');
  });

  it('[CN-104] a callback whose address names no API is open even where one API is the default', () => {
    expect(resolve(withDefault, 'localhost', '/dev/%40connections/x')).toBe('?dev|%40connections,x');
    expect(resolve(withDefault, 'localhost', '/dev/%2540connections/x')).toBe('?dev|%2540connections,x');
    expect(resolve(withDefault, 'localhost', '/live/@connections/x')).toBe('?live|@connections,x');
    expect(resolve(withDefault, 'localhost', '/chat/dev/@connections/x')).toBe('chat/dev|@connections,x');
  });

  it('[CN-105] disableExecuteApiEndpoint hides an API from host and path', () => {
    expect(resolve(disabled, 'chat.localhost', '/dev')).toBe('unknown');
    expect(resolve(disabled, 'localhost', '/chat/dev')).toBe('unknown');
    expect(resolve(disabled, 'localhost', '/orders/dev')).toBe('orders/dev|');
    expect(resolve(disabled.slice(0, 1), 'localhost', '/dev')).toBe('unknown');
  });
});

describe('an API that answers by name only', () => {
  const selfTest = api('self-test', ['test', 'dev'], { namedOnly: true });
  const alone = [api('chat', ['dev']), selfTest];

  it('[CN-103] [CN-104] leaves /{stage} to the other one as if that were the only API', () => {
    expect(resolve(alone, 'localhost', '/dev')).toBe('chat/dev|');
    expect(resolve(alone, 'localhost', '/dev/@connections/x')).toBe('chat/dev|@connections,x');
    expect(resolve(alone, 'localhost', '/test')).toBe('unknown');
    expect(resolve(alone, 'localhost', '/test/@connections/x')).toBe('unknown');
    expect(resolve([selfTest], 'localhost', '/test')).toBe('unknown');
  });

  it('[CN-103] [CN-104] changes nothing among several others', () => {
    for (const [path, result] of [
      ['/dev/@connections/x', '?dev|@connections,x'],
      ['/d%65v', '?dev|'],
      ['/test/@connections/x', 'unknown'],
    ] as const)
      expect(resolve([...two, selfTest], 'localhost', path)).toBe(result);
    expect(resolve([...withDefault, selfTest], 'localhost', '/dev')).toBe('chat/dev|');
  });

  it('[CN-101] [CN-102] is found by host label and by path', () => {
    expect(resolve(alone, 'self-test.localhost', '/dev')).toBe('self-test/dev|');
    expect(resolve(alone, 'localhost', '/self-test/dev')).toBe('self-test/dev|');
    expect(resolve(alone, 'localhost', '/self-test/test/@connections/x')).toBe('self-test/test|@connections,x');
  });
});

describe('any text', () => {
  it('never throws, and finds only stages that exist', () => {
    const piece = fc.oneof(
      fc.constantFrom('/', '%', '%40connections', 'chat', 'dev', '@', '.', '[', ']', ':', '__proto__'),
      fc.string(),
    );
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    const stores = [one, two, withDefault, disabled, []].map((apis) => createMemoryDefinitionStore(apis));
    fc.assert(
      fc.property(text, text, fc.constantFrom(...stores), (host, path, store) => {
        const address = resolveAddress(store, host, `/${path}`);
        if (address.kind === 'stage') expect(store.stage(address.snapshot.scope)).toBe(address.snapshot);
        domainNameOf(host, true);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('domain name', () => {
  it.each([
    ['localhost:8080', false, 'localhost:8080'],
    ['chat.example.com', true, 'chat.example.com'],
    ['Chat.Example.com:443', true, 'chat.example.com'],
    ['chat.example.com:443', false, 'chat.example.com:443'],
    ['chat.example.com:80', false, 'chat.example.com'],
    ['[::1]:8080', false, '[::1]:8080'],
    ['[::1]:80', false, '[::1]'],
    ['[::1]', false, '[::1]'],
    ['', false, ''],
  ])('[CN-106] host %s with TLS %s is %s', (host, tls, domainName) => {
    expect(domainNameOf(host, tls)).toBe(domainName);
  });
});
