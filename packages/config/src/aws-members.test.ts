import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { limits } from '@sluice/contracts';
import { afterAll, describe, expect, it } from 'vitest';
import { type LoadOptions, loadSettings } from './load-settings.js';
import { problemLines } from './problem-lines.fixture.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-members-'));
afterAll(() => rmSync(directory, { recursive: true }));

function load(yaml: string, options: Partial<LoadOptions> = {}) {
  writeFileSync(join(directory, 'sluice.yaml'), yaml);
  return loadSettings({ command: 'start', env: {}, cwd: directory, openFilesMax: 20_000, ...options });
}

function problemsOf(yaml: string, options: Partial<LoadOptions> = {}): string {
  return problemLines(() => load(yaml, options)).join('\n');
}

const api = (body: string, rest = '') =>
  `apis:\n  chat:\n    stages: { dev: }\n${body.replace(/^/gm, '    ')}\n${rest}`;
const stage = (body: string, routes = '{ $connect: {}, a: {} }') =>
  `apis: { chat: { routes: ${routes}, stages: { dev: ${body} } } }\n`;
const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:chat';
const invocation = (arn = functionArn) =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}/invocations`;
const lambda = 'lambda: { endpoint: "http://127.0.0.1:9001" }\n';

describe('authorizers and routes', () => {
  const authorizers = `authorizers:
  ask: { authorizerType: REQUEST, authorizerUri: "${invocation()}", identitySource: "route.request.header.Auth, route.request.querystring.q", authorizerResultTtlInSeconds: 60 }
  web: { authorizerType: REQUEST, name: Web, authorizerUri: "http://127.0.0.1:9000/auth", identitySource: [] }
  body: { authorizerType: REQUEST, authorizerUri: "http://127.0.0.1:9000/auth", identitySource: [route.request.body.token] }
  header: { authorizerType: JWT, identitySource: [$request.header.Authorization], jwtConfiguration: { issuer: "https://id.example.com" } }
  jwt: { authorizerType: JWT, identitySource: ["$request.header.Authorization", route.request.body.token], jwtConfiguration: { issuer: "https://id.example.com", audience: [chat] } }
`;

  it('resolve with their defaults', () => {
    const [definition] = load(
      api(
        `${authorizers}routes:
  $connect: { authorizationType: CUSTOM, authorizerId: ask, apiKeyRequired: true, requestParameters: { route.request.querystring.t: true, route.request.header.X: { required: false } } }
  a: { authorizer: jwt, authorizationScopes: [send], order: connection }
  b: { authorizer: web }
  d: {}`,
        lambda,
      ),
    ).apis;
    expect(definition?.authorizers?.['ask']).toEqual({
      authorizerId: 'ask',
      name: 'ask',
      authorizerType: 'REQUEST',
      authorizerUri: invocation(),
      identitySource: ['route.request.header.Auth', 'route.request.querystring.q'],
      resultTtlSeconds: 60,
    });
    expect(definition?.authorizers?.['web']).toMatchObject({ name: 'Web', identitySource: [], resultTtlSeconds: 0 });
    expect(definition?.authorizers?.['jwt']).toMatchObject({
      authorizerType: 'JWT',
      jwtConfiguration: { issuer: 'https://id.example.com', audience: ['chat'], jwksUri: undefined },
    });
    expect(definition?.routes['$connect']).toMatchObject({
      authorizationType: 'CUSTOM',
      authorizerId: 'ask',
      apiKeyRequired: true,
      requestParameters: {
        'route.request.querystring.t': { required: true },
        'route.request.header.X': { required: false },
      },
    });
    const types = Object.values(definition?.routes ?? {}).map((route) => route.authorizationType);
    expect(types).toEqual(['CUSTOM', 'JWT', 'CUSTOM', 'NONE']);
    expect(definition?.routes['a']).toMatchObject({ authorizationScopes: ['send'], order: 'connection' });
    expect(definition).toMatchObject({ apiKeySource: 'header', binaryFrames: false });
  });

  it.each<[string, string, string]>([
    [
      'an unknown authorizer',
      '{ $connect: { authorizer: asc } }',
      'authorizer is "asc", which is no authorizer of this API; did you mean ask?',
    ],
    [
      'CUSTOM alone',
      '{ $connect: { authorizationType: CUSTOM } }',
      'authorizer is missing; authorizationType CUSTOM needs one',
    ],
    [
      'JWT with the other kind',
      '{ a: { authorizationType: JWT, authorizer: ask } }',
      'authorizationType is JWT, but the authorizer ask is of authorizerType REQUEST, which goes with CUSTOM',
    ],
    [
      'CUSTOM with the other kind',
      '{ a: { authorizationType: CUSTOM, authorizer: jwt } }',
      'authorizationType is CUSTOM, but the authorizer jwt is of authorizerType JWT, which goes with JWT',
    ],
    [
      'NONE with an authorizer',
      '{ $connect: { authorizationType: NONE, authorizer: ask } }',
      'is not for authorizationType NONE, which asks no authorizer',
    ],
    [
      'a body of a handshake',
      '{ $connect: { authorizer: body } }',
      'whose identitySource route.request.body.token never has a value here: a handshake has no body',
    ],
    [
      'a header of messages',
      '{ a: { authorizer: ask } }',
      'whose identitySource route.request.header.Auth never has a value here: a message has a body',
    ],
    [
      'a token in a header of messages',
      '{ a: { authorizer: header } }',
      'whose identitySource $request.header.Authorization never has a value here',
    ],
    [
      'signed messages of unsigned connections',
      '{ a: { authorizationType: AWS_IAM } }',
      'is AWS_IAM, but $connect is not',
    ],
    [
      'two names',
      '{ $connect: { authorizerId: ask, authorizer: ask } }',
      'authorizerId says the same as authorizer; keep one',
    ],
    [
      'scopes for others',
      '{ a: { authorizer: ask, authorizationScopes: [x] } }',
      'Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization type',
    ],
    [
      'an end that is asked for',
      '{ $disconnect: { authorizer: ask } }',
      'a connection that has ended can no longer be refused',
    ],
    ['order of $connect', '{ $connect: { order: connection } }', 'order is for messages'],
    ['a key of messages', '{ a: { apiKeyRequired: true } }', 'is for $connect, the only route that a key comes with'],
    [
      'parameters of messages',
      '{ a: { requestParameters: { route.request.header.X: { required: true } } } }',
      'only $connect has headers and a query',
    ],
    [
      'parameters of another kind',
      '{ $connect: { requestParameters: { route.request.body.x: true } } }',
      'is no possible name; allowed: route.request.header.<name>',
    ],
    [
      'an unknown model',
      '{ a: { modelSelectionExpression: x, requestModels: { x: Msg } } }',
      'is "Msg", which is no model of this API',
    ],
    [
      'no models to choose from',
      '{ a: { modelSelectionExpression: x } }',
      'requestModels is missing; modelSelectionExpression chooses among them',
    ],
  ])('[ST-8] %s is refused', (_what, routes, expected) => {
    expect(problemsOf(api(`${authorizers}routes: ${routes}`, lambda))).toContain(expected);
  });

  it.each<[string, string, string]>([
    ['REQUEST without a target', '{ authorizerType: REQUEST }', 'authorizerUri is missing'],
    [
      'a plain function ARN',
      `{ authorizerType: REQUEST, authorizerUri: "${functionArn}" }`,
      'a plain function ARN is the form of HTTP APIs',
    ],
    [
      'no URL',
      '{ authorizerType: REQUEST, authorizerUri: "ftp://h/" }',
      'allowed: an absolute http:// or https:// URL',
    ],
    [
      'a metadata address',
      '{ authorizerType: REQUEST, authorizerUri: "http://169.254.169.254/" }',
      'link-local and metadata',
    ],
    [
      'keeping without sources',
      '{ authorizerType: REQUEST, authorizerUri: "http://h/", authorizerResultTtlInSeconds: 5 }',
      'results are kept by the values of the identity sources',
    ],
    [
      'keeping too long',
      '{ authorizerType: REQUEST, authorizerUri: "http://h/", identitySource: a, authorizerResultTtlInSeconds: 3601 }',
      'a whole number from 0 to 3600',
    ],
    [
      'REQUEST with a token issuer',
      '{ authorizerType: REQUEST, authorizerUri: "http://h/", jwtConfiguration: { issuer: "https://i" } }',
      'jwtConfiguration is for authorizerType JWT',
    ],
    [
      'JWT with a target',
      '{ authorizerType: JWT, authorizerUri: "http://h/", identitySource: a, jwtConfiguration: { issuer: "https://i" } }',
      'authorizerUri is for authorizerType REQUEST',
    ],
    ['JWT without an issuer', '{ authorizerType: JWT, identitySource: a }', 'jwtConfiguration is missing'],
    [
      'JWT without a place',
      '{ authorizerType: JWT, jwtConfiguration: { issuer: "https://i" } }',
      'identitySource is missing; it says where the token is',
    ],
  ])('authorizers: %s is refused', (_what, authorizer, expected) => {
    expect(problemsOf(api(`authorizers: { a: ${authorizer} }\nroutes: {}`, lambda))).toContain(expected);
  });

  it('AWS_IAM is for messages of signed connections, and sources are for where they have a value', () => {
    const routes = `{ $connect: { authorizationType: AWS_IAM }, a: { authorizationType: AWS_IAM }, b: { authorizer: body }, c: { authorizer: web }, d: { authorizer: jwt } }`;
    expect(problemsOf(api(`${authorizers}routes: ${routes}`, lambda))).toBe('');
  });

  it('[QU-13] more than ten authorizers are refused', () => {
    const many = Array.from({ length: 11 }, (_, i) => `a${i}: { authorizerType: REQUEST, authorizerUri: "http://h/" }`);
    expect(problemsOf(api(`authorizers: { ${many.join(', ')} }\nroutes: {}`))).toContain(
      'authorizers has 11 entries; at most 10 are allowed',
    );
  });

  it('usageIdentifierKey needs an authorizer to come from', () => {
    const yaml = (connect: string) =>
      api(
        `apiKeySelectionExpression: $context.authorizer.usageIdentifierKey\n${authorizers}routes: { $connect: ${connect} }`,
        lambda,
      );
    expect(problemsOf(yaml('{ apiKeyRequired: true }'))).toContain('takes the key from an authorizer');
    expect(load(yaml('{ apiKeyRequired: true, authorizer: ask }')).apis[0]?.apiKeySource).toBe('authorizer');
    expect(problemsOf(api('apiKeySelectionExpression: $request.header.key\nroutes: {}'))).toContain(
      'allowed: $request.header.x-api-key, $context.authorizer.usageIdentifierKey',
    );
  });

  it('models come as text or written out', () => {
    const [definition] = load(
      api(
        'models: { One: { schema: "{}" }, Two: { contentType: application/json, schema: { type: object } } }\nroutes: {}',
      ),
    ).apis;
    expect(definition?.models).toEqual({
      One: { name: 'One', contentType: 'application/json', schema: '{}' },
      Two: { name: 'Two', contentType: 'application/json', schema: '{"type":"object"}' },
    });
    expect(problemsOf(api('models: { my-model: { schema: "{}" } }\nroutes: {}'))).toContain(
      'Model name must be alphanumeric',
    );
    expect(
      problemsOf(api(`models: { M: { schema: "${'x'.repeat(limits.modelSchemaLengthMax + 1)}" } }\nroutes: {}`)),
    ).toContain('models.M.schema');
  });
});

describe('integrations', () => {
  it('take every member of the AWS shape', () => {
    const [definition] = load(
      api(
        `integrations:
  fn: { integrationType: AWS_PROXY, integrationUri: "${invocation()}", credentialsArn: "arn:aws:iam::123456789012:role/x", payloadFormatVersion: "1.0" }
  http:
    integrationType: HTTP
    integrationUri: "https://h.example/{room}/x"
    connectionType: VPC_LINK
    connectionId: \${stageVariables.link}
    tlsConfig: { serverNameToVerify: back.example }
    contentHandlingStrategy: CONVERT_TO_BINARY
    requestParameters: { integration.request.path.room: route.request.body.room }
    requestTemplates: { $default: "$input.body #set($x = 1)" }
    integrationResponses: { $default: { contentHandlingStrategy: CONVERT_TO_TEXT, responseParameters: { method.response.header.x: "'1'" }, responseTemplates: { $default: "$input.path('$')" } } }
  sqs: { integrationType: AWS, integrationUri: "arn:aws:apigateway:us-east-1:sqs:path/123456789012/q", integrationSubtype: }
routes: { a: "${invocation(`${functionArn}:live`)}" }`.replace(', integrationSubtype: }', ' }'),
        `${lambda}aws: { credentials: { accessKeyId: AK, secretAccessKey: sk }, endpoints: { sqs: "http://127.0.0.1:1" } }\n`,
      ),
    ).apis;
    expect(definition?.integrations['fn']).toMatchObject({ integrationType: 'AWS_PROXY', integrationMethod: 'POST' });
    expect(definition?.integrations['http']).toMatchObject({
      connectionType: 'VPC_LINK',
      connectionId: '${stageVariables.link}',
      tlsConfig: { serverNameToVerify: 'back.example' },
      contentHandlingStrategy: 'CONVERT_TO_BINARY',
      requestParameters: { 'integration.request.path.room': 'route.request.body.room' },
      integrationResponses: [
        { contentHandlingStrategy: 'CONVERT_TO_TEXT', responseParameters: { 'method.response.header.x': "'1'" } },
      ],
    });
    expect(definition?.integrations['routes/a']).toMatchObject({
      integrationType: 'AWS_PROXY',
      integrationUri: invocation(`${functionArn}:live`),
    });
    expect(definition?.integrations['sqs']?.requestParameters).toBeUndefined();
  });

  it.each<[string, string, string]>([
    [
      'a plain function ARN',
      `{ integrationType: AWS_PROXY, integrationUri: "${functionArn}" }`,
      'a plain function ARN is the form of HTTP APIs; allowed: arn:aws:apigateway:',
    ],
    [
      'a URL for a function',
      '{ integrationType: AWS_PROXY, integrationUri: "http://h/" }',
      'allowed: arn:aws:apigateway:<region>:lambda:path',
    ],
    [
      'a service for AWS_PROXY',
      '{ integrationType: AWS_PROXY, integrationUri: "arn:aws:apigateway:us-east-1:sqs:path/1/q" }',
      'allowed: arn:aws:apigateway:<region>:lambda:path',
    ],
    [
      'an ARN for HTTP',
      `{ integrationType: HTTP, integrationUri: "${invocation()}" }`,
      'for ARNs integrationType is AWS_PROXY or AWS',
    ],
    [
      'no service',
      '{ integrationType: AWS, integrationUri: "arn:aws:sqs:us-east-1:123456789012:q" }',
      'action/<Action> or …:path/<path>',
    ],
    ['a missing ARN', '{ integrationType: AWS }', 'integrationUri is missing; AWS needs an ARN'],
    [
      'a VPC link without its id',
      '{ integrationType: HTTP, integrationUri: "http://h/", connectionType: VPC_LINK }',
      'ConnectionId must be set to vpcLinkId for ConnectionType VPC_LINK',
    ],
    [
      'a placeholder that nothing fills',
      '{ integrationType: HTTP, integrationUri: "http://h/{id}" }',
      'has the placeholder {id}; fill it with requestParameters: { integration.request.path.id',
    ],
    [
      'a placeholder of a service that nothing fills',
      '{ integrationType: AWS, integrationUri: "arn:aws:apigateway:us-east-1:s3:path/b/{key+}" }',
      'has the placeholder {key}; fill it with requestParameters: { integration.request.path.key',
    ],
    ['a role that is none', '{ integrationType: MOCK, credentialsArn: me }', 'allowed: a role ARN'],
    [
      'payload format 2.0',
      '{ integrationType: MOCK, payloadFormatVersion: "2.0" }',
      'payloadFormatVersion is "2.0"; allowed: "1.0"',
    ],
  ])('%s is refused', (_what, integration, expected) => {
    expect(problemsOf(api(`integrations: { b: ${integration} }\nroutes: {}`, lambda))).toContain(expected);
  });

  it('a template may fill placeholders through $context.requestOverride', () => {
    const yaml = `integrations: { b: { integrationType: HTTP, integrationUri: "http://h/{id}", requestTemplates: { $default: "#set($context.requestOverride.path.id = 1)" } } }\nroutes: {}`;
    expect(problemsOf(api(yaml))).toBe('');
  });

  it('[IN-8] [IN-53] placeholders are host, port and path of a URL, and path of a service', () => {
    const mapped = (names: string[]) =>
      `requestParameters: { ${names.map((name) => `integration.request.path.${name}: context.stage`).join(', ')} }`;
    const http = `{ integrationType: HTTP_PROXY, integrationUri: "http://{h}:{p}/{a}/{b+}?c={c}", ${mapped(['h', 'p', 'a', 'b', 'c'])} }`;
    const aws = `{ integrationType: AWS, integrationUri: "arn:aws:apigateway:us-east-1:s3:path/{a}/{b+}", ${mapped(['a', 'b'])} }`;
    expect(problemsOf(api(`integrations: { h: ${http}, s: ${aws} }\nroutes: {}`))).toBe('');
    const credentials = http.replace('{h}:{p}', '{h}:{p}@x');
    expect(problemsOf(api(`integrations: { h: ${credentials} }\nroutes: {}`))).toContain('user and password');
  });

  it('stage variables name functions, stage by stage', () => {
    const uri = invocation('arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.fn}');
    const yaml = (fn: string, functions: string) =>
      `apis: { chat: { routes: { a: "${uri}" }, stages: { dev: { stageVariables: { fn: "${fn}" } } } } }\nlambda: { functions: ${functions} }\n`;
    expect(problemsOf(yaml('chat:live', '{ chat: "http://h/" }'))).toBe('');
    expect(problemsOf(yaml('chat', '{}'))).toMatch(
      /in stage dev; nothing says where the function chat is: set lambda\.functions\.chat to its URL, lambda\.endpoint .* aws\.credentials/,
    );
    expect(problemsOf(yaml('a/b', '{}'))).toContain('is no function ARN');
    for (const key of ['chat', 'chat:live', functionArn, `${functionArn}:live`]) {
      expect(problemsOf(yaml('chat:live', `{ "${key}": "http://h/" }`)), key).toBe('');
    }
    expect(problemsOf(yaml('chat', '{ "chat:live": "http://h/" }'))).toContain('nothing says where');
  });

  it('where functions are is asked of processes that call them, and credentials mean AWS', () => {
    const yaml = api(`routes: { a: "${invocation()}" }`, 'redis: { url: "redis://h" }\nauth: { callback: none }\n');
    expect(problemsOf(yaml, { command: 'edge' })).toBe('');
    expect(problemsOf(yaml, { command: 'router' })).toContain('nothing says where the function chat is');
    const env = { SLUICE_AWS_ACCESS_KEY_ID: 'AK', SLUICE_AWS_SECRET_ACCESS_KEY: 'planted' };
    expect(load(yaml, { command: 'router', env }).aws.credentials).toEqual({
      accessKeyId: 'AK',
      secretAccessKey: 'planted',
      sessionToken: undefined,
    });
    expect(load(yaml, { command: 'router', env: { SLUICE_LAMBDA_ENDPOINT: 'http://h:1' } }).lambda.endpoint).toBe(
      'http://h:1',
    );
  });
});

describe('stages', () => {
  it('take settings of routes, access logs and origins', () => {
    const [definition] = load(
      stage(
        '{ defaultRouteSettings: { throttlingRateLimit: 2.5, throttlingBurstLimit: 5, loggingLevel: ERROR }, routeSettings: { a: { throttlingRateLimit: 0, dataTraceEnabled: true, detailedMetricsEnabled: true } }, accessLogSettings: { format: "$context.requestId", destinationArn: "file:///var/log/a.log" }, allowedOrigins: ["https://a.example", "https://*.b.example:8443"], clientCertificateId: x, deploymentId: y }',
      ),
    ).apis;
    expect(definition?.stages['dev']).toMatchObject({
      defaultRouteSettings: { throttlingRateLimit: 2.5, throttlingBurstLimit: 5, loggingLevel: 'ERROR' },
      routeSettings: { a: { throttlingRateLimit: 0, dataTraceEnabled: true, detailedMetricsEnabled: true } },
      accessLogSettings: { format: '$context.requestId', destinationArn: 'file:///var/log/a.log' },
      allowedOrigins: ['https://a.example', 'https://*.b.example:8443'],
    });
    expect(definition?.stages['dev']?.routeSettings?.['constructor']).toBeUndefined();
    expect(load(stage('{ accessLogSettings: {} }')).apis[0]?.stages['dev']?.accessLogSettings).toBeUndefined();
  });

  it.each<[string, string, string]>([
    [
      'settings of a route that is not there',
      '{ routeSettings: { b: {} } }',
      'Unable to find Route by key b within the provided RouteSettings',
    ],
    [
      'half an access log',
      '{ accessLogSettings: { format: "$context.requestId" } }',
      'Access Log value missing. Expected destinationArn and format.',
    ],
    [
      'a destination that is none',
      '{ accessLogSettings: { format: x, destinationArn: /var/log } }',
      'allowed: stdout, file:///path',
    ],
    [
      'a destination with credentials',
      '{ accessLogSettings: { format: $context.requestId, destinationArn: "https://me:secret@logs.example" } }',
      'destinationArn holds credentials',
    ],
    [
      'a destination that only begins like a URL',
      '{ accessLogSettings: { format: $context.requestId, destinationArn: "https://[::/x" } }',
      'destinationArn is not a URL',
    ],
    [
      'a long format',
      `{ accessLogSettings: { format: "${'x'.repeat(3073)}", destinationArn: stdout } }`,
      'text of 1 to 3072 characters',
    ],
    ['an origin with a path', '{ allowedOrigins: ["https://a.example/x"] }', 'allowed: an origin such as'],
    ['no origin at all', '{ allowedOrigins: [] }', 'at least one origin'],
    ['a negative rate', '{ defaultRouteSettings: { throttlingRateLimit: -1 } }', 'allowed: a number from 0 to'],
    ['a deployment under autoDeploy', '{ autoDeploy: true, deploymentId: x }', 'DeploymentId cannot be set'],
    ['another level', '{ defaultRouteSettings: { loggingLevel: DEBUG } }', 'allowed: OFF, ERROR, INFO'],
  ])('%s is refused', (_what, body, expected) => {
    expect(problemsOf(stage(body))).toContain(expected);
  });

  it('[QU-11] more than a hundred stage variables are refused', () => {
    const many = Array.from({ length: 101 }, (_, i) => `v${i}: x`).join(', ');
    expect(problemsOf(stage(`{ stageVariables: { ${many} } }`))).toContain('has 101 entries; at most 100 are allowed');
  });
});

describe('what compilers of the composition are given', () => {
  it('every expression, each mistake in its own place', () => {
    const refuse = (value: unknown) => {
      const text = JSON.stringify(value);
      if (text.includes('bad')) throw new Error(`no ${/bad\w*/.exec(text)?.[0]}`);
    };
    const checkers = {
      modelSelection: refuse,
      template: refuse,
      requestParameters: refuse,
      responseParameters: refuse,
      model: refuse,
      accessLogFormat: refuse,
      identitySources: refuse,
    };
    const yaml = `apis:
  chat:
    models: { Good: { schema: "{}" }, Bad: { schema: "bad1" } }
    authorizers: { a: { authorizerType: REQUEST, authorizerUri: "http://h/", identitySource: [fine, bad2] } }
    integrations:
      i: { integrationType: HTTP, integrationUri: "http://h/", requestTemplates: { k: bad3, l: fine }, requestParameters: { h: bad4, i: fine }, integrationResponses: { $default: { responseTemplates: { k: bad5 }, responseParameters: { x: bad6 } } } }
    routes: { r: { modelSelectionExpression: bad7, requestModels: { x: Good } } }
    stages: { dev: { accessLogSettings: { format: bad8, destinationArn: stdout } } }
`;
    const lines = problemsOf(yaml, { checkers }).split('\n');
    const places = lines.map((line) => /: (apis\S+) .*: no (bad\d)$/.exec(line)?.slice(1).join(' '));
    expect(places.sort()).toEqual([
      'apis.chat.authorizers.a.identitySource bad2',
      'apis.chat.integrations.i.integrationResponses.$default.responseParameters.x bad6',
      'apis.chat.integrations.i.integrationResponses.$default.responseTemplates.k bad5',
      'apis.chat.integrations.i.requestParameters.h bad4',
      'apis.chat.integrations.i.requestTemplates.k bad3',
      'apis.chat.models.Bad.schema bad1',
      'apis.chat.routes.r.modelSelectionExpression bad7',
      'apis.chat.stages.dev.accessLogSettings.format bad8',
    ]);
    expect(
      problemsOf(yaml.replace('models:', 'disableSchemaValidation: true\n    models:'), { checkers }),
    ).not.toContain('bad1');
  });
});
