import { afterEach, describe, expect, it } from 'vitest';
import { backEnd, closeAll, connectRequest, definition, invoke, invoker, message, route } from './back-end.fixture.js';
import type { ExchangeObserver, IntegrationRequest, PreparedIntegration } from './index.js';
import { mappingDoubles } from './mapping-doubles.fixture.js';
import { testCertificate } from './test-certificate.fixture.js';

afterEach(closeAll);

type Line = [what: string, ...values: unknown[]];

/** What an observer of this call saw, in order, and the outcome. */
async function observe(integration: PreparedIntegration, request: IntegrationRequest) {
  const lines: Line[] = [];
  const named = (headers: readonly (readonly [string, string])[]) =>
    Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  const observer: ExchangeObserver = {
    sent: (uri, headers, body) => lines.push(['sent', uri, named(headers), Buffer.from(body).toString()]),
    received: (status, headers, body) => lines.push(['received', status, named(headers), Buffer.from(body).toString()]),
  };
  const outcome = await invoke(integration, { ...request, observer });
  return { lines, outcome };
}

describe('the observer of an exchange', () => {
  it.each(['http', 'https'])(
    '[IN-38] %s: sees address, headers and body as sent, and the answer as it came',
    async (scheme) => {
      const { uri } = await backEnd({
        tls: scheme === 'https',
        respond: (_request, answer) => answer.writeHead(404, { 'X-Why': 'gone' }).end('raw answer'),
      });
      const integration = invoker({ ca: testCertificate }).prepare(
        definition({
          integrationType: 'HTTP',
          integrationUri: uri,
          requestTemplates: { $default: '{"got":"$input.body"}' },
          requestParameters: { 'integration.request.header.X-A': "'1'", 'integration.request.querystring.q': "'2'" },
          integrationResponses: [
            {
              integrationResponseKey: '$default',
              templateSelectionExpression: undefined,
              responseTemplates: { $default: '<$input.body>' },
            },
          ],
        }),
        route,
        mappingDoubles,
      );
      const { lines, outcome } = await observe(integration, message('hello'));
      expect(outcome).toMatchObject({ ok: true, status: 404, text: '<raw answer>', headers: [] });
      expect(lines).toEqual([
        ['sent', `${uri}?q=2`, expect.objectContaining({ 'x-a': '1', host: new URL(uri).host }), '{"got":"hello"}'],
        ['received', 404, expect.objectContaining({ 'x-why': 'gone' }), 'raw answer'],
      ]);
    },
  );

  it('[IN-38] changes nothing of the outcome: a one-way route keeps neither headers nor body', async () => {
    const { uri, seen } = await backEnd();
    const calls = invoker();
    const integration = calls.prepare(definition({ integrationUri: uri }), { ...route, hasRouteResponse: false });
    const { lines, outcome } = await observe(integration, message('hello'));
    expect(outcome).toEqual({ ...(await invoke(integration, message('hello'))), headers: [] });
    expect(lines.map(([what]) => what)).toEqual(['sent', 'received']);
    expect(lines[1]).toEqual(['received', 200, expect.objectContaining({ 'content-length': '5' }), 'hello']);
    expect(lines[0]?.[2]).toMatchObject({ 'x-sluice-event-type': 'MESSAGE', 'content-length': '5' });
    expect(seen).toHaveLength(2);
  });

  it('[IN-38] sees what was sent where no answer came', async () => {
    const integration = invoker().prepare(definition({ integrationUri: 'http://127.0.0.1:9/x' }), route);
    const { lines, outcome } = await observe(integration, connectRequest([], 'a=1'));
    expect(outcome).toMatchObject({ code: 'integration_unreachable' });
    expect(lines.map(([what, uri]) => [what, uri])).toEqual([['sent', 'http://127.0.0.1:9/x?a=1']]);
  });
});
