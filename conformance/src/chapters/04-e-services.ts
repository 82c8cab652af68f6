import assert from 'node:assert/strict';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Call } from '../back-end/back-end.js';
import { callWith } from '../exchange.js';
import { type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';

/** As `conformance/sluice.yaml` has it under `aws`. */
const credentials = { accessKeyId: 'AKIDSERVICES', secretAccessKey: 'services-secret' };

/** What `Authorization` has to be for a request as it arrived: computed with the SDK's own signer. */
async function recomputed({ method, url, headers, body }: Call): Promise<string | undefined> {
  const authorization = String(headers.authorization);
  const [, region = '', service = '', names = ''] =
    /^AWS4-HMAC-SHA256 Credential=AKIDSERVICES\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), /.exec(
      authorization,
    ) ?? [];
  assert.notEqual(names, '', `not signed, or not by the key of the configuration: ${authorization}`);
  const isS3 = service === 's3';
  const signer = new SignatureV4({
    credentials,
    service,
    region,
    sha256: Sha256,
    applyChecksum: isS3,
    uriEscapePath: !isS3,
  });
  const date = String(headers['x-amz-date']);
  const signingDate = new Date(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  assert.ok(Math.abs(signingDate.getTime() - Date.now()) < 60_000, `signed at ${date}`);
  const [path = '', queryText = ''] = url.split('?');
  const query: Record<string, string[]> = {};
  for (const part of queryText.split('&').filter((each) => each !== '')) {
    const [name = '', value = ''] = part.split('=').map(decodeURIComponent);
    query[name] = [...(query[name] ?? []), value];
  }
  const signed = Object.fromEntries(names.split(';').map((name) => [name, String(headers[name])]));
  const request = { method, protocol: 'http:', hostname: '', path, query, headers: signed, body };
  return (await signer.sign(request, { signingDate })).headers['authorization'];
}

interface Wanted {
  method?: string;
  url: string;
  body: string;
  /** Scope of the signature. */
  region?: string;
  service: string;
  /** Headers that have to be there and signed. */
  signed: Record<string, string>;
}

/** A message on this route reaches the service so. `#` stands for the marker that is the message's `text`. */
function reaches(action: string, title: string, wanted: Wanted, more: object = {}): Rule {
  return rule('IN-53', title, async (target) => {
    const marker = newMarker();
    const call = await serviceCall(target, action, marker, more);
    const marked = (text: string) => text.replaceAll('#', marker);
    assert.equal(call.method, wanted.method ?? 'POST');
    assert.equal(call.url, `/service/${marked(wanted.url)}`);
    assert.equal(call.body, marked(wanted.body));
    const authorization = String(call.headers.authorization);
    assert.match(authorization, new RegExp(`/${wanted.region ?? 'us-east-1'}/${wanted.service}/aws4_request,`));
    const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? [];
    for (const [name, value] of Object.entries(wanted.signed)) {
      assert.equal(call.headers[name], value, name);
      assert.ok(names.includes(name), `${name} is not among the signed headers ${names.join(' ')}`);
    }
    assert.ok(names.includes('host') && names.includes('x-amz-date'), names.join(' '));
    assert.equal(await recomputed(call), authorization);
  });
}

async function serviceCall(target: Target, action: string, marker: string, more: object): Promise<Call> {
  const client = await target.connect('services');
  client.send({ action, text: marker, ...more });
  const frame = await client.next();
  assert.match(frame, /^done: /);
  const call = await callWith(target, marker);
  assert.equal(call.way, 'service');
  return call;
}

const form = 'application/x-www-form-urlencoded';
const json10 = 'application/x-amz-json-1.0';
const json11 = 'application/x-amz-json-1.1';

/** A service in action form that speaks the JSON protocol. */
function reachesJson(service: string, target: string, contentType: string, body: string, more: object = {}): Rule {
  const signed = { 'content-type': contentType, 'x-amz-target': target };
  return reaches(service, `${service} in action form: ${target}`, { url: `${service}/`, body, service, signed }, more);
}

/** The status of the service chooses the response; the script goes in a header, which is signed too. */
function choosesBy(status: number, answer: string): Rule {
  return rule('IN-53', `the status ${status} of the service chooses the integration response`, async (target) => {
    const client = await target.connect('services');
    client.send({ action: 'sqs-action', text: 'x', script: { status, raw: 'said' } });
    assert.equal(await client.next(), answer);
  });
}

export const services: Rule[] = [
  reaches('sqs-action', 'sqs in action form: the query protocol, with written and mapped parameters', {
    url: 'sqs/?Action=SendMessage&QueueUrl=http%3A%2F%2Fqueue%2F1&MessageBody=#',
    body: '',
    service: 'sqs',
    signed: { 'content-type': form },
  }),
  reaches('sqs-path', 'sqs in path form, with a stage variable, a mapped content type and the body of the template', {
    url: 'sqs/000000000000/orders',
    body: 'Action=SendMessage&MessageBody=#',
    region: 'eu-west-1',
    service: 'sqs',
    signed: { 'content-type': form },
  }),
  reaches('sns', 'sns in action form', {
    url: 'sns/?Action=Publish',
    body: 'TopicArn=arn&Message=#',
    service: 'sns',
    signed: { 'content-type': form },
  }),
  reachesJson('dynamodb', 'DynamoDB_20120810.PutItem', json10, '{"TableName":"messages","Item":{"text":{"S":"#"}}}'),
  reachesJson(
    'states',
    'AWSStepFunctions.StartExecution',
    json10,
    '{"input":"{\\"a\\":[1,\\"ü\\"]}","text":"#"}'.replace('ü', '\\u00FC'),
    {
      data: { a: [1, 'ü'] },
    },
  ),
  reachesJson(
    'kinesis',
    'Kinesis_20131202.PutRecord',
    json11,
    `{"Data":"${Buffer.from('{"a":"ü"}').toString('base64')}","PartitionKey":"#"}`,
    {
      data: { a: 'ü' },
    },
  ),
  reachesJson('events', 'AWSEvents.PutEvents', json11, '{"Entries":[{"Detail":"#"}]}'),
  rule(
    'IN-53',
    's3 in path form: placeholders, a mapped header that is signed, the hash of the payload',
    async (target) => {
      const marker = newMarker();
      const call = await serviceCall(target, 's3', marker, { key: 'a b/ü(1)' });
      assert.equal(call.method, 'PUT');
      assert.equal(call.url, '/service/s3/bucket/a%20b/%C3%BC%281%29');
      assert.match(String(call.headers['x-amz-meta-who']), /^[\w-]+=+$/);
      assert.match(String(call.headers.authorization), /SignedHeaders=[^,]*x-amz-content-sha256;[^,]*x-amz-meta-who/);
      assert.equal(await recomputed(call), call.headers.authorization);
    },
  ),
  rule('IN-53', 'a subdomain is part of the host', async (target) => {
    const call = await serviceCall(target, 'subdomain', newMarker(), {});
    assert.match(String(call.headers.host), /^my-bucket\./);
    assert.equal(call.name, '/service/s3/key');
    assert.equal(await recomputed(call), call.headers.authorization);
  }),
  choosesBy(200, 'done: said'),
  choosesBy(403, 'refused: said'),
  choosesBy(500, 'other'),
  rule('IN-54', 'a service is where the configuration says', async (target) => {
    const call = await serviceCall(target, 'dynamodb', newMarker(), {});
    assert.equal(call.headers.host, `127.0.0.1:${target.backEnd.port}`);
  }),
  rule('IN-10', 'with credentialsArn, also from a stage variable, the same key signs', async (target) => {
    const call = await serviceCall(target, 'sqs-action', newMarker(), {});
    assert.match(String(call.headers.authorization), /Credential=AKIDSERVICES\//);
  }),
];
