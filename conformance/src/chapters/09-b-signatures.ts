import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { NotApplicable, type Rule, rule } from '../rule.js';
import type { Answer, Target } from '../target.js';
import { manageAt } from '../wire/foreign-host.js';
import { rawAnswer } from '../wire/raw-connection.js';

const wellFormed = 'L0SM9cOFvHcCIhw=';

function isRefused(answer: Answer, errorType: string): void {
  assert.equal(answer.status, 403, `it was answered ${answer.status} ${answer.body}`);
  assert.equal(answer.headers.get('x-amzn-errortype'), errorType);
}

/** Skips where the gateway takes unsigned requests: then nothing about signatures can be seen. */
async function requireSignatures(target: Target): Promise<void> {
  const { status } = await target.management('connections', 'GET', `/@connections/${wellFormed}`, { signed: false });
  if (status === 410) throw new NotApplicable('this gateway asks for no signatures');
}

/** A request that is changed after it was signed. */
function tampered(
  what: string,
  change: (request: { url: URL; method: string; headers: Record<string, string>; body: string }) => void,
): Rule {
  return rule('CB-14', `a signature does not hold for ${what}`, async (target) => {
    await requireSignatures(target);
    const { client, connectionId } = await target.connectKnown('connections');
    const url = new URL(`${target.managementUrl('connections')}/@connections/${connectionId}`);
    const request = { url, method: 'POST', headers: await target.sign('POST', url, 'signed'), body: 'signed' };
    change(request);
    const { method, headers, body } = request;
    const response = await fetch(request.url, { method, headers, ...(method === 'POST' ? { body } : {}) });
    const text = await response.text();
    assert.equal(response.status, 403, `it was answered ${response.status} ${text}`);
    assert.match(String(response.headers.get('x-amzn-errortype')), /Signature|UnrecognizedClient/);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(client.messages, []);
  });
}

/** A key whose policy allows this much, on a live connection of `connections/dev`. */
function policy(id: string, title: string, accessKeyId: string, statuses: Record<string, number>): Rule {
  return rule(id, `C11: ${title}`, async (target) => {
    await requireSignatures(target);
    if (target.options.credentials.accessKeyId !== 'AKIDCONFORMANCE') {
      throw new NotApplicable('needs the keys of conformance/sluice.yaml');
    }
    const { connectionId } = await target.connectKnown('connections');
    const credentials = { accessKeyId, secretAccessKey: target.options.credentials.secretAccessKey };
    for (const [call, status] of Object.entries(statuses)) {
      const [method = '', stage = ''] = call.split(' ');
      const options = { stage, credentials, ...(method === 'POST' ? { body: 'x' } : {}) };
      const answer = await target.management('connections', method, `/@connections/${connectionId}`, options);
      assert.equal(answer.status, status, `${call} was answered ${answer.status} ${answer.body}`);
      if (status === 403) isRefused(answer, 'AccessDeniedException');
    }
  });
}

export const signatures: Rule[] = [
  ...[
    ['/@connections/', (id: string) => id],
    ['/%40connections/', (id: string) => id],
    ['/@connections/', encodeURIComponent],
    ['/%40connections/', encodeURIComponent],
    ['/%40connections/', (id: string) => encodeURIComponent(encodeURIComponent(id))],
  ].map(([marker, encode], index) =>
    rule('CB-5', `C8: ${marker} with form ${index} of the id: same result, valid signature`, async (target) => {
      const { client, connectionId } = await target.connectKnown('connections');
      const path = `${marker}${(encode as (id: string) => string)(connectionId)}`;
      const answer = await target.management('connections', 'POST', path, { body: path });
      assert.equal(answer.status, 200, answer.body);
      assert.equal(await client.next(), path);
    }),
  ),
  rule('CB-9', 'C5: an id of no possible form: 400, also unsigned', async (target) => {
    for (const signed of [true, false]) {
      const answer = await target.management('connections', 'POST', '/@connections/abc', { body: 'x', signed });
      assert.deepEqual([answer.status, answer.body], [400, '{"message":"Invalid connectionId: abc"}']);
      assert.equal(answer.headers.get('x-amzn-errortype'), 'BadRequestException');
    }
  }),
  rule('CB-10', 'O19: the checks come in their order', async (target) => {
    const status = async (path: string, stage: string, bytes: number, signed: boolean) => {
      const options = { body: 'x'.repeat(bytes), stage, signed };
      return (await target.management('connections', 'POST', path, options)).status;
    };
    // Each request is wrong in all that is checked later, too.
    assert.equal(await status('/@connections/abc', 'nowhere', 131_073, false), 403, 'address');
    assert.equal(await status('/@connections/abc', 'dev', 131_073, false), 413, 'size');
    assert.equal(await status('/@connections/abc', 'dev', 1, false), 400, 'form of the id');
    await requireSignatures(target);
    assert.equal(await status(`/@connections/${wellFormed}`, 'dev', 1, false), 403, 'signature');
    assert.equal(await status(`/@connections/${wellFormed}`, 'dev', 1, true), 410, 'existence');
  }),
  rule('CB-11', 'C6: unsigned, to a connection that lives and to one that does not: the same 403', async (target) => {
    await requireSignatures(target);
    const { connectionId } = await target.connectKnown('connections');
    for (const id of [wellFormed, connectionId]) {
      const answer = await target.management('connections', 'GET', `/@connections/${id}`, { signed: false });
      isRefused(answer, 'MissingAuthenticationTokenException');
      assert.equal(answer.body, '{"message":"Missing Authentication Token"}');
    }
  }),
  rule('CB-12', 'an Authorization that is none: 403, without what it held', async (target) => {
    await requireSignatures(target);
    const headers = { authorization: 'Bearer very-secret' };
    const answer = await target.management('connections', 'GET', `/@connections/${wellFormed}`, {
      signed: false,
      headers,
    });
    isRefused(answer, 'IncompleteSignatureException');
    assert.ok(!answer.body.includes('very-secret'), answer.body);
  }),
  rule('CB-13', 'a hash of the body among the signed headers, and a query, hold', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const headers = {
      'x-amz-content-sha256': createHash('sha256').update('hashed').digest('hex'),
      'x-amz-more': 'a  b',
    };
    const path = `/@connections/${connectionId}?b=2&a=%20x`;
    const answer = await target.management('connections', 'POST', path, { body: 'hashed', headers });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(await client.next(), 'hashed');
  }),
  rule('CB-16', 'a signature holds for five minutes, either way', async (target) => {
    await requireSignatures(target);
    const minutes = async (count: number) => {
      const signingDate = new Date(Date.now() + count * 60_000);
      return await target.management('connections', 'GET', `/@connections/${wellFormed}`, { signingDate });
    };
    for (const count of [-4.5, 4.5]) assert.equal((await minutes(count)).status, 410, `${count} minutes`);
    for (const count of [-5.5, 5.5]) isRefused(await minutes(count), 'InvalidSignatureException');
  }),
  tampered('another body', (request) => {
    request.body = 'forged';
  }),
  tampered('another method', (request) => {
    request.method = 'DELETE';
  }),
  tampered('another path', (request) => {
    request.url.pathname = request.url.pathname.replace('/dev/', '/other/');
  }),
  tampered('another query', (request) => {
    request.url.search = '?more=1';
  }),
  tampered('another time', (request) => {
    request.headers['x-amz-date'] = '20200101T000000Z';
  }),
  tampered('another signature', (request) => {
    const { authorization = '' } = request.headers;
    request.headers['authorization'] = `${authorization.slice(0, -4)}0000`;
  }),
  tampered('a key that is not known', (request) => {
    const { authorization = '' } = request.headers;
    request.headers['authorization'] = authorization.replace(/Credential=[^/]+/, 'Credential=AKIDNOBODY');
  }),
  tampered('another region', (request) => {
    const { authorization = '' } = request.headers;
    request.headers['authorization'] = authorization.replace(
      /\/[a-z0-9-]+\/execute-api\//,
      '/mars-north-1/execute-api/',
    );
  }),
  tampered('an x-amz- header added', (request) => {
    request.headers['x-amz-added'] = '1';
  }),
  policy('CB-18', '{apiId}/* allows everything of the API', 'AKIDWHOLEAPI', {
    'POST dev': 200,
    'GET other': 200,
    'DELETE dev': 204,
  }),
  policy('CB-18', '{apiId}/{stage}/POST/@connections/* allows posts to the stage', 'AKIDANYID', {
    'POST dev': 200,
    'POST other': 403,
    'GET dev': 403,
    'DELETE dev': 403,
  }),
  policy('CB-18', '{apiId}/*/*/@connections/* allows everything, too', 'AKIDCDK', {
    'POST dev': 200,
    'GET other': 200,
  }),
  policy('CB-19', 'a real connection id in the policy allows nothing', 'AKIDREALID', {
    'POST dev': 403,
    'GET dev': 403,
  }),
  policy('CB-19', 'nor does /@connections alone', 'AKIDNOID', { 'POST dev': 403, 'GET dev': 403 }),
  rule('CB-20', 'AccessDeniedException: capital Message, masked account, literal {connectionId}', async (target) => {
    await requireSignatures(target);
    if (target.options.credentials.accessKeyId !== 'AKIDCONFORMANCE') {
      throw new NotApplicable('needs the keys of conformance/sluice.yaml');
    }
    const credentials = { accessKeyId: 'AKIDNOID', secretAccessKey: target.options.credentials.secretAccessKey };
    const path = `/@connections/${wellFormed}`;
    const answer = await target.management('connections', 'POST', path, { body: 'x', credentials });
    isRefused(answer, 'AccessDeniedException');
    const { Message } = JSON.parse(answer.body);
    assert.match(
      Message,
      /^User: arn:aws:.* is not authorized to perform: execute-api:ManageConnections on resource: arn:aws:execute-api:us-east-1:\*{8}\d{4}:connections\/dev\/POST\/@connections\/\{connectionId\} because no identity-based policy allows the execute-api:ManageConnections action$/,
    );
  }),
  rule('CB-30', 'a length that is no number, and two of them, are refused', async (target) => {
    const at = target.managementUrl('connections');
    const { pathname, host } = new URL(at);
    const lines = [`POST ${pathname}/@connections/${wellFormed} HTTP/1.1`, `Host: ${host}`];
    for (const lengths of [['Content-Length: x'], ['Content-Length: 1', 'Content-Length: 2'], ['Content-Length: -1']]) {
      const answer = await rawAnswer(target, [...lines, ...lengths], { at, body: 'ab', timeoutMs: 3_000 });
      assert.ok(answer === undefined || answer.status === 400, `${lengths} was answered ${answer?.status}`);
    }
  }),
  rule('CB-30', 'a body in chunks is taken whole', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const url = new URL(`${target.managementUrl('connections')}/@connections/${connectionId}`);
    const headers = await target.sign('POST', url, 'one two');
    const body = new ReadableStream({
      async start(controller) {
        for (const part of ['one ', 'two']) {
          controller.enqueue(Buffer.from(part));
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        controller.close();
      },
    });
    const response = await fetch(url, { method: 'POST', headers, body, duplex: 'half' });
    assert.equal(response.status, 200, await response.text());
    assert.equal(await client.next(), 'one two');
  }),
  rule('CB-1', '@connections answers on the address of the sockets, too', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections');
    const place = { path: `/connections/dev/@connections/${connectionId}` };
    const answer = await manageAt(target, 'POST', place, { body: 'same port', onSocketAddress: true });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(await client.next(), 'same port');
  }),
];
