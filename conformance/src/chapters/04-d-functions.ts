import assert from 'node:assert/strict';
import type { Script } from '../back-end/script.js';
import { called, callWith, connected, errorText, reply } from '../exchange.js';
import { type Rule, rule } from '../rule.js';
import { newMarker } from '../target.js';

const connects = { script: { result: {} } };

/** What a message to a function that does as the script says is answered with. */
function answers(id: string, title: string, script: Script, answer: string): Rule {
  return rule(id, title, async (target) => {
    assert.equal(await reply(target, 'functions', { action: 'custom', script }, connects), answer);
  });
}

/** A route of the API calls the function under this name. */
function callsFunction(id: string, title: string, action: string, name: string): Rule {
  return rule(id, title, async (target) => {
    const script = { result: { statusCode: 200, body: 'ran' } };
    const { call, frame } = await called(target, 'functions', { action, script }, connects);
    assert.equal(call.name, name);
    assert.equal(call.way, 'function');
    assert.equal(frame, 'ran');
  });
}

const fails = (errorMessage: string): Script => ({ fails: { errorMessage } });

export const functions: Rule[] = [
  rule('IN-35', 'Lambda custom: the payload is the message where it passes through', async (target) => {
    const marker = newMarker();
    const text = JSON.stringify({ action: 'custom', marker, n: 1, script: { result: { a: [1] } } });
    assert.equal(await reply(target, 'functions', text, connects), 'result: {"a":[1]}');
    assert.equal((await callWith(target, marker)).body, text);
  }),
  rule('IN-35', 'Lambda custom: else it is what the template makes', async (target) => {
    const { call, frame } = await called(target, 'functions', { action: 'templated', script: { result: 7 } }, connects);
    assert.deepEqual(Object.keys(call.event), ['from', 'script', 'marker']);
    assert.equal(frame, 'result: 7');
  }),
  rule('IN-4', 'AWS: the function is called by the Invoke API, synchronously', async (target) => {
    const { call } = await called(target, 'functions', { action: 'custom' }, connects);
    assert.equal(call.way, 'function');
    assert.equal(call.method, 'POST');
    assert.equal(call.url, '/2015-03-31/functions/custom/invocations');
    assert.equal(call.headers['x-amz-invocation-type'] ?? 'RequestResponse', 'RequestResponse');
  }),
  rule('LE-7', 'X-Amz-Invocation-Type is mapped to Event: asynchronous', async (target) => {
    const { call } = await called(target, 'functions', { action: 'event' }, connects);
    assert.equal(call.headers['x-amz-invocation-type'], 'Event');
  }),
  callsFunction('IN-7', 'an alias behind the name', 'alias', 'named:live'),
  callsFunction('IN-7', 'a version behind the name', 'version', 'named:7'),
  callsFunction('IN-7', 'stage variables are name and alias', 'variables', 'chosen:blue'),
  rule('IN-50', 'a function with a place of its own is called there, unsigned', async (target) => {
    const script = { result: { ran: 'there' } };
    const { call, frame } = await called(target, 'functions', { action: 'elsewhere', script }, connects);
    assert.equal(call.name, '/http/elsewhere');
    assert.equal(call.headers.authorization, undefined);
    assert.equal(frame, 'result: {"ran":"there"}');
  }),
  rule('IN-50', 'the Invoke API is signed where there are credentials', async (target) => {
    const { call } = await called(target, 'functions', { action: 'custom' }, connects);
    const scope = /^AWS4-HMAC-SHA256 Credential=AKIDSERVICES\/\d{8}\/us-east-1\/lambda\/aws4_request, /;
    assert.match(String(call.headers.authorization), scope);
  }),
  answers(
    'RS-5',
    'no error takes $default',
    { result: { errorMessage: 'Unauthorized' } },
    'result: {"errorMessage":"Unauthorized"}',
  ),
  answers(
    'RS-5',
    'the errorMessage of a failed function selects',
    fails('[401] Unauthorized: you'),
    'refused: [401] Unauthorized: you',
  ),
  answers('RS-7', 'a literal key is compared exactly', fails('exactly this'), 'exact'),
  answers(
    'RS-7',
    'and not with a part',
    fails('not exactly this'),
    'result: {"errorType":"Error","errorMessage":"not exactly this"}',
  ),
  rule('RS-20', 'an expression that backtracks takes no time over a long errorMessage', async (target) => {
    const startedAtMs = Date.now();
    const script = fails('a'.repeat(5_000));
    assert.match(await reply(target, 'functions', { action: 'custom', script }, connects), /^result: /);
    assert.ok(Date.now() - startedAtMs < 5_000);
  }),
  rule('IN-52', 'Lambda custom on $connect: a result lets in', async (target) => {
    const { call, client } = await connected(target, 'functions', connects);
    assert.equal(call.name, 'custom');
    assert.equal(client.socket.readyState, client.socket.OPEN);
  }),
  rule('IN-52', 'Lambda custom on $connect: a failure is 502 with the chosen response', async (target) => {
    const refusal = await target.refused('functions', { script: fails('Unauthorized') });
    assert.equal(refusal.status, 502);
    assert.equal(refusal.body, 'refused: Unauthorized');
  }),
  rule('IN-10', 'a function that may not be invoked: an error frame, and 500 on the handshake', async (target) => {
    assert.equal(
      errorText(await reply(target, 'functions', { action: 'custom', script: { status: 403 } }, connects)),
      'Internal server error',
    );
    assert.equal((await target.refused('functions', { script: { status: 403 } })).status, 500);
  }),
];
