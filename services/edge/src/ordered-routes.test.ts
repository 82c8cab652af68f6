import type { RouteDefinition } from '@sluice/contracts';
import type { StageSnapshot } from '@sluice/definitions';
import { describe, expect, it } from 'vitest';
import { apiDefinition } from './edge.fixture.js';
import { compileOrder } from './ordered-routes.js';

function route(routeKey: string, order?: 'connection'): RouteDefinition {
  return { routeKey, integrationId: 'mock', hasRouteResponse: false, order };
}

/** A stage with these routes, ordered where the name says so by a `+`. */
function stageOf(names: string[], routeSelectionExpression = '$request.body.action'): StageSnapshot {
  const routes: Record<string, RouteDefinition> = {};
  for (const name of names) {
    const key = name.replace(/\+$/, '');
    routes[key] = route(key, name.endsWith('+') ? 'connection' : undefined);
  }
  const api = { ...apiDefinition(), routeSelectionExpression, routes };
  const stage = { stageName: 'dev', stageVariables: {} };
  return {
    scope: 'chat/dev',
    api,
    stage,
    connectNeedsVerdict: false,
    connectTimeoutMs: 0,
    disconnectNeedsRouter: false,
    ordersMessages: names.some((name) => name.endsWith('+')),
  };
}

describe('whether a message is of an ordered route', () => {
  const judged = (names: string[], text: string, expression?: string) =>
    compileOrder(stageOf(names, expression))?.(new Uint8Array(Buffer.from(text)));

  it('[PR-4] is not asked where no route is ordered', () => {
    expect(compileOrder(stageOf(['move', '$default']))).toBeUndefined();
  });

  it.each([
    ['{"action":"move"}', true],
    ['{"action":"m\\u006fve"}', true],
    ['{"action":"chat","note":"move"}', false],
    ['{"action":"chat"}', false],
    ['{"action":"chat","note":"\\n"}', false],
    ['{"action":"unknown"}', false],
    ['move', false],
    ['', false],
  ])('[PR-4] %s', (text, ordered) => {
    expect(judged(['move+', 'chat', '$connect', '$default'], text)).toBe(ordered);
  });

  it('[PR-4] holds for what no other route takes, where $default is ordered', () => {
    const names = ['chat', '$default+'];
    expect(judged(names, '{"action":"chat"}')).toBe(false);
    for (const text of ['{"action":"unknown"}', 'text', '']) expect(judged(names, text)).toBe(true);
  });

  it('[PR-4] holds for every message where every route and $default are ordered', () => {
    const names = ['move+', '$default+', '$connect', '$disconnect'];
    for (const text of ['{"action":"move"}', '{"action":"unknown"}', 'text']) expect(judged(names, text)).toBe(true);
    expect(judged(['move+', '$connect'], '{"action":"unknown"}')).toBe(false);
  });

  it('[PR-4] holds for keys that a number or several values may have as their text', () => {
    expect(judged(['10+', 'chat'], '{"action":1e1}')).toBe(true);
    expect(judged(['true+', 'chat'], '{"action":true}')).toBe(true);
    const parts = '${request.body.kind}/${request.body.action}';
    expect(judged(['game/move+', 'chat'], '{"kind":"game","action":"move"}', parts)).toBe(true);
  });
});
