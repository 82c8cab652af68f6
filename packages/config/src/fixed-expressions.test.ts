import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadSettings } from './load-settings.js';
import { problemLines } from './problem-lines.fixture.js';

const directory = mkdtempSync(join(tmpdir(), 'sluice-fixed-'));
afterAll(() => rmSync(directory, { recursive: true }));

function load(text: string) {
  writeFileSync(join(directory, 'sluice.yaml'), text);
  return loadSettings({ command: 'start', env: {}, cwd: directory, openFilesMax: 20_000 });
}

function problemsOf(text: string): string {
  return problemLines(() => load(text)).join('\n');
}

const api = (members: string) => `apis: { chat: { ${members}, stages: { dev: } } }`;
const pong = 'integrations: { pong: { integrationType: MOCK } }';

describe('expressions of which there is only one', () => {
  it.each([
    ['$request.header.x-api-key', 'header'],
    ['$context.authorizer.usageIdentifierKey', 'authorizer'],
  ])('[RT-33] apiKeySelectionExpression %s takes the key from the %s', (expression, source) => {
    expect(load(api(`apiKeySelectionExpression: ${expression}, routes: {}`)).apis[0]?.apiKeySource).toBe(source);
  });

  it.each(['$request.header.X-Api-Key', '$request.header.other', '$request.body.key'])(
    '[RT-33] apiKeySelectionExpression %s is refused',
    (expression) => {
      expect(problemsOf(api(`apiKeySelectionExpression: ${expression}, routes: {}`))).toContain(
        'allowed: $request.header.x-api-key, $context.authorizer.usageIdentifierKey',
      );
    },
  );

  it('[RT-34] [RS-3] route responses have the key $default and no other', () => {
    const refused = (route: string) => problemsOf(api(`${pong}, routes: { a: { integration: pong, ${route} } }`));
    expect(refused('routeResponseSelectionExpression: $other')).toContain('allowed: $default');
    expect(refused('routeResponses: { other: {} }')).toContain('routeResponses.other is no known key');
    expect(refused('routeResponses: { $default: { routeResponseKey: other } }')).toContain('allowed: $default');
  });

  it('[RS-1] O8: the expression alone lets nobody be answered, a route response does', () => {
    const routes = load(
      api(`${pong}, routes: {
        alone: { integration: pong, routeResponseSelectionExpression: $default },
        answered: { integration: pong, routeResponses: { $default: {} } } }`),
    ).apis[0]?.routes;
    expect(routes?.['alone']?.hasRouteResponse).toBe(false);
    expect(routes?.['answered']?.hasRouteResponse).toBe(true);
  });

  it('[RT-35] [RT-36] what AWS fixes or does not apply changes nothing', () => {
    const plain = load(api(`${pong}, routes: { a: { integration: pong, routeResponse: true } }`)).apis[0];
    const shown = load(
      api(`integrations: { pong: { integrationType: MOCK, integrationResponseSelectionExpression: "\${integration.response.statuscode}" } },
        routes: { a: { integration: pong, routeResponses: { $default:
          { modelSelectionExpression: $request.body.kind, responseModels: { x: y }, responseParameters: { z: {} } } } } }`),
    ).apis[0];
    expect(shown).toEqual(plain);
  });
});

describe('members of a stage', () => {
  it('[SL-6] what AWS only stores changes nothing', () => {
    const stage = (members: string) =>
      load(`apis: { chat: { routes: {}, stages: { dev: { ${members} } } } }`).apis[0]?.stages['dev'];
    expect(stage('clientCertificateId: c1, description: d, tags: { a: b }')).toEqual(stage(''));
  });

  it('[SL-6] [QU-11] stage variables have the names, values and number that AWS allows', () => {
    const refused = (variables: string) =>
      problemsOf(`apis: { chat: { routes: {}, stages: { dev: { stageVariables: { ${variables} } } } } }`);
    expect(refused("Name_1: 'a-._~:/?#&=,Z9'")).toBe('');
    expect(refused('a-b: x')).toContain('stageVariables');
    expect(refused(`${'n'.repeat(65)}: x`)).toContain('stageVariables');
    expect(refused(`n: ${'v'.repeat(513)}`)).toContain('stageVariables');
    expect(refused('n: "with blank"')).toContain('stageVariables');
    const many = (count: number) => Array.from({ length: count }, (_, index) => `n${index}: v`).join(', ');
    expect(refused(many(100))).toBe('');
    expect(refused(many(101))).toContain('stageVariables');
  });
});
