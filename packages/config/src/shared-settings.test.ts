import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { type LoadOptions, loadSettings } from './load-settings.js';
import { problemLines } from './problem-lines.fixture.js';
import { ConfigError } from './problems.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-shared-'));
afterAll(() => rmSync(directory, { recursive: true }));

const apis = 'apis: { chat: { routes: {}, stages: { dev: , live: } }, orders: { routes: {}, stages: { v1: } } }\n';
const value = (letter: string) => letter.repeat(24);

function load(rest: string, options: Partial<LoadOptions> = {}, definitions = apis) {
  writeFileSync(join(directory, 'sluice.yaml'), `${definitions}${rest}`);
  return loadSettings({ command: 'start', env: {}, cwd: directory, openFilesMax: 20_000, ...options });
}

function problemsOf(rest: string, options: Partial<LoadOptions> = {}): string {
  return problemLines(() => load(rest, options)).join('\n');
}

function secret(name: string, content: string): string {
  writeFileSync(join(directory, name), content);
  return name;
}

describe('without any of it', () => {
  it('[ST-11] nothing is shared, nothing limited, nothing signed', () => {
    expect(load('')).toMatchObject({
      shared: { domainNames: [], apiKeys: [], usagePlans: [] },
      lambda: { endpoint: undefined, functions: {} },
      aws: { region: 'us-east-1', accountId: '000000000000', credentials: undefined, endpoints: {} },
      account: { throttleZeroMeansUnset: false },
      edge: { trustedProxies: [] },
    });
    expect(Object.keys(load('').account)).toEqual(['throttleZeroMeansUnset']);
  });
});

describe('domainNames', () => {
  it('[RT-37] lead to stages by mapping key', () => {
    const { shared } = load(`domainNames:
  WS.Example.com:
    domainName: WS.Example.com
    apiMappings: { "": { api: chat, stage: dev }, "v1-$_.+!*'()": { apiId: orders, stage: v1, apiMappingKey: "v1-$_.+!*'()" } }
    domainNameConfigurations: [{ certificateArn: x, endpointType: REGIONAL }]
  "*.example.com": { apiMappings: { x: { api: chat, stage: live } }, apiMappingSelectionExpression: $request.basepath, routingMode: API_MAPPING_ONLY, tags: { a: b } }
`);
    expect(shared.domainNames).toEqual([
      {
        domainName: 'ws.example.com',
        apiMappings: { '': { apiId: 'chat', stage: 'dev' }, "v1-$_.+!*'()": { apiId: 'orders', stage: 'v1' } },
      },
      { domainName: '*.example.com', apiMappings: { x: { apiId: 'chat', stage: 'live' } } },
    ]);
  });

  it.each<[string, string, string]>([
    [
      'an unknown API',
      '{ a.example.com: { apiMappings: { x: { api: chad, stage: dev } } } }',
      'apiMappings.x.api is "chad", which is no API of this file; did you mean chat?',
    ],
    [
      'an unknown stage',
      '{ a.example.com: { apiMappings: { x: { api: chat, stage: def } } } }',
      'apiMappings.x.stage is "def", which is no stage of the API chat; did you mean dev?',
    ],
    [
      'a stage of another API',
      '{ a.example.com: { apiMappings: { x: { api: chat, stage: v1 } } } }',
      'is no stage of the API chat; there are dev, live',
    ],
    ['no API', '{ a.example.com: { apiMappings: { x: { stage: dev } } } }', 'apiMappings.x.api is missing'],
    [
      'a key of two segments',
      '{ a.example.com: { apiMappings: { "a/b": { api: chat, stage: dev } } } }',
      'apiMappings.a/b is no possible name; allowed: one path segment',
    ],
    [
      'a long key',
      `{ a.example.com: { apiMappings: { ${'k'.repeat(301)}: { api: chat, stage: dev } } } }`,
      'is no possible name',
    ],
    ['a port', '{ "a.example.com:443": {} }', 'is no possible name; allowed: a domain name'],
    ['a star inside', '{ "a.*.example.com": {} }', 'is no possible name'],
    ['a bare label', '{ localhost: {} }', 'is no possible name'],
    [
      'a domain in two cases',
      '{ a.example.com: {}, A.example.com: {} }',
      'stands twice; upper and lower case are the same domain',
    ],
  ])('[ST-8] %s is refused', (_what, domains, expected) => {
    expect(problemsOf(`domainNames: ${domains}\n`)).toContain(expected);
  });

  it('[RT-37] their selection expression is $request.basepath and nothing else', () => {
    expect(
      problemsOf('domainNames: { a.example.com: { apiMappingSelectionExpression: $request.body.x } }\n'),
    ).toContain('apiMappingSelectionExpression is "$request.body.x"; allowed: $request.basepath');
  });

  it('[QU-13] more than 120 custom domains are refused', () => {
    const many = Array.from({ length: 121 }, (_, i) => `d${i}.example.com: {}`).join(', ');
    expect(problemsOf(`domainNames: { ${many} }\n`)).toContain('domainNames has 121 entries; at most 120 are allowed');
  });
});

describe('API keys and usage plans', () => {
  const keys = `apiKeys: { gold: { value: ${value('g')} }, off: { value: ${value('o')}, enabled: false, name: Off } }\n`;

  it('resolve, the keys of a mounted file too', () => {
    const file = secret('api-keys.yaml', `{ mounted: { value: ${value('m')} } }`);
    const { shared } = load(`${keys}apiKeysFile: ${file}
usagePlans:
  p: { apiStages: [{ api: chat, stage: dev }, { apiId: orders, stage: v1 }], apiKeys: [gold, mounted], throttle: { rateLimit: 10, burstLimit: 20 }, quota: { limit: 1000, period: DAY } }
  q: { name: Q }
`);
    expect(shared.apiKeys).toEqual([
      { apiKeyId: 'gold', name: 'gold', value: value('g'), enabled: true },
      { apiKeyId: 'off', name: 'Off', value: value('o'), enabled: false },
      { apiKeyId: 'mounted', name: 'mounted', value: value('m'), enabled: true },
    ]);
    expect(shared.usagePlans).toEqual([
      {
        usagePlanId: 'p',
        name: 'p',
        apiStages: [
          { apiId: 'chat', stage: 'dev' },
          { apiId: 'orders', stage: 'v1' },
        ],
        apiKeyIds: ['gold', 'mounted'],
        throttle: { rateLimit: 10, burstLimit: 20 },
        quota: { limit: 1000, offset: 0, period: 'DAY' },
      },
      { usagePlanId: 'q', name: 'Q', apiStages: [], apiKeyIds: [] },
    ]);
    expect(load(keys, { env: { SLUICE_API_KEYS_FILE: file } }).shared.apiKeys).toHaveLength(3);
  });

  it.each<[string, string, string]>([
    [
      'a key that is not there',
      `${keys}usagePlans: { p: { apiKeys: [golden, gild] } }`,
      'usagePlans.p.apiKeys[1] is "gild", which is no key in apiKeys; did you mean gold?',
    ],
    [
      'a stage that is not there',
      'usagePlans: { p: { apiStages: [{ api: chat, stage: v1 }] } }',
      'usagePlans.p.apiStages[0].stage is "v1", which is no stage of the API chat',
    ],
    [
      'one value for two keys',
      `apiKeys: { a: { value: ${value('v')} }, b: { value: ${value('v')} } }`,
      'apiKeys.b.value is that of a too',
    ],
    [
      'a short value',
      'apiKeys: { a: { value: planted } }',
      'apiKeys.a.value is a text; allowed: text of 20 to 128 characters',
    ],
    ['a value in the place of a key', 'apiKeys: { a: planted-planted-planted }', 'apiKeys.a is a text; allowed: a map'],
    ['another period', 'usagePlans: { p: { quota: { limit: 1, period: HOUR } } }', 'allowed: DAY, WEEK, MONTH'],
  ])('%s is refused', (_what, rest, expected) => {
    const lines = problemsOf(`${rest}\n`);
    expect(lines).toContain(expected);
    expect(lines).not.toContain('planted');
    expect(lines).not.toContain(value('v'));
  });

  it('[ST-9] the mistakes of a mounted file have its places and none of its secrets', () => {
    const file = secret('bad-keys.yaml', 'a: { value: planted1 }\nb: planted2-planted2-planted2\nc: { valu: x }\n');
    const lines = problemsOf(`apiKeysFile: ${file}\n`).split('\n');
    expect(lines[0]).toBe('bad-keys.yaml:1:13: apiKeys.a.value is a text; allowed: text of 20 to 128 characters');
    expect(lines.join('\n')).toContain('bad-keys.yaml:2:4: apiKeys.b is a text');
    expect(lines.join('\n')).toContain('apiKeys.c.valu is no known key; did you mean value?');
    expect(lines.join('\n')).not.toMatch(/planted/);
    expect(problemsOf('apiKeysFile: nowhere.yaml\n')).toContain('nowhere.yaml: there is no such file');
    const again = secret('again.yaml', `gold: { value: ${value('z')} }`);
    expect(problemsOf(`${keys}apiKeysFile: ${again}\n`)).toContain('apiKeys.gold stands in apiKeysFile too');
  });

  it('a stage that wants a key which no plan gives is warned of', () => {
    const wanting = 'apis: { chat: { routes: { $connect: { apiKeyRequired: true } }, stages: { dev: , live: } } }\n';
    const plans = `${keys}usagePlans: { p: { apiStages: [{ api: chat, stage: dev }], apiKeys: [gold] } }\n`;
    expect(load(plans, {}, wanting).warnings).toEqual([
      'stage live of chat wants an API key, and no usage plan gives it one: nobody can connect',
    ]);
  });
});

describe('aws and lambda', () => {
  it('[ST-9] credentials come from the file, a mounted file or variables, and are never shown', () => {
    const file = secret('aws.yaml', '{ accessKeyId: AK, secretAccessKey: sk, sessionToken: t }');
    expect(load(`aws: { credentialsFile: ${file} }\n`).aws.credentials).toEqual({
      accessKeyId: 'AK',
      secretAccessKey: 'sk',
      sessionToken: 't',
    });
    const env = { SLUICE_AWS_SECRET_ACCESS_KEY: 'other', SLUICE_AWS_SESSION_TOKEN: 'st' };
    expect(load('aws: { credentials: { accessKeyId: AK, secretAccessKey: sk } }\n', { env }).aws.credentials).toEqual({
      accessKeyId: 'AK',
      secretAccessKey: 'other',
      sessionToken: 'st',
    });
    const bad = secret('bad-aws.yaml', '{ accessKeyId: AK, secretAccessKey: [planted], sessionToken: 5 }');
    const lines = [
      problemsOf(`aws: { credentialsFile: ${bad} }\n`),
      problemsOf('aws: { credentials: "AK:planted" }\n'),
      problemsOf(`aws: { credentialsFile: ${secret('text.yaml', 'planted')} }\n`),
      problemsOf('', { env: { SLUICE_AWS_SECRET_ACCESS_KEY: 'planted' } }),
      problemsOf('lambda: { endpoint: "http://u:planted@h/" }\n'),
      problemsOf('aws: { endpoints: { sqs: "http://u:planted@h/" } }\n'),
    ];
    for (const each of lines) expect(each).not.toBe('');
    expect(lines.join('\n')).not.toContain('planted');
    expect(lines[0]).toContain('bad-aws.yaml:1:37: credentials.secretAccessKey');
    expect(lines[3]).toMatch(/aws\.credentials\.accessKeyId is missing/);
    expect(lines[4]).toContain('user and password in a URL are not sent');
  });

  it('endpoints are URLs that may be a back end', () => {
    const { lambda, aws } = load(
      'lambda: { endpoint: "http://127.0.0.1:9001", functions: { chat: "https://f.example/x", "chat:live": "http://h" } }\naws: { region: eu-west-1, accountId: "123456789012", endpoints: { sqs: "http://127.0.0.1:4566" } }\n',
    );
    expect(lambda).toEqual({
      endpoint: 'http://127.0.0.1:9001',
      functions: { chat: 'https://f.example/x', 'chat:live': 'http://h' },
    });
    expect(aws).toMatchObject({ region: 'eu-west-1', endpoints: { sqs: 'http://127.0.0.1:4566' } });
    expect(problemsOf('lambda: { functions: { chat: "http://169.254.169.254/" } }\n')).toContain(
      'lambda.functions.chat is "http://169.254.169.254/"; link-local and metadata addresses are refused',
    );
    expect(problemsOf('aws: { endpoints: { sqs: sqs.local } }\n')).toContain(
      'allowed: an absolute http:// or https:// URL',
    );
    expect(problemsOf('lambda: { functions: { "a b": "http://h/" } }\n')).toContain('is no possible name');
    expect(load('', { env: { SLUICE_AWS_REGION: 'eu-north-1' } }).aws.region).toBe('eu-north-1');
  });

  it('definitions of another region and account than the default of this gateway are warned of', () => {
    const arn = (region: string, account: string) =>
      `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/arn:aws:lambda:${region}:${account}:function:f/invocations`;
    const warningsOf = (text: string, ...arns: string[]) => {
      const routes = arns.map((each, n) => `r${n}: "${each}"`).join(', ');
      const definitions = `apis: { chat: { routes: { ${routes} }, stages: { dev: } } }\nlambda: { endpoint: "http://h" }\n`;
      return load(text, {}, definitions).warnings;
    };
    const abroad = arn('eu-west-1', '123456789012');
    expect(warningsOf('', abroad, abroad)).toEqual([
      expect.stringMatching(/^aws\.region is us-east-1, .* eu-west-1: .* aws: \{ region: "eu-west-1" \}\?$/),
      expect.stringMatching(/^aws\.accountId is 000000000000, .* aws: \{ accountId: "123456789012" \}\?$/),
    ]);
    expect(warningsOf('aws: { region: eu-west-1, accountId: "123456789012" }\n', abroad)).toEqual([]);
    expect(warningsOf('aws: { region: eu-north-1, accountId: "123456789013" }\n', abroad)).toEqual([]);
    expect(warningsOf('', abroad, arn('us-east-1', '000000000000'))).toEqual([]);
    expect(warningsOf('')).toEqual([]);
  });

  it('integration responses that are missing or can never be chosen are warned of', () => {
    const responses = (keys: string) => `integrationResponses: { ${keys} }`;
    const definitions = `apis:
  chat:
    integrations:
      none: { integrationType: MOCK }
      deaf: { integrationType: HTTP, integrationUri: "http://h/", ${responses('"4\\\\d\\\\d": {}, $default: {}, "200": {}, "/5../": {}')} }
      told: { integrationType: AWS, integrationUri: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations", ${responses('denied: {}')} }
      proxy: { integrationType: HTTP_PROXY, integrationUri: "http://h/" }
    routes:
      a: none
      b: deaf
      c: told
      d: proxy
    stages: { dev: }
lambda: { endpoint: "http://h" }
`;
    expect(load('', {}, definitions).warnings).toEqual([
      expect.stringMatching(/^integration none of chat is MOCK and has no integrationResponses/),
      expect.stringMatching(
        /^integrationResponses of integration deaf of chat has the key "4\\\\d\\\\d", which no status is/,
      ),
    ]);
  });

  it('a service that nobody signs for, and a signature that nobody can make, are warned of', () => {
    const definitions = `apis: { chat: { routes: { $connect: { authorizationType: AWS_IAM }, a: { integration: { integrationType: AWS, integrationUri: "arn:aws:apigateway:us-east-1:sqs:path/1/q", integrationResponses: { $default: {} } } } }, stages: { dev: } } }\n`;
    expect(load('', {}, definitions).warnings).toEqual([
      expect.stringMatching(/integration routes\/a of chat calls .*sqs.*aws\.credentials is missing/),
      'apis.chat.routes.$connect wants AWS_IAM, and auth.keys is empty: nobody can pass',
    ]);
  });
});

describe('account', () => {
  it('[ST-11] limits what all APIs take together', () => {
    const account = { throttlingRateLimit: 10_000, throttlingBurstLimit: 5_000, connectRateLimit: 500 };
    expect(load(`account: ${JSON.stringify({ ...account, throttleZeroMeansUnset: true })}\n`).account).toEqual({
      ...account,
      throttleZeroMeansUnset: true,
    });
    expect(problemsOf('account: { connectBurstLimit: 5 }\n')).toContain('has no effect without connectRateLimit');
    expect(problemsOf('account: { throttlingRateLimit: many }\n')).toContain('allowed: a number from 0 to');
  });
});

describe('trusted proxies', () => {
  it('are address ranges', () => {
    expect(load('edge: { trustedProxies: [10.0.0.0/8, "fd00::/8"] }\n').edge.trustedProxies).toEqual([
      '10.0.0.0/8',
      'fd00::/8',
    ]);
    expect(problemsOf('edge: { trustedProxies: [10.0.0.1] }\n')).toContain('allowed: an address range');
    expect(load('edge: {}\n').edge.forwardedHeader).toBe('x-forwarded-for');
    expect(load('edge: { forwardedHeader: forwarded }\n').edge.forwardedHeader).toBe('forwarded');
    expect(problemsOf('edge: { forwardedHeader: via }\n')).toContain('x-forwarded-for');
    expect(load('edge: { proxyProtocol: { port: 8443, trustedProxies: [10.0.0.0/8] } }\n').edge.proxyProtocol).toEqual({
      host: '127.0.0.1',
      port: 8443,
      trustedProxies: ['10.0.0.0/8'],
    });
    expect(problemsOf('edge: { proxyProtocol: { port: 8443, trustedProxies: [] } }\n')).toContain('at least one');
  });
});

describe('tags', () => {
  it('[QU-13] are at most 50, and none begins with aws:', () => {
    const tagged = (tags: string) => problemsOf(`domainNames: { a.example.com: { tags: { ${tags} } } }\n`);
    const many = (count: number) => Array.from({ length: count }, (_, i) => `t${i}: x`).join(', ');
    expect(tagged(many(50))).toBe('');
    expect(tagged(many(51))).toContain('allowed: at most 50 tags');
    expect(tagged('"aws:x": y')).toContain(
      'is no possible name; allowed: 1 to 128 characters, not beginning with aws:',
    );
    expect(tagged(`x: ${'y'.repeat(257)}`)).toContain('text of at most 256 characters');
  });
});

describe('any file', () => {
  it('is taken or refused with lines, never anything else', () => {
    const names = fc.constantFrom(
      ...[
        'chat',
        'dev',
        'stages',
        'routes',
        'authorizers',
        'models',
        'integrations',
        '$connect',
        'a',
        'name',
        'schema',
      ],
      ...['authorizer', 'authorizationType', 'authorizerType', 'identitySource', 'jwtConfiguration', 'requestModels'],
      ...[
        'requestParameters',
        'integrationType',
        'integrationUri',
        'apiMappings',
        'api',
        'stage',
        'apiStages',
        'apiKeys',
      ],
      ...[
        'value',
        'endpoint',
        'functions',
        'credentials',
        'endpoints',
        'routeSettings',
        'accessLogSettings',
        '',
        '*.a.b',
      ],
    );
    const scalars = fc.oneof(
      fc.constantFrom(
        'chat',
        'dev',
        'a',
        'JWT',
        'CUSTOM',
        'AWS_PROXY',
        'REQUEST',
        'arn:aws:apigateway:x:lambda:path/y',
      ),
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium' },
        scalars,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(names, tie('tree'), { maxKeys: 6 }),
      ),
    }));
    const apiTree = fc.record({ routes: tree, stages: tree, authorizers: tree, models: tree, integrations: tree });
    fc.assert(
      fc.property(apiTree, tree, (api, other) => {
        const keys = ['domainNames', 'apiKeys', 'usagePlans', 'lambda', 'aws', 'account'];
        const content = { apis: { chat: api }, ...Object.fromEntries(keys.map((key) => [key, other])) };
        writeFileSync(join(directory, 'sluice.yaml'), JSON.stringify(content));
        try {
          loadSettings({ command: 'start', env: {}, cwd: directory, openFilesMax: 20_000 });
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
    // 500 starts, each with files: 4 s on a quiet machine, 17 s on a busy one.
  }, 60_000);
});
