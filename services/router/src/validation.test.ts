import { describe, expect, it } from 'vitest';
import { chatApi, startRouter } from './testing/start-router.js';

const emailModel = {
  name: 'emailModel',
  contentType: 'application/json',
  schema: '{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","required":["address"]}',
};

describe('validation', () => {
  it('[MV-1] [MV-2] [ER-2] M11: a message that does not fit, has no model or is not JSON is refused before its integration', async () => {
    const { message, log } = await startRouter(
      chatApi(
        {
          sendMessage: {
            modelSelectionExpression: '${request.body.messageType}',
            requestModels: { email: 'emailModel' },
          },
          $default: { modelSelectionExpression: '$request.body.kind', requestModels: { $default: 'emailModel' } },
        },
        { models: { emailModel }, stage: { defaultRouteSettings: { loggingLevel: 'ERROR' } } },
      ),
    );
    const invalid = /^\{"message": "Invalid request body", "connectionId":"[^"]+", "requestId":"[^"]+"\}$/;
    expect(await message({ action: 'sendMessage', messageType: 'email' })).toMatch(invalid);
    expect(await message({ action: 'sendMessage', messageType: 'sms', address: 'a@b' })).toMatch(invalid);
    expect(await message({ action: 'sendMessage', messageType: 'email', address: 'a@b' })).toBe('reply');
    expect(await message('not JSON')).toMatch(invalid);
    expect(await message({ address: 'a@b' })).toBe('reply');
    expect(log()).toContain('object has missing required properties');
  });

  it('[SL-1] [MV-1] a stage variable takes part in the choice of the model', async () => {
    const { message } = await startRouter(
      chatApi(
        {
          a: {
            modelSelectionExpression: '${request.body.kind}-${stageVariables.version}',
            requestModels: { 'email-v2': 'emailModel' },
          },
        },
        { models: { emailModel }, stage: { stageVariables: { version: 'v2' } } },
      ),
    );
    expect(await message({ action: 'a', kind: 'email', address: 'a@b' })).toBe('reply');
    expect(await message({ action: 'a', kind: 'sms', address: 'a@b' })).toContain('Invalid request body');
  });

  it('[MV-4] [CN-5] [ER-2] a handshake without its required parameters is 400, and names them', async () => {
    const { connect } = await startRouter(
      chatApi({
        $connect: {
          requestParameters: {
            'route.request.header.X-Tenant': { required: true },
            'route.request.querystring.room': { required: true },
            'route.request.querystring.color': { required: false },
          },
        },
      }),
    );
    const refused = await connect({ queryString: 'color=red' });
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      400,
      { message: 'Missing required request parameters: [X-Tenant, room]' },
    ]);
    expect(refused.headers['x-amzn-errortype']).toBe('BadRequestException');
    expect((await connect({ headers: [['x-tenant', 'a']], queryString: 'room=1' })).status).toBe(200);
  });

  it('a model that cannot be compiled lets nothing through its own route, and is told once', async () => {
    const { message, log } = await startRouter(
      chatApi(
        {
          a: { modelSelectionExpression: '\\$default', requestModels: { $default: 'broken' } },
          b: {},
        },
        { models: { broken: { name: 'broken', contentType: 'application/json', schema: '{"type":7}' } } },
      ),
    );
    for (let n = 0; n < 2; n++) expect(await message({ action: 'a' })).toContain('"message": "Internal server error"');
    expect(await message({ action: 'b' })).toBe('reply');
    expect(log()).toContain('model broken');
    expect(log().match(/router\.model_unusable/g)?.length).toBe(1);
  });
});
