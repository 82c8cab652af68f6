import type { IntegrationDefinition } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { backEnd, closeAll, definition, invoke, invoker, message, prepared, route } from './back-end.fixture.js';
import { mappingDoubles } from './mapping-doubles.fixture.js';
import { testCertificate } from './test-certificate.fixture.js';

afterEach(closeAll);

const mapped = (
  integrationUri: string,
  requestParameters: Record<string, string>,
  changes: Partial<IntegrationDefinition> = {},
) =>
  prepared({ integrationUri, requestParameters, ...changes }, { stageVariables: { table: 'mésages' } }, mappingDoubles);

describe('placeholders', () => {
  it.each([
    ['/{id}/x', '/a%2Fb%20%C3%BC%3F%23/x', { id: 'a/b ü?#' }],
    ['/v/{rest+}', '/v/a/b%20c/', { rest: 'a/b c/' }],
    ['/v/{rest+}', '/v/', { rest: '' }],
    ['/{a}-{b}/{a}', '/1-2/1', { a: '1', b: '2' }],
    ['/x?id={id}&y=1', '/x?id=a%26b&y=1', { id: 'a&b' }],
    ['/${stageVariables.table}/{id}', '/m%C3%A9sages/7', { id: '7' }],
    ['/{id}', '/%252e%252e', { id: '%2e%2e' }],
  ])('[IN-8] %s is filled to %s', async (path, url, values) => {
    const { uri, seen } = await backEnd();
    const names = Object.keys(values);
    const requestParameters = Object.fromEntries(
      names.map((name) => [`integration.request.path.${name}`, `route.request.body.${name}`]),
    );
    const integration = mapped(new URL(uri).origin + path, requestParameters);
    expect(await invoke(integration, message(JSON.stringify(values)))).toMatchObject({ ok: true });
    expect(seen.map((request) => request.url)).toEqual([url]);
  });

  it.each([
    ['/{id}', {}, 'has no value'],
    ['/{id}', { id: '' }, 'has no value'],
    ['/{id}/x', { id: '..' }, 'dots'],
    ['/a/.{id}', { id: '.' }, 'dots'],
    ['/a/{id+}', { id: 'b/../../c' }, 'dots'],
    ['/a/{id+}', { id: './c' }, 'dots'],
    // nginx, for one, decodes before it resolves.
    ['/a/{id}/x', { id: '../../admin' }, 'dots'],
    ['/a/{id}/x', { id: 'b\\..\\..' }, 'dots'],
  ])('[IN-8] %s with %j fails that call, and says why', async (path, values, reason) => {
    const { uri, seen } = await backEnd();
    const integration = mapped(new URL(uri).origin + path, { 'integration.request.path.id': 'route.request.body.id' });
    expect(integration.fault).toBeUndefined();
    const outcome = await invoke(integration, message(JSON.stringify(values)));
    expect(outcome).toMatchObject({ ok: false, code: 'integration_misconfigured' });
    expect(outcome.detail).toContain(reason);
    await invoke(integration, message('{"id":"ok"}'));
    expect(seen).toHaveLength(1);
  });

  it('[IN-8] a placeholder that no parameter fills stops the integration when it is compiled', () => {
    const integration = mapped('http://127.0.0.1:9/{id}', { 'integration.request.path.other': "'1'" });
    expect(integration.fault).toContain('integration.request.path.id');
  });
});

describe('a host that a request names', () => {
  const byHost = { 'integration.request.path.host': 'route.request.body.host' };

  it('[IN-8] [IN-36] falls under the rules for run-time targets', async () => {
    const { uri, seen } = await backEnd();
    const { host } = new URL(uri);
    const target = { integrationUri: 'http://{host}/x', requestParameters: byHost };
    const body = message(JSON.stringify({ host }));
    const refused = await invoke(invoker().prepare(definition(target), route, mappingDoubles), body);
    expect(refused).toMatchObject({ ok: false, code: 'integration_egress_refused' });
    const open = invoker({ egressAllow: ['127.0.0.1/32'] });
    const integration = open.prepare(definition(target), route, mappingDoubles);
    expect(await invoke(integration, body)).toMatchObject({ ok: true });
    expect(await invoke(integration, body)).toMatchObject({ ok: true });
    expect(seen.map(({ url, headers }) => [url, headers.host])).toEqual([
      ['/x', host],
      ['/x', host],
    ]);
    const byPort = { 'integration.request.path.port': 'route.request.body.port' };
    const port = { integrationUri: 'http://127.0.0.1:{port}/', requestParameters: byPort };
    const outcome = await invoke(
      invoker().prepare(definition(port), route, mappingDoubles),
      message(JSON.stringify({ port: new URL(uri).port })),
    );
    expect(outcome).toMatchObject({ code: 'integration_egress_refused' });
  });

  it('[IN-8] [IN-36] over https too', async () => {
    const { uri, seen } = await backEnd({ tls: true });
    const target = { integrationUri: 'https://{host}/x', requestParameters: byHost };
    const body = message(JSON.stringify({ host: new URL(uri).host }));
    const [closed, open] = [
      invoker({ ca: testCertificate }),
      invoker({ ca: testCertificate, egressAllow: ['127.0.0.1/32'] }),
    ];
    expect(await invoke(closed.prepare(definition(target), route, mappingDoubles), body)).toMatchObject({
      code: 'integration_egress_refused',
    });
    expect(await invoke(open.prepare(definition(target), route, mappingDoubles), body)).toMatchObject({ ok: true });
    expect(seen.map(({ url }) => url)).toEqual(['/x']);
  });

  it.each(['a/b', 'a?b', 'user@host', 'a b', 'a\r\nb', '', 'a:b', '[::1', 'ä.example', '..', '-'])(
    '[IN-8] a value such as %j is no host',
    async (host) => {
      const integration = mapped('http://{host}/x', byHost);
      const outcome = await invoke(integration, message(JSON.stringify({ host })));
      expect(outcome).toMatchObject({ ok: false, code: 'integration_misconfigured' });
    },
  );
});
