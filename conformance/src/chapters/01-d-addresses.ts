import assert from 'node:assert/strict';
import { type Rule, rule } from '../rule.js';
import { newMarker, type Target } from '../target.js';
import { connectOf, echoed } from '../wire/connection-events.js';
import { connectAt, manageAt, type Place, refusedAt } from '../wire/foreign-host.js';
import { requireOneAddress } from '../wire/raw-connection.js';

/** A place leads to this stage, given as `api/stage`. */
function leadsTo(id: string, title: string, place: Place, scope: string): Rule {
  return rule(id, title, async (target) => {
    const client = await connectAt(target, place);
    const { apiId, stage } = (await echoed(client)).requestContext;
    assert.equal(`${apiId}/${stage}`, scope);
  });
}

function leadsNowhere(id: string, title: string, place: Place): Rule {
  return rule(id, title, async (target) => {
    assert.deepEqual(await refusedAt(target, place), { status: 403, body: '{"message":"Forbidden"}' });
  });
}

/** A place of `@connections` reaches a connection of `connections/dev`. */
function reaches(id: string, title: string, place: (connectionId: string) => Place, status = 200): Rule {
  return rule(id, title, async (target) => {
    requireOneAddress(target);
    const { client, connectionId } = await target.connectKnown('connections');
    const answer = await manageAt(target, 'POST', place(connectionId), { body: 'by another address' });
    assert.equal(answer.status, status, `${answer.status} ${answer.body}`);
    if (status === 200) assert.equal(await client.next(), 'by another address');
  });
}

const ws = 'ws.conformance.test';
const keyed = 'keyed.conformance.test';

export const addresses: Rule[] = [
  leadsTo(
    'CN-101',
    'the first label of a host names the API',
    { host: 'connections.any.test', path: '/other' },
    'connections/other',
  ),
  leadsTo('CN-101', 'in any case', { host: 'Connections.Any.Test', path: '/other' }, 'connections/other'),
  leadsNowhere('CN-101', 'such a host wins over the path', {
    host: 'connections.any.test',
    path: '/connections-open/dev',
  }),
  leadsTo(
    'CN-102',
    '/{apiId}/{stage} of any other host',
    { host: 'any.test', path: '/connections/other' },
    'connections/other',
  ),
  leadsTo('CN-102', 'a slash at the end is allowed', { path: '/connections/other/' }, 'connections/other'),
  leadsTo('CN-102', 'percent-encoding is undone', { path: '/connections%2Dopen/%64ev' }, 'connections-open/dev'),
  leadsNowhere('CN-102', 'and only once', { path: '/connections%252Dopen/dev' }),
  leadsTo('CN-103', '/{stage} is a stage of the default API', { path: '/home' }, 'connections-default/home'),
  leadsNowhere('CN-103', 'and of no other', { path: '/origins' }),
  reaches('CN-104', 'a callback address that names no API means the API of the connection', (id) => ({
    path: `/dev/@connections/${id}`,
  })),
  reaches(
    'CB-29',
    'a stage that the API of the connection lacks is 403',
    (id) => ({ path: `/home/@connections/${id}` }),
    403,
  ),
  leadsNowhere('CN-15', 'an API without its default endpoint has no path', { path: '/connections-hidden/dev' }),
  leadsNowhere('CN-105', 'H14: nor a host label', { host: 'connections-hidden.any.test', path: '/dev' }),
  leadsTo('CN-105', 'H14: its custom domain leads to it', { host: ws, path: '/hidden' }, 'connections-hidden/dev'),
  rule('CN-105', 'H14: its callbacks have the custom domain only, too', async (target) => {
    const marker = newMarker();
    const client = await connectAt(target, { host: ws, path: '/hidden' }, { query: { marker } });
    const { connectionId } = await connectOf(target, marker);
    const reach = (place: Place) => manageAt(target, 'POST', place, { body: 'by the domain' });
    for (const path of ['/connections-hidden/dev', '/dev']) {
      assert.equal((await reach({ path: `${path}/@connections/${connectionId}` })).status, 403, path);
    }
    assert.equal((await reach({ host: ws, path: `/hidden/@connections/${connectionId}` })).status, 200);
    assert.equal(await client.next(), 'by the domain');
    // The stage in the place of the key: two APIs of this domain have one of that name.
    assert.equal((await reach({ host: ws, path: `/dev/@connections/${connectionId}` })).status, 200);
  }),
  rule('CN-106', 'domainName is the custom domain', async (target) => {
    const client = await connectAt(target, { host: ws.toUpperCase(), path: '/second' });
    assert.equal((await echoed(client)).requestContext.domainName, ws);
  }),
  leadsTo('CN-110', 'the empty key is the domain itself', { host: ws, path: '/' }, 'connections/dev'),
  leadsTo('CN-110', 'the first segment is the key', { host: ws, path: '/second' }, 'connections/other'),
  leadsNowhere('CN-110', 'a key that is not mapped', { host: keyed, path: '/none' }),
  leadsNowhere('CN-110', 'no key where the domain itself is not mapped', { host: keyed, path: '/' }),
  leadsNowhere('CN-110', 'a segment behind the key', { host: ws, path: '/second/other' }),
  leadsTo('CN-111', 'a wildcard stands for a label', { host: 'x.conformance.test', path: '/' }, 'connections/other'),
  leadsTo('CN-111', 'or for several', { host: 'y.x.conformance.test', path: '/' }, 'connections/other'),
  leadsTo(
    'CN-111',
    'the wildcard with the longest rest wins',
    { host: 'x.deep.conformance.test', path: '/' },
    'connections-hidden/dev',
  ),
  leadsTo('CN-111', 'the exact domain wins over any', { host: keyed, path: '/only' }, 'connections/dev'),
  leadsNowhere('CN-112', 'a custom domain wins over the path', { host: keyed, path: '/connections/dev' }),
  leadsTo(
    'CN-112',
    'and over a host label',
    { host: 'connections-open.conformance.test', path: '/' },
    'connections/other',
  ),
  reaches('CN-113', '@connections of the domain itself', (id) => ({ host: ws, path: `/@connections/${id}` })),
  reaches('CB-33', '@connections behind the mapping key', (id) => ({ host: keyed, path: `/only/@connections/${id}` })),
  reaches('CB-33', 'O14: with the stage behind the key', (id) => ({
    host: keyed,
    path: `/only/dev/@connections/${id}`,
  })),
  reaches('CN-113', 'O14: with the stage in its place', (id) => ({ host: keyed, path: `/dev/@connections/${id}` })),
  reaches(
    'CN-113',
    'a key that is not mapped is 403',
    (id) => ({ host: keyed, path: `/none/@connections/${id}` }),
    403,
  ),
  rule('CN-113', 'what a back end builds from the event works, on the address of the sockets', async (target) => {
    const marker = newMarker();
    const client = await connectAt(target, { host: keyed, path: '/only' }, { query: { marker } });
    const { domainName, stage, connectionId } = await connectOf(target, marker);
    const place = { host: domainName, path: `/${stage}/@connections/${connectionId}` };
    const answer = await manageAt(target, 'POST', place, { body: 'built', onSocketAddress: true });
    assert.equal(answer.status, 200, answer.body);
    assert.equal(await client.next(), 'built');
  }),
  rule('CN-74', 'binaryFrames: a binary frame is delivered as base64', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections-binary');
    const bytes = Buffer.from([0, 1, 0xff, 0xfe]);
    client.send(bytes);
    const { event } = await target.backEnd.seen(
      'the message',
      (call) =>
        call.event?.requestContext?.connectionId === connectionId && call.event.requestContext.eventType === 'MESSAGE',
    );
    assert.deepEqual([event.isBase64Encoded, event.body], [true, bytes.toString('base64')]);
  }),
  rule('CN-74', 'what is posted is a binary frame where it is no UTF-8, or where the post says so', async (target) => {
    const { client, connectionId } = await target.connectKnown('connections-binary');
    const frames: [string, boolean][] = [];
    client.socket.on('message', (data, isBinary) => frames.push([data.toString('latin1'), isBinary]));
    await postFrame(target, connectionId, Buffer.from([0xff]));
    await postFrame(target, connectionId, 'text');
    await postFrame(target, connectionId, 'text', 'binary');
    await postFrame(target, connectionId, Buffer.from([0x61]), 'text');
    for (let count = 0; count < 4; count++) await client.next();
    assert.deepEqual(frames, [
      ['\u00ff', true],
      ['text', false],
      ['text', true],
      ['a', false],
    ]);
  }),
];

async function postFrame(target: Target, connectionId: string, body: string | Buffer, frame?: string): Promise<void> {
  const headers = frame === undefined ? {} : { 'x-sluice-frame': frame };
  const path = `/@connections/${connectionId}`;
  const { status } = await target.management('connections-binary', 'POST', path, { body, headers });
  assert.equal(status, 200);
}
