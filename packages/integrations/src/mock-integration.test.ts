import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, connectRequest, invoke, message, prepared } from './back-end.fixture.js';

afterEach(closeAll);

const response = (integrationResponseKey: string, text?: string, key = '$default') => ({
  integrationResponseKey,
  templateSelectionExpression: undefined,
  responseTemplates: text === undefined ? {} : { [key]: text },
});
describe('MOCK', () => {
  const mock = (
    text: string | undefined,
    keys: string[],
    passthroughBehavior: 'WHEN_NO_MATCH' | 'NEVER' = 'WHEN_NO_MATCH',
  ) =>
    prepared({
      integrationType: 'MOCK',
      requestTemplates: text === undefined ? {} : { $default: text },
      integrationResponses: keys.map((key) => response(key, `reply ${key.replaceAll('$', '')}`)),
      passthroughBehavior,
    });

  it('[IN-3] [IN-24] the statusCode of the template selects the response, whose template is the body', async () => {
    const integration = mock('{"statusCode": 204}', ['$default', '/2\\d\\d/']);
    for (const request of [message('{}'), message('{}'), connectRequest()]) {
      expect(await invoke(integration, request)).toMatchObject({ ok: true, status: 204, text: 'reply /2\\d\\d/' });
    }
  });

  it('[IN-24] without a response template the body is empty', async () => {
    const changes = { integrationType: 'MOCK' as const, requestTemplates: { $default: '{"statusCode":200}' } };
    const integration = prepared({ ...changes, integrationResponses: [response('$default')] });
    expect(await invoke(integration, message('{"a":1}'))).toMatchObject({ ok: true, text: '' });
  });

  it.each(['', 'no JSON', '[]', '{}', '{"statusCode":"200"}', '{"statusCode":200.5}', '{"statusCode":99}', 'null'])(
    '[IN-24] the template %j yields no statusCode',
    async (text) => {
      const outcome = await invoke(mock(text, ['$default']), message('{}'));
      expect(outcome).toMatchObject({ ok: false, code: 'integration_misconfigured' });
    },
  );

  it('[IN-25] [IN-26] without a template a message gets the default response, and a handshake fails', async () => {
    const integration = mock(undefined, ['404', '$default']);
    expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true, status: 200, text: 'reply default' });
    expect(await invoke(integration, connectRequest())).toMatchObject({ ok: false, code: 'integration_misconfigured' });
    expect(await invoke(mock(undefined, ['404']), message('{}'))).toMatchObject({
      code: 'integration_response_unmapped',
    });
    expect(await invoke(mock(undefined, ['$default'], 'NEVER'), message('{}'))).toMatchObject({
      code: 'unsupported_media_type',
    });
  });

  it('[IN-26] a handshake needs an integration response too', async () => {
    const outcome = await invoke(mock('{"statusCode":200}', []), connectRequest());
    expect(outcome).toMatchObject({ ok: false, code: 'integration_response_unmapped' });
  });
});
