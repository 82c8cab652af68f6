import type { IntegrationDefinition } from '@sluice/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import {
  backEnd,
  closeAll,
  connectRequest,
  definition,
  disconnectRequest,
  invoke,
  invoker,
  message,
  route,
  type SeenRequest,
} from '../back-end.fixture.js';
import type { IntegrationRoute, InvokerOptions } from '../index.js';
import { mappingDoubles } from '../mapping-doubles.fixture.js';
import { testCertificate } from '../test-certificate.fixture.js';
import { placeOf } from './service-request.js';
import { readServiceUri } from './service-uri.js';
import { recomputedAuthorization, testCredentials } from './signature.fixture.js';

afterEach(closeAll);

const responses = (...keys: string[]) =>
  keys.map((integrationResponseKey) => ({
    integrationResponseKey,
    templateSelectionExpression: undefined,
    responseTemplates: {},
  }));

function prepare(
  options: Partial<InvokerOptions>,
  changes: Partial<IntegrationDefinition>,
  routeChanges: Partial<IntegrationRoute> = {},
) {
  const base = { integrationType: 'AWS' as const, integrationResponses: responses('$default') };
  return invoker(options).prepare(definition({ ...base, ...changes }), { ...route, ...routeChanges }, mappingDoubles);
}

/** What the service `name` got for one message; checked to be signed for it. */
async function asked(
  rest: string,
  changes: Partial<IntegrationDefinition> = {},
  routeChanges: Partial<IntegrationRoute> = {},
  text = '{"id":"ü"}',
): Promise<SeenRequest> {
  const service = await backEnd();
  const [, name = ''] = /^(?:[\w-]+\.)*([\w-]+):/.exec(rest) ?? [];
  const aws = { credentials: testCredentials, endpoints: { [name]: new URL(service.uri).origin } };
  const integrationUri = `arn:aws:apigateway:eu-west-1:${rest}`;
  const outcome = await invoke(prepare({ aws }, { integrationUri, ...changes }, routeChanges), message(text));
  expect(outcome).toMatchObject({ ok: true, status: 200 });
  const [seen] = service.seen;
  if (seen === undefined) throw new Error('the service was not asked');
  expect(seen.headers.authorization).toContain(`/eu-west-1/${name}/aws4_request`);
  expect(await recomputedAuthorization(seen)).toBe(seen.headers.authorization);
  return seen;
}

describe('services in action form', () => {
  it.each([
    ['dynamodb', 'PutItem', 'DynamoDB_20120810.PutItem', 'application/x-amz-json-1.0'],
    ['states', 'StartExecution', 'AWSStepFunctions.StartExecution', 'application/x-amz-json-1.0'],
    ['kinesis', 'PutRecord', 'Kinesis_20131202.PutRecord', 'application/x-amz-json-1.1'],
    ['events', 'PutEvents', 'AWSEvents.PutEvents', 'application/x-amz-json-1.1'],
  ])('[IN-53] %s %s: JSON protocol with target and content type', async (service, action, target, type) => {
    const seen = await asked(`${service}:action/${action}`, { requestTemplates: { $default: '{"Item":$input.body}' } });
    expect(seen).toMatchObject({ method: 'POST', url: '/', body: '{"Item":{"id":"ü"}}' });
    expect(seen.headers).toMatchObject({
      'x-amz-target': target,
      'content-type': type,
      'user-agent': 'AmazonAPIGateway_chat',
    });
    expect(seen.headers.authorization).toContain('content-type;host;x-amz-date;x-amz-target');
  });

  it('[IN-53] sqs and sns: query protocol, with the action, its parameters and what is mapped', async () => {
    const seen = await asked('sqs:action/SendMessage&QueueUrl=https%3A%2F%2Fq%2F1&A=b', {
      requestParameters: { 'integration.request.querystring.MessageBody': 'route.request.body' },
    });
    expect(seen.url).toBe(
      '/?Action=SendMessage&QueueUrl=https%3A%2F%2Fq%2F1&A=b&MessageBody=%7B%22id%22%3A%22%C3%BC%22%7D',
    );
    const sns = await asked('sns:action/Publish', {
      requestTemplates: { $default: 'TopicArn=arn&Message=hi' },
      requestParameters: { 'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'" },
    });
    expect(sns).toMatchObject({ url: '/?Action=Publish', body: 'TopicArn=arn&Message=hi' });
    expect(sns.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(sns.headers['x-amz-target']).toBeUndefined();
  });

  it('[IN-53] sqs where its JSON content type is mapped', async () => {
    const seen = await asked('sqs:action/SendMessage', {
      requestParameters: { 'integration.request.header.Content-Type': "'application/x-amz-json-1.0'" },
    });
    expect(seen.url).toBe('/');
    expect(seen.headers).toMatchObject({
      'x-amz-target': 'AmazonSQS.SendMessage',
      'content-type': 'application/x-amz-json-1.0',
    });
  });

  it('[IN-53] mapped headers replace the own ones and are signed; those of signature and framing cannot be mapped', async () => {
    const seen = await asked('dynamodb:action/GetItem', {
      requestParameters: {
        'integration.request.header.Content-Type': "'application/json'",
        'integration.request.header.X-Mine': "'ü  two\r\nX-Forged: 1'",
        'integration.request.header.Authorization': "'forged'",
        'integration.request.header.X-Amz-Date': "'20200101T000000Z'",
        'integration.request.header.Content-Length': "'1'",
        'integration.request.header.Host': "'elsewhere'",
      },
    });
    expect(seen.headers['content-type']).toBe('application/json');
    expect(seen.headers['x-forged']).toBeUndefined();
    expect(seen.headers.authorization).toContain('x-mine');
    expect(seen.headers['x-amz-date']).not.toBe('20200101T000000Z');
    expect(seen.headers.host).toMatch(/^127\.0\.0\.1/);
  });
});

describe('services in path form', () => {
  it('[IN-53] sqs with the body as it is mapped', async () => {
    const seen = await asked('sqs:path/123456789012/queue', {
      requestTemplates: { $default: 'Action=SendMessage&MessageBody=$input.body' },
      requestParameters: { 'integration.request.header.Content-Type': "'application/x-www-form-urlencoded'" },
    });
    expect(seen).toMatchObject({ url: '/123456789012/queue', body: 'Action=SendMessage&MessageBody={"id":"ü"}' });
    expect(seen.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  it('[IN-53] s3 in path style with placeholders, and the hash of the payload', async () => {
    const requestParameters = {
      'integration.request.path.bucket': "'b'",
      'integration.request.path.key': "'a b/ü(1)'",
    };
    const plain = await asked('s3:path/{bucket}/{key}', { integrationMethod: 'PUT', requestParameters });
    expect(plain).toMatchObject({ method: 'PUT', url: '/b/a%20b%2F%C3%BC%281%29' });
    expect(plain.headers['x-amz-content-sha256']).toMatch(/^[0-9a-f]{64}$/);
    const greedy = await asked('s3:path/{bucket}/{key+}?x-id=a%2Bb', { requestParameters });
    expect(greedy.url).toBe('/b/a%20b/%C3%BC%281%29?x-id=a%2Bb');
  });

  it('[IN-53] a value cannot lead out of its path, nor be missing', async () => {
    const service = await backEnd();
    const aws = { credentials: testCredentials, endpoints: { s3: new URL(service.uri).origin } };
    for (const [placeholder, key] of [
      ['{key+}', "'..'"],
      ['{key+}', "'a/../../c'"],
      ['{key}', "'a/../../c'"],
      ['{key+}', "''"],
    ]) {
      const integration = prepare(
        { aws },
        {
          integrationUri: `arn:aws:apigateway:us-east-1:s3:path/b/${placeholder}`,
          requestParameters: { 'integration.request.path.key': key ?? '' },
        },
      );
      expect(await invoke(integration, message('{}'))).toMatchObject({ code: 'integration_misconfigured' });
    }
    expect(service.seen).toHaveLength(0);
  });

  it('[IN-53] a subdomain is part of the host, also where all are at one endpoint', async () => {
    const seen = await asked('my-bucket.s3:path/key', { integrationMethod: 'GET' });
    expect(seen).toMatchObject({ method: 'GET', url: '/key' });
    expect(seen.headers.host).toMatch(/^my-bucket\.127\.0\.0\.1:\d+$/);
  });
});

describe('AWS services', () => {
  it('[IN-9] [IN-53] stage variables in service, action and path', async () => {
    const stageVariables = { action: 'PutItem', service: 'dynamodb' };
    const seen = await asked('dynamodb:action/${stageVariables.action}', {}, { stageVariables });
    expect(seen.headers['x-amz-target']).toBe('DynamoDB_20120810.PutItem');
    expect(
      prepare(
        { aws: { credentials: testCredentials } },
        { integrationUri: 'arn:aws:apigateway:us-east-1:${stageVariables.none}:action/X' },
      ).fault,
    ).toMatch(/stage variable missing/);
  });

  it('[IN-54] go to their own address at AWS where no endpoint is set', () => {
    const hrefOf = (uri: string, endpoints = {}) => {
      const { url, authority } = placeOf(readServiceUri(uri), { endpoints });
      return [url.href, authority];
    };
    const sqs = 'arn:aws:apigateway:eu-west-1:sqs:path/1/q';
    expect(hrefOf(sqs)).toEqual(['https://sqs.eu-west-1.amazonaws.com/', 'sqs.eu-west-1.amazonaws.com']);
    expect(hrefOf(sqs, { sqs: 'http://localhost:9324' })).toEqual(['http://localhost:9324/', 'localhost:9324']);
    const bucket = 'arn:aws-cn:apigateway:cn-north-1:b.s3:path/k';
    expect(hrefOf(bucket)[0]).toBe('https://b.s3.cn-north-1.amazonaws.com.cn/');
    expect(hrefOf(bucket, { s3: 'http://m:9000', 'b.s3': 'http://own' })[1]).toBe('own');
    expect(() => hrefOf(sqs, { sqs: 'nowhere' })).toThrow(/aws\.endpoints\.sqs is not an absolute/);
  });

  it.each([
    '',
    'arn:aws:sqs:us-east-1:1:q',
    'arn:aws:apigateway:us-east-1:sqs:queue/x',
    'arn:aws:apigateway:us-east-1:s q s:path/x',
    'arn:aws:apigateway:us-east-1:evil.com/:path/x',
    'arn:aws:apigateway:us-east-1@evil:sqs:path/x',
    'arn:aws:apigateway:us-east-1:sqs:action/',
    'https://sqs.us-east-1.amazonaws.com/',
  ])('[IN-7] %j is refused with the reason', async (integrationUri) => {
    const integration = prepare({ aws: { credentials: testCredentials } }, { integrationUri });
    expect(integration.fault).toEqual(expect.stringMatching(/is not of the form|names no action/));
    expect(await invoke(integration, message('{}'))).toMatchObject({ code: 'integration_misconfigured' });
  });

  it('[IN-54] without credentials they are misconfigured, with the key to set', () => {
    const integrationUri = 'arn:aws:apigateway:us-east-1:dynamodb:action/PutItem';
    expect(prepare({}, { integrationUri }).fault).toMatch(/dynamodb have to be signed: set aws\.credentials/);
  });

  it('[IN-53] the status chooses the integration response, and decides a handshake', async () => {
    let status = 200;
    const service = await backEnd({
      respond: (_request, response) => response.writeHead(status, { 'X-A': '1' }).end('{"MessageId":"m"}'),
    });
    const aws = { credentials: testCredentials, endpoints: { sqs: new URL(service.uri).origin } };
    const integration = prepare(
      { aws },
      {
        integrationUri: 'arn:aws:apigateway:us-east-1:sqs:action/SendMessage',
        integrationResponses: [
          { ...responses('/2\\d\\d/')[0], responseTemplates: { $default: 'sent $input.body' } },
          { ...responses('/4\\d\\d/')[0], responseTemplates: { $default: 'refused' } },
        ] as IntegrationDefinition['integrationResponses'],
      },
    );
    expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true, text: 'sent {"MessageId":"m"}' });
    status = 403;
    expect(await invoke(integration, message('{}'))).toMatchObject({ ok: true, text: 'refused' });
    expect(await invoke(integration, connectRequest())).toMatchObject({ ok: true, status: 403, text: 'refused' });
    expect(await invoke(integration, disconnectRequest(1000, ''))).toMatchObject({ ok: true });
    status = 500;
    expect(await invoke(integration, message('{}'))).toMatchObject({ code: 'integration_response_unmapped' });
  });

  it('[IN-53] the same over TLS, and an observer sees what is sent but not the signature', async () => {
    const service = await backEnd({ tls: true });
    const { origin } = new URL(service.uri);
    const aws = { credentials: testCredentials, endpoints: { events: origin } };
    const integrationUri = 'arn:aws:apigateway:us-east-1:events:action/PutEvents';
    const integration = prepare({ aws, ca: testCertificate }, { integrationUri });
    const seen: unknown[] = [];
    const observer = {
      sent: (uri: string, headers: readonly (readonly [string, string])[], body: Uint8Array) =>
        seen.push(
          uri,
          new Map(headers).get('x-amz-target'),
          new Map(headers).get('authorization'),
          Buffer.from(body).toString(),
        ),
      received: (status: number, _headers: unknown, body: Uint8Array) =>
        seen.push(status, Buffer.from(body).toString()),
    };
    expect(await invoke(integration, { ...message('{"a":1}'), observer })).toMatchObject({ ok: true });
    expect(seen).toEqual([`${origin}/`, 'AWSEvents.PutEvents', '*****', '{"a":1}', 200, '{"a":1}']);
    const [request] = service.seen;
    expect(request && (await recomputedAuthorization(request))).toBe(request?.headers.authorization);
  });

  it('[IN-10] credentialsArn is stored and changes nothing, the caller marker neither', async () => {
    for (const credentialsArn of ['arn:aws:iam::123456789012:role/r', 'arn:aws:iam::*:user/*']) {
      const seen = await asked('states:action/StartExecution', { credentialsArn });
      expect(seen.headers.authorization).toContain(`Credential=${testCredentials.accessKeyId}/`);
    }
  });
});
