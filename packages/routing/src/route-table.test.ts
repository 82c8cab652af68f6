// biome-ignore-all lint/suspicious/noTemplateCurlyInString: selection expressions look like template strings
import type { RouteDefinition } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';
import { createRouteTable, InvalidExpressionError, matchIntegrationResponse } from './index.js';

function table(routeKeys: string[], routeSelectionExpression = '$request.body.action') {
  const route = (routeKey: string): RouteDefinition => ({
    routeKey,
    integrationId: 'backend',
    hasRouteResponse: false,
  });
  const routes = Object.fromEntries(routeKeys.map((routeKey) => [routeKey, route(routeKey)]));
  const compiled = createRouteTable({ routeSelectionExpression, routes });
  return { ...compiled, key: (body: string) => compiled.select(Buffer.from(body))?.routeKey };
}

const all = table([
  '$connect',
  '$disconnect',
  '$default',
  'join',
  'Join',
  '7',
  'true',
  'null',
  '[a, b]',
  'two words',
  '',
]);

describe('route table', () => {
  it.each([
    ['[RT-21]', '{"action":"join"}', 'join'],
    ['[RT-21]', '{"action":"Join"}', 'Join'],
    ['[RT-21]', '{"action":"JOIN"}', '$default'],
    ['[RT-21]', '{"action":"join "}', '$default'],
    ['[RT-21]', '{"action":"two words"}', 'two words'],
    ['[RT-21]', '{"action":7}', '7'],
    ['[RT-21]', '{"action":true}', 'true'],
    ['[RT-21]', '{"action":null}', 'null'],
    ['[RT-21]', '{"action":["a","b"]}', '[a, b]'],
    ['[RT-22]', '{"action":"$connect"}', '$default'],
    ['[RT-22]', '{"action":"$disconnect"}', '$default'],
    ['[RT-23]', '{"action":"$default"}', '$default'],
    ['[RT-24]', '{"action":"unknown"}', '$default'],
    ['[RT-24]', '{"action":"constructor"}', '$default'],
    ['[RT-24]', '{"action":"__proto__"}', '$default'],
    ['[RT-10]', 'not json', '$default'],
    ['[RT-10]', '', '$default'],
  ])('%s %s goes to %s', (_rule, body, routeKey) => {
    expect(all.key(body)).toBe(routeKey);
  });

  it.each(['{"action":"unknown"}', '{"action":"$connect"}', '{"action":"$default"}', 'not json', '', '{}'])(
    '[RT-25] %s has no route without $default',
    (body) => {
      expect(table(['$connect', '$disconnect', 'join']).key(body)).toBeUndefined();
    },
  );

  it('offers $connect and $disconnect to the router', () => {
    expect(all.connect?.routeKey).toBe('$connect');
    expect(all.disconnect?.routeKey).toBe('$disconnect');
    expect(table(['join']).connect).toBeUndefined();
  });

  it('[RT-2] joined values are one key', () => {
    const joined = table(['chat/join', '$default'], '${request.body.service}/${request.body.action}');
    expect(joined.key('{"service":"chat","action":"join"}')).toBe('chat/join');
    expect(joined.key('{"service":"chat"}')).toBe('$default');
  });
});

describe('integration responses', () => {
  const keys = ['$default', '/2\\d\\d/', '/20./', '404', '/.*Unauthorized.*/', '/4|5/'];

  it.each([
    ['204', '/2\\d\\d/'],
    ['200', '/2\\d\\d/'],
    ['404', '404'],
    ['4', '/4|5/'],
    ['45', '$default'],
    ['1204', '$default'],
    ['2040', '$default'],
    ['is Unauthorized!', '/.*Unauthorized.*/'],
    ['$default', '$default'],
    [undefined, '$default'],
  ])('[RT-28] %s selects %s', (value, key) => {
    expect(matchIntegrationResponse(keys, value)).toBe(key);
  });

  it('[RT-28] creation order decides among several, and $default comes last wherever it stands', () => {
    expect(matchIntegrationResponse(['$default', '/.*/', '200'], '200')).toBe('/.*/');
    expect(matchIntegrationResponse(['200', '/.*/'], '200')).toBe('200');
  });

  it('[RT-28] nothing matches without $default', () => {
    expect(matchIntegrationResponse(['/2\\d\\d/', '/'], '500')).toBeUndefined();
    expect(matchIntegrationResponse([], undefined)).toBeUndefined();
  });

  it.each(['/(/', '/a)|(b/'])('[RT-28] %s is refused', (key) => {
    expect(() => matchIntegrationResponse([key], '200')).toThrow(InvalidExpressionError);
  });
});
