import type { ModelDefinition } from '@sluice/contracts';
import { expect, it } from 'vitest';
import { InvalidModelError } from './compile-model.js';
import { compileRequestValidator } from './request-validator.js';
import { missingParameters } from './required-parameters.js';

const model = (name: string, schema: unknown): ModelDefinition => ({
  name,
  contentType: 'application/json',
  schema: JSON.stringify(schema),
});
const models = {
  emailModel: model('emailModel', {
    type: 'object',
    required: ['address'],
    properties: { address: { type: 'string' } },
  }),
  anyModel: model('anyModel', {}),
};
const selectModelKey = (body: Uint8Array): string | undefined => {
  try {
    return JSON.parse(Buffer.from(body).toString()).messageType;
  } catch {
    return undefined;
  }
};
const bytes = (message: unknown) => Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));

it('[MV-1] chooses the model by the exact key, as the worked example of the chapter (M11)', () => {
  const validate = compileRequestValidator({ models, requestModels: { email: 'emailModel' }, selectModelKey });
  const email = { action: 'sendMessage', messageType: 'email' };
  expect(validate(bytes(email))).toBe('[object has missing required properties (["address"])]');
  expect(validate(bytes({ ...email, address: 'a@b' }))).toBeUndefined();
  expect(validate(bytes({ ...email, messageType: 'sms' }))).toMatch(/no model/);
  expect(validate(bytes({ ...email, messageType: 'constructor' }))).toMatch(/no model/);
});

it('[MV-1] falls to the key $default, and fails what is not JSON', () => {
  const requestModels = { email: 'emailModel', $default: 'anyModel' };
  const validate = compileRequestValidator({ models, requestModels, selectModelKey });
  expect(validate(bytes({ messageType: 'sms' }))).toBeUndefined();
  expect(validate(bytes({ messageType: 'email' }))).toBeDefined();
  expect(validate(bytes('not json'))).toMatch(/not JSON/);
  expect(validate(bytes(''))).toMatch(/not JSON/);
});

it('reads the body where it lies in a larger buffer', () => {
  const validate = compileRequestValidator({
    models,
    requestModels: { email: 'emailModel' },
    selectModelKey: () => 'email',
  });
  const whole = bytes('xx{"address":"a"}yy');
  expect(validate(whole.subarray(2, whole.length - 2))).toBeUndefined();
});

it('stops at a model that does not exist', () => {
  const compile = () => compileRequestValidator({ models, requestModels: { a: 'absent' }, selectModelKey });
  expect(compile).toThrow(InvalidModelError);
});

it('[MV-4] names the required parameters that a handshake lacks or has blank, as the client sends them', () => {
  const required = { required: true };
  const parameters = {
    'route.request.querystring.token': required,
    'route.request.header.X-Tenant': required,
    'route.request.querystring.lang': { required: false },
    'route.request.header.Auth': required,
  };
  const handshake = { headers: [['x-tenant', ' ']] as [string, string][], queryString: 'token=&lang=de' };
  expect(missingParameters(parameters, handshake)).toEqual(['token', 'X-Tenant', 'Auth']);
  const whole = {
    headers: [
      ['x-tenant', 'a'],
      ['auth', 'b'],
    ] as [string, string][],
    queryString: 'token=&token=1',
  };
  expect(missingParameters(parameters, whole)).toEqual([]);
  expect(missingParameters(undefined, { headers: [], queryString: '' })).toEqual([]);
});
