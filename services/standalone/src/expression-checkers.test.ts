import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadSettings } from '@sluice/config';
import { afterAll, describe, expect, it } from 'vitest';
import { expressionCheckers } from './expression-checkers.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-checkers-'));
afterAll(() => rmSync(directory, { recursive: true }));

function problemsOf(body: string): string {
  const yaml = `apis:\n  chat:\n    stages: { dev: }\n${body.replace(/^/gm, '    ')}\n`;
  writeFileSync(join(directory, 'sluice.yaml'), yaml);
  try {
    loadSettings({ command: 'start', env: {}, cwd: directory, openFilesMax: 20_000, checkers: expressionCheckers });
  } catch (error) {
    if (error instanceof ConfigError) return error.lines.join('\n');
    throw error;
  }
  return '';
}

const integration = (members: string) =>
  `integrations: { b: { integrationType: HTTP, integrationUri: "http://h/", ${members} } }\nroutes: {}`;
const authorizer = (members: string) => `authorizers: { a: { ${members} } }\nroutes: {}`;
const jwt = 'authorizerType: JWT, jwtConfiguration: { issuer: "https://i.example" }';

describe('what the data path could not run stops the start, with its place', () => {
  it.each<[string, string, RegExp]>([
    [
      'a template',
      integration('requestTemplates: { $default: "a\\n#if($x" }'),
      /4:\d+: apis\.chat\.integrations\.b\.requestTemplates\.\$default is .*: line \d: /,
    ],
    [
      'a response template',
      integration('integrationResponses: { $default: { responseTemplates: { k: "#foreach(" } } }'),
      /responseTemplates\.k is "#foreach\(": line 1: /,
    ],
    [
      'a JSONPath in a template',
      integration(`requestTemplates: { k: "$input.json('$[(@.length-1)]')" }`),
      /requestTemplates\.k is .*line 1: .*JSONPath/,
    ],
    [
      'a mapping to nowhere',
      integration(`requestParameters: { integration.request.cookie.x: "'1'" }`),
      /requestParameters\["integration\.request\.cookie\.x"\] is "'1'": .*integration\.request/,
    ],
    [
      'a mapping from nowhere',
      integration('requestParameters: { integration.request.header.x: request.body }'),
      /is "request\.body": (?!integration)/,
    ],
    [
      'a response mapping',
      integration('integrationResponses: { $default: { responseParameters: { header.x: "\'1\'" } } }'),
      /responseParameters\["header\.x"\]/,
    ],
    ['a model that is no JSON', 'models: { M: { schema: "{" } }\nroutes: {}', /models\.M\.schema is refused: /],
    [
      'a model of another draft',
      'models: { M: { schema: { type: 5 } } }\nroutes: {}',
      /models\.M\.schema is refused: /,
    ],
    [
      'a reference to a model that is not there',
      'models: { M: { schema: { $ref: "https://apigateway.amazonaws.com/restapis/x/models/N" } } }\nroutes: {}',
      /models\.M\.schema is refused: /,
    ],
    [
      'a model selection',
      'models: { M: { schema: "{}" } }\nroutes: { a: { modelSelectionExpression: "${request.body", requestModels: { x: M } } }',
      /modelSelectionExpression is /,
    ],
    [
      'an identity source',
      authorizer('authorizerType: REQUEST, authorizerUri: "http://h/", identitySource: [method.request.header.X]'),
      /identitySource is refused: Invalid request identity source expression: method\.request\.header\.X[^;]*; for example route\.request\.querystring\.token/,
    ],
    ['a place of a token', authorizer(`${jwt}, identitySource: [cookie.x]`), /identitySource is refused: .*cookie\.x/],
  ])('[ST-8] %s', (_what, body, expected) => {
    expect(problemsOf(body)).toMatch(expected);
  });

  it('an access log without a request id', () => {
    writeFileSync(
      join(directory, 'sluice.yaml'),
      `apis: { chat: { routes: {}, stages: { dev: { accessLogSettings: { format: "$context.stage", destinationArn: stdout } } } } }\n`,
    );
    const load = () =>
      loadSettings({ command: 'start', env: {}, cwd: directory, openFilesMax: 20_000, checkers: expressionCheckers });
    expect(load).toThrow(/accessLogSettings\.format is "\$context\.stage": .*requestId/);
  });

  it('nothing that is right is refused', () => {
    expect(
      problemsOf(
        integration(
          `requestTemplates: { $default: "#set($x = $input.path('$.a'))$x" }, requestParameters: { integration.request.header.x: context.connectionId, integration.request.querystring.q: route.request.body.a.b }, integrationResponses: { $default: { responseParameters: { method.response.header.x: integration.response.header.y } } }`,
        ),
      ),
    ).toBe('');
    expect(problemsOf(authorizer(`${jwt}, identitySource: ["$request.header.Authorization"]`))).toBe('');
    expect(
      problemsOf(
        'models: { M: { schema: { $ref: "https://apigateway.amazonaws.com/restapis/x/models/N" } }, N: { schema: "{}" } }\nroutes: {}',
      ),
    ).toBe('');
  });
});
