import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultApiLimits, limits } from '@sluice/contracts';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type LoadOptions, loadSettings } from './load-settings.js';
import { problemLines } from './problem-lines.fixture.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-settings-'));
afterAll(() => rmSync(directory, { recursive: true }));

function load(yaml: string, options: Partial<LoadOptions> = {}) {
  writeFileSync(join(directory, 'sluice.yaml'), yaml);
  return loadSettings({ command: 'start', env: {}, cwd: directory, openFilesMax: 20_000, ...options });
}

function problemsOf(yaml: string, options: Partial<LoadOptions> = {}): string[] {
  return problemLines(() => load(yaml, options));
}

const minimal = 'apis: { chat: { routes: { $default: http://127.0.0.1:9000/ }, stages: { dev: } } }\n';
const key = '{ accessKeyId: AK, secretAccessKey: sk, allow: ["*"] }';
const keyed = `${minimal}auth: { keys: [${key}] }\n`;
const api = (body: string) => `apis:\n  chat:\n    stages: { dev: }\n${body.replace(/^/gm, '    ')}\n`;

const design = `
apis:
  chat:
    routeSelectionExpression: $request.body.action
    integrations:
      backend: { integrationType: HTTP_PROXY, integrationUri: "http://127.0.0.1:9000/chat", timeoutInMillis: 5000 }
    routes:
      $connect: backend
      sendMessage: { integration: backend, routeResponse: true }
      $default: http://127.0.0.1:9000/default
    stages:
      dev: { stageVariables: { table: messages } }
`;

describe('loadSettings: the API definitions', () => {
  it('resolves the example of the design', () => {
    const [api] = load(design).apis;
    expect(api).toMatchObject({
      apiId: 'chat',
      name: 'chat',
      routeSelectionExpression: '$request.body.action',
      isDefault: false,
      namedOnly: false,
      limits: defaultApiLimits,
      stages: { dev: { stageName: 'dev', stageVariables: { table: 'messages' } } },
    });
    expect(api?.routes['$connect']).toEqual({
      routeKey: '$connect',
      integrationId: 'backend',
      hasRouteResponse: false,
    });
    expect(api?.routes['sendMessage']).toMatchObject({ integrationId: 'backend', hasRouteResponse: true });
    const short = api?.integrations[api.routes['$default']?.integrationId ?? ''];
    expect(short).toMatchObject({
      integrationType: 'HTTP_PROXY',
      integrationMethod: 'POST',
      integrationUri: 'http://127.0.0.1:9000/default',
      timeoutInMillis: limits.integrationTimeoutMs,
    });
    expect(api?.integrations['backend']).toMatchObject({ timeoutInMillis: 5000, passthroughBehavior: 'WHEN_NO_MATCH' });
  });

  it('takes a route in each of its forms', () => {
    const routes = load(
      api(`integrations: { m: { integrationType: MOCK } }
routes:
  a: m
  b: { target: integrations/m, routeResponses: { $default: {} } }
  c: { integration: https://h.example/x }
  d: { integration: { integrationType: HTTP, integrationUri: http://h/, integrationMethod: ANY } }
  e: {}
  f: { integration: m, routeResponse: false, authorizationType: NONE, apiKeyRequired: false, operationName: x }`),
    ).apis[0]?.routes;
    expect(Object.values(routes ?? {}).map((r) => [r.integrationId, r.hasRouteResponse])).toEqual([
      ['m', false],
      ['m', true],
      ['routes/c', false],
      ['routes/d', false],
      [undefined, false],
      ['m', false],
    ]);
  });

  it('keeps integration responses in the order of the file, numbers too', () => {
    const [definition] = load(
      api(`routes: {}
integrations:
  x: { integrationType: MOCK, integrationResponses: { "/2../": , "500": , "200": { responseTemplates: { $default: ok } }, $default: } }`),
    ).apis;
    const keys = definition?.integrations['x']?.integrationResponses.map((each) => each.integrationResponseKey);
    expect(keys).toEqual(['/2../', '500', '200', '$default']);
  });

  it('finds nothing of Object.prototype in its maps', () => {
    const [definition] = load(design).apis;
    expect(definition?.routes['constructor']).toBeUndefined();
    expect(definition?.integrations['toString']).toBeUndefined();
  });

  it('overrides limits per API', () => {
    const [definition] = load(api('limits: { idleTimeoutMs: 1000 }\nroutes: {}')).apis;
    expect(definition?.limits).toEqual({ ...defaultApiLimits, idleTimeoutMs: 1000 });
  });

  it('accepts JSON, anchors and merge keys', () => {
    expect(load(JSON.stringify({ apis: { a: { routes: {}, stages: { dev: {} } } } })).apis[0]?.apiId).toBe('a');
    const merged = load(
      api(`integrations:
  one: &one { integrationType: HTTP, integrationUri: http://h/ }
  two: { <<: *one, timeoutInMillis: 77 }
routes: {}`),
    );
    expect(merged.apis[0]?.integrations['two']).toMatchObject({ integrationUri: 'http://h/', timeoutInMillis: 77 });
  });
});

describe('loadSettings: what is wrong is named with place, path, value and what would be right', () => {
  it.each<[string, string, string]>([
    [
      '[QU-8] a range',
      api('integrations: { b: { integrationType: HTTP, integrationUri: http://h/, timeoutInMillis: 5 } }\nroutes: {}'),
      'sluice.yaml:4:93: apis.chat.integrations.b.timeoutInMillis is 5; Timeout should be between 50 ms and 29000 ms',
    ],
    [
      'a misspelt key',
      api('rutes: {}\nroutes: {}'),
      'sluice.yaml:4:5: apis.chat.rutes is no known key; did you mean routes?',
    ],
    ['a key like no other', api('zzz: 1\nroutes: {}'), 'apis.chat.zzz is no known key; allowed: name, protocolType'],
    [
      'a key inside a route',
      api('routes: { a: { integrashun: x } }'),
      'apis.chat.routes.a.integrashun is no known key; did you mean integration?',
    ],
    [
      'a wrong enum',
      api('integrations: { b: { integrationType: HTTPS } }\nroutes: {}'),
      'apis.chat.integrations.b.integrationType is "HTTPS"; allowed: HTTP_PROXY, HTTP, MOCK, AWS_PROXY, AWS',
    ],
    [
      'a wrong type',
      api('routes: { $default: 5 }'),
      'apis.chat.routes.$default is 5; allowed: the name of an integration, a URL, or a map',
    ],
    [
      'a number as text',
      `${minimal}edge: { port: "80a" }`,
      'edge.port is "80a"; allowed: a whole number from 0 to 65535',
    ],
    [
      'an integration that is not there',
      api('integrations: { backend: { integrationType: MOCK } }\nroutes: { a: bakend }'),
      'apis.chat.routes.a is "bakend", which is neither a URL nor an integration of this API; did you mean backend?',
    ],
    [
      '[RT-32] a reserved route key',
      api('routes: { $other: http://h/ }'),
      'apis.chat.routes.$other is no possible name',
    ],
    ['[RT-32] a long route key', api(`routes: { ${'k'.repeat(129)}: http://h/ }`), 'is no possible name'],
    [
      'a stage name',
      'apis: { chat: { routes: {}, stages: { "a b": } } }',
      'apis.chat.stages["a b"] is no possible name; allowed: 1 to 128',
    ],
    ['an API id', 'apis: { Chat_1: { routes: {}, stages: { dev: } } }', 'apis.Chat_1 is no possible name'],
    ['no stage', 'apis: { chat: { routes: {}, stages: {} } }', 'apis.chat.stages has no stage'],
    ['no API', 'apis: {}', 'apis has no API'],
    ['no apis at all', 'edge: { port: 1 }', 'apis is missing'],
    [
      'two defaults',
      'apis: { a: { default: true, routes: {}, stages: { d: } }, b: { default: true, routes: {}, stages: { d: } } }',
      'apis.b.default is true, but a is the default already',
    ],
    ['a URL that is none', api('routes: { a: "http://" }'), 'allowed: an absolute http:// or https:// URL'],
    ['another scheme', api('routes: { a: "ftp://h/" }'), 'allowed: an absolute http:// or https:// URL'],
    ['a password in a URL', api('routes: { a: "http://u:p@h/" }'), 'user and password in a URL are not sent'],
    [
      'a metadata address',
      api('routes: { a: "http://169.254.169.254/latest" }'),
      'link-local and metadata addresses are refused',
    ],
    [
      'a metadata address in other clothes',
      api('routes: { a: "http://2852039166/", b: "http://[fe80::1]/", c: "http://[::ffff:169.254.169.254]/" }'),
      'link-local and metadata addresses are refused',
    ],
    [
      'an absent stage variable',
      api('routes: { a: "http://${stageVariables.host}/" }'),
      'needs the stage variable host, which stage dev does not have',
    ],
    [
      'a missing URL',
      api('integrations: { b: { integrationType: HTTP } }\nroutes: {}'),
      'apis.chat.integrations.b.integrationUri is missing; HTTP needs a URL',
    ],
    [
      'a URL for MOCK',
      api('integrations: { b: { integrationType: MOCK, integrationUri: http://h/ } }\nroutes: {}'),
      'is not for MOCK',
    ],
    ['__proto__', api('routes: { __proto__: http://h/ }'), '__proto__ is not allowed as a name'],
    ['a list for a map', 'apis: []', 'apis is a list; allowed: a map of API ids to APIs'],
    [
      'a secret in a wrong place',
      `${minimal}auth: { keys: [{ accessKeyId: A, secretAccessKey: [x], allow: ["*"] }] }`,
      'auth.keys[0].secretAccessKey is object; allowed: text',
    ],
    [
      'a key that may do nothing',
      `${minimal}auth: { keys: [{ accessKeyId: A, secretAccessKey: s }] }`,
      'auth.keys[0].allow is missing; allowed: a list of ARN patterns',
    ],
  ])('%s', (_what, yaml, expected) => {
    expect(problemsOf(yaml).join('\n')).toContain(expected);
  });

  it.each<[string, string, RegExp]>([
    ['apis.chat.routes.a.deduplicate', api('routes: { a: { deduplicate: true } }'), /not available in this version/],
    ['routes.a.allowedOrigins', api('routes: { a: { allowedOrigins: [] } }'), /clients are let in unchecked/],
    [
      'integrations.b.asynchronous',
      api('integrations: { b: { integrationType: MOCK, asynchronous: true } }\nroutes: {}'),
      /without it the file can be used/,
    ],
    ['corsConfiguration', api('corsConfiguration: {}\nroutes: {}'), /Cors is not supported for WEBSOCKET protocolType/],
    ['chat.target', api('target: http://h/\nroutes: {}'), /for HTTP APIs/],
    ['a.throttle', api('routes: { a: { throttle: {} } }'), /routeSettings/],
    [
      'integrationSubtype',
      api('integrations: { b: { integrationType: MOCK, integrationSubtype: x } }\nroutes: {}'),
      /is for HTTP APIs only/,
    ],
    [
      'authorizerPayloadFormatVersion',
      api(
        'authorizers: { a: { authorizerType: REQUEST, authorizerUri: "http://h/", authorizerPayloadFormatVersion: "2.0" } }\nroutes: {}',
      ),
      /AuthorizerPayloadFormatVersion cannot be set for WEBSOCKET protocol Apis\./,
    ],
    [
      'enableSimpleResponses',
      api(
        'authorizers: { a: { authorizerType: REQUEST, authorizerUri: "http://h/", enableSimpleResponses: true } }\nroutes: {}',
      ),
      /EnableSimpleResponses cannot be set for WEBSOCKET protocol Apis\./,
    ],
    [
      'mutualTlsAuthentication',
      `${minimal}domainNames: { ws.example.com: { mutualTlsAuthentication: {} } }`,
      /not known for WebSocket APIs/,
    ],
  ])('[ST-10] %s is refused with the reason, never overlooked', (name, yaml, reason) => {
    const [first = '', ...more] = problemsOf(yaml);
    expect(more).toEqual([]);
    expect(first).toContain(name);
    expect(first).toMatch(reason);
  });

  it('warns of a route selection expression that forgot its $, and of no other text', () => {
    const warningsOf = (expression: string) =>
      load(minimal.replace('{ routes', `{ routeSelectionExpression: '${expression}', routes`)).warnings;
    expect(warningsOf('request.body.action')).toEqual([expect.stringMatching(/chat.*has no \$ before request\.body/)]);
    for (const fine of ['$request.body.action', 'v1/${request.body.action}', 'action', '\\$default'])
      expect(warningsOf(fine)).toEqual([]);
  });

  it('says what to do where the default file is missing', () => {
    expect(() => loadSettings({ command: 'start', cwd: '/', env: {} })).toThrow(
      /sluice\.yaml: there is no such file; write one, or name another with --config/,
    );
    const named = { command: 'start', cwd: '/', env: {}, flags: { config: 'x.yaml' } } as const;
    expect(() => loadSettings(named)).toThrow(/x\.yaml: there is no such file$/);
  });

  it('reports everything at once: file, flags, variables and duplicate keys', () => {
    const yaml = `${api('rutes: {}\nroutes: { a: nowhere, b: 7 }\nlimits: { idleTimeoutMs: soon }')}edge: {}\nedge: {}\n`;
    const lines = problemsOf(yaml, {
      flags: { port: 'eighty' },
      env: { SLUICE_ADMIN_PORT: '-1', SLUICE_REDIS_ULR: 'x' },
    });
    for (const part of [
      'edge stands twice',
      'apis.chat.rutes',
      'apis.chat.routes.a',
      'apis.chat.routes.b',
      'apis.chat.limits.idleTimeoutMs is "soon"; allowed: a whole number',
      '--port: edge.port is "eighty"',
      'SLUICE_ADMIN_PORT: admin.port is -1',
      'SLUICE_REDIS_ULR: is no known variable; did you mean SLUICE_REDIS_URL?',
    ]) {
      expect(lines.join('\n')).toContain(part);
    }
    expect(new Set(lines).size).toBe(lines.length);
  });

  it('names both API definitions of one id', () => {
    expect(
      problemsOf('apis:\n  chat: { routes: {}, stages: { d: } }\n  chat: { routes: {}, stages: { d: } }\n'),
    ).toEqual(['sluice.yaml:3:3: chat stands twice in the same map; each key can be there once']);
  });

  it.each(['apis: [\n', 'a: b: c\n', '\t- x', '"\\x"'])('%j is no valid YAML, with its place', (yaml) => {
    expect(problemsOf(yaml)[0]).toMatch(/^sluice\.yaml:\d+:\d+: is no valid YAML/);
  });

  it('says of a missing file which, and checks flags and variables all the same', () => {
    const run = () =>
      loadSettings({ command: 'start', flags: { config: '/nowhere.yaml', port: 'x' }, env: { SLUICE_X: '1' } });
    expect(run).toThrow(/nowhere\.yaml: there is no such file[\s\S]*--port: edge\.port[\s\S]*SLUICE_X: is no known/);
  });

  it('gives expressions to the checkers of the composition and places their complaints', () => {
    const refuse = (text: string) => {
      if (text.includes('bad')) throw new Error('not an expression');
    };
    const checkers = {
      routeSelection: refuse,
      requestTemplateSelection: refuse,
      responseTemplateSelection: refuse,
      integrationResponseKey: refuse,
    };
    const yaml = api(`routeSelectionExpression: bad1
integrations: { b: { integrationType: MOCK, templateSelectionExpression: bad2, integrationResponses: { bad3: { templateSelectionExpression: bad4 } } } }
routes: {}`);
    expect(
      problemsOf(yaml, { checkers }).map((line) => /"(bad\d)|(bad\d):/.exec(line)?.[0].replace(/\W/g, '')),
    ).toEqual(['bad1', 'bad2', 'bad3', 'bad4']);
  });

  it('never fails in any other way, whatever the file holds', () => {
    const scalars = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
    const names = fc.constantFrom(
      'apis',
      'chat',
      'routes',
      'stages',
      'integrations',
      'auth',
      'keys',
      'redis',
      '$default',
      '__proto__',
      'x',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium' },
        scalars,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(names, tie('tree'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (content) => void problemsOf(JSON.stringify({ apis: content, auth: content }))),
      { numRuns: 300 },
    );
  });
});

describe('loadSettings: the process', () => {
  it('is complete by default: standalone on loopback, open, without Redis', () => {
    const settings = load(minimal);
    expect(settings).toMatchObject({
      command: 'start',
      edge: { host: '127.0.0.1', port: 8080, maxConnections: 19_000, pageHtml: undefined },
      admin: { host: '127.0.0.1', port: 8081 },
      router: { inflightMax: limits.routerInflightMax, drainWorkMs: limits.drainWorkMs },
      redis: undefined,
      auth: { callback: 'none', keys: [] },
      egress: { allow: [] },
      aws: { region: 'us-east-1', accountId: '000000000000' },
      log: { level: 'info' },
      tracing: { exporter: 'none' },
      warnings: [],
    });
    expect(settings.edge.drain).toEqual({ holdMs: 0, windowMs: 1_000, settleMs: 10_000 });
    expect(settings.callback.drainHoldMs).toBe(0);
    const member = load(keyed, { env: { SLUICE_REDIS_URL: 'redis://r' } });
    expect(member.edge.drain).toEqual({ holdMs: 5_000, windowMs: 60_000, settleMs: 10_000 });
    expect(member.callback.drainHoldMs).toBe(5_000);
  });

  it('takes the flag over the variable over the file', () => {
    const yaml = `${minimal}edge: { port: 1 }\nadmin: { port: 2 }\nlog: { level: warn }\n`;
    const env = { SLUICE_PORT: '11', SLUICE_ADMIN_PORT: '12', SLUICE_LOG_LEVEL: '' };
    const settings = load(yaml, { flags: { port: '21' }, env });
    expect([settings.edge.port, settings.admin.port, settings.log.level]).toEqual([21, 12, 'warn']);
  });

  it('means by --port the port of the process that is started', () => {
    const env = { SLUICE_PORT: '7', SLUICE_REDIS_URL: 'redis://r' };
    expect(load(keyed, { command: 'callback', env }).callback.port).toBe(7);
    expect(load(keyed, { command: 'edge', env }).edge.port).toBe(7);
  });

  it('overlooks what Kubernetes sets for a Service called sluice', () => {
    const env = {
      SLUICE_PORT: 'tcp://10.0.0.1:8080',
      SLUICE_SERVICE_HOST: '10.0.0.1',
      SLUICE_EDGE_SERVICE_PORT_HTTP: '80',
      SLUICE_PORT_8080_TCP_ADDR: '10.0.0.1',
    };
    expect(load(minimal, { env }).edge.port).toBe(8080);
  });

  it.each(['edge', 'router', 'callback'] as const)('%s needs Redis', (command) => {
    expect(problemsOf(keyed, { command }).join()).toMatch(/redis is missing: .*--redis .*SLUICE_REDIS_URL/);
  });

  it('is closed without a key wherever it is not a developer’s own machine', () => {
    const closed = /has no key.*accessKeyId.*callback: none/;
    const env = { SLUICE_REDIS_URL: 'redis://127.0.0.1:6379' };
    expect(problemsOf(minimal, { env })[0]).toMatch(closed);
    expect(problemsOf(minimal, { flags: { host: '0.0.0.0' } })[0]).toMatch(closed);
    expect(problemsOf(minimal, { command: 'edge', env })[0]).toMatch(closed);
    expect(problemsOf(minimal, { command: 'callback', env })[0]).toMatch(closed);
    expect(load(minimal, { command: 'router', env }).auth.callback).toBe('sigv4');
    expect(load(minimal, { flags: { host: '0.0.0.0', auth: 'none' } }).warnings[0]).toMatch(/whoever reaches it/);
  });

  it('reads keys from a mounted file too, and never shows a secret', () => {
    mkdirSync(join(directory, 'secret'), { recursive: true });
    writeFileSync(join(directory, 'secret', 'keys.yaml'), `[${key}]`);
    const settings = load(`${minimal}auth: { callback: sigv4, keysFile: secret/keys.yaml }`);
    expect(settings.auth.keys).toEqual([
      { accessKeyId: 'AK', secretAccessKey: 'sk', sessionToken: undefined, allow: ['*'] },
    ]);
    expect(problemsOf(`${minimal}auth: { keys: [${key}], keysFile: secret/keys.yaml }`)[0]).toContain('has AK twice');
    writeFileSync(
      join(directory, 'secret', 'keys.yaml'),
      '[{ accessKeyId: "a b", secretAccessKey: planted1, allow: planted2 }]',
    );
    const lines = problemsOf(`${minimal}auth: { keysFile: secret/keys.yaml }`);
    expect(lines[0]).toMatch(/^secret\/keys\.yaml:1:\d+: \[0\]\.accessKeyId is "a b"/);
    expect(lines.join()).not.toContain('planted1');
  });

  it('resolves Redis: standalone, Sentinel, Cluster, credentials apart', () => {
    const env = { SLUICE_REDIS_URL: 'redis://r:1/2', SLUICE_REDIS_PASSWORD: 'p@ss' };
    expect(load(keyed, { env }).redis).toEqual({
      mode: 'standalone',
      url: 'redis://:p%40ss@r:1/2',
      nodes: [],
      sentinelName: 'mymaster',
      keyPrefix: 'sluice',
      shards: 1,
    });
    const cluster = load(`${keyed}redis: { mode: cluster, nodes: ["a:1", "b:2"], keyPrefix: x }`).redis;
    expect(cluster).toMatchObject({ mode: 'cluster', nodes: ['a:1', 'b:2'], shards: 16, keyPrefix: 'x' });
    expect(problemsOf(`${keyed}redis: { mode: sentinel }`)[0]).toContain('redis.nodes is missing; mode sentinel needs');
    expect(problemsOf(`${keyed}redis: {}`)[0]).toContain('redis.url is missing');
    expect(problemsOf(keyed, { env: { SLUICE_REDIS_URL: 'http://r' } })[0]).toMatch(
      /^SLUICE_REDIS_URL: redis\.url is a text; allowed: redis:/,
    );
    expect(problemsOf(keyed, { flags: { redis: 'redis://:planted@' } }).join()).not.toContain('planted');
  });

  it('reads the page beside the file', () => {
    writeFileSync(join(directory, 'index.html'), '<p>hello');
    expect(load(`${minimal}edge: { page: index.html }`).edge.pageHtml).toBe('<p>hello');
    expect(problemsOf(`${minimal}edge: { page: nowhere.html }`)[0]).toMatch(
      /edge\.page is "nowhere\.html", which cannot be read/,
    );
  });

  it('refuses more sockets than files can be opened', () => {
    expect(load(`${minimal}edge: { maxConnections: 19000 }`).edge.maxConnections).toBe(19_000);
    expect(problemsOf(`${minimal}edge: { maxConnections: 19001 }`)[0]).toMatch(
      /edge\.maxConnections is 19001, but this process may open 20000 files.*enough for 19000; raise the limit.*to 20001/,
    );
    const proxied = `proxyProtocol: { port: 0, trustedProxies: [10.0.0.0/8] }`;
    expect(load(`${minimal}edge: { ${proxied} }`).edge.maxConnections).toBe(6_333);
    expect(problemsOf(`${minimal}edge: { maxConnections: 6334, ${proxied} }`)[0]).toMatch(/enough for 6333.*to 20002/);
    // As few as a shell gives by default: what is left is taken, and where nothing is left the start fails.
    expect(load(minimal, { openFilesMax: 1_024 }).edge.maxConnections).toBe(24);
    expect(() => load(minimal, { openFilesMax: 1_000 })).toThrow(/enough for 0; raise the limit.*to 1001/);
    expect(
      load(minimal, { openFilesMax: 1_000, command: 'router', env: { SLUICE_REDIS_URL: 'redis://r' } }).edge
        .maxConnections,
    ).toBe(100_000);
    expect(load(`${minimal}edge: { maxConnections: 500 }`).edge.maxConnections).toBe(500);
  });

  it('starts tracing only when OTEL_* asks', () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=t%201,b=c',
      OTEL_TRACES_SAMPLER_ARG: '0.5',
    };
    expect(load(minimal, { env }).tracing).toEqual({
      exporter: 'otlp',
      endpoint: 'http://c:4318/v1/traces',
      headers: { 'x-tenant': 't 1', b: 'c' },
      sampleRatio: 0.5,
      serviceName: 'sluice',
    });
    expect(load(minimal, { env: { ...env, OTEL_TRACES_SAMPLER: 'parentbased_always_on' } }).tracing.sampleRatio).toBe(
      1,
    );
    expect(load(minimal, { env: { ...env, OTEL_SDK_DISABLED: 'true' } }).tracing.exporter).toBe('none');
    expect(problemsOf(minimal, { env: { OTEL_TRACES_EXPORTER: 'zipkin', OTEL_TRACES_SAMPLER_ARG: '2' } })).toHaveLength(
      2,
    );
  });
});
