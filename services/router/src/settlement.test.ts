import type { PreparedAuthorization } from '@sluice/auth';
import { encodeConnectionContext, type InboxCommand } from '@sluice/contracts';
import { createTelemetry, type Tracing } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { authorizationGate } from './authorization-gate.js';
import { type Gate, type Passage, runGates } from './passage.js';
import { chatApi, connection, integration, mock, startRouter } from './testing/start-router.js';

const place = { apiId: 'chat', stage: 'dev', routeKey: 'a', accountId: '000000000000' };

const passageOf = (authorizedUntilMs: number | undefined): Passage => ({
  envelope: {
    kind: 'MESSAGE',
    scope: 'chat/dev',
    connectionId: 'gbgHN0-zjQAYKEjhgA==',
    requestId: 'Qyi3UG41tjMFlUg=',
    messageId: 'Qyi3UG41tjMFlUk=',
    timeMs: 0,
    connectionContext: encodeConnectionContext({ ...connection, authorizedUntilMs }),
    traceparent: undefined,
    body: new Uint8Array(0),
  },
  contextChanged: false,
  journal: undefined,
});

describe('ordered messages', () => {
  it('[PR-4] are released after their reply, however they end', async () => {
    const api = chatApi(
      {
        a: {},
        quiet: { hasRouteResponse: false },
        limited: {},
        targetless: { integrationId: undefined },
        down: { integrationId: 'down' },
      },
      {
        integrations: {
          mock: mock('mock', 'reply'),
          down: integration('down', { integrationUri: 'http://127.0.0.1:1/' }),
        },
        stage: { routeSettings: { limited: { throttlingRateLimit: 0, throttlingBurstLimit: 0 } } },
      },
    );
    const { send, messageEnvelope, definitions } = await startRouter(api);
    const endingOf = async (action: string, count: number) => {
      const envelope = messageEnvelope({ action }, { ordered: true });
      const commands: InboxCommand[] = await send(envelope, count);
      expect(commands.at(-1)).toEqual({
        kind: 'DONE',
        connectionId: envelope.connectionId,
        messageId: envelope.messageId,
      });
      return commands.map(({ kind }) => kind);
    };
    expect(await endingOf('quiet', 1)).toEqual(['DONE']);
    for (const action of ['a', 'limited', 'targetless', 'down', 'unknown']) {
      expect(await endingOf(action, 2)).toEqual(['REPLY', 'DONE']);
    }
    // A fault of ours: the definitions cannot be compiled.
    definitions.replace([{ ...api, routeSelectionExpression: '$context.nothing' }]);
    expect(await endingOf('a', 2)).toEqual(['REPLY', 'DONE']);
    definitions.replace([]);
    expect(await endingOf('a', 2)).toEqual(['REPLY', 'DONE']);
  });
});

describe('what authorization of a message changes', () => {
  const { tracing } = createTelemetry({ role: 'router', logLevel: 'silent' });
  const gateOf = (authorize: PreparedAuthorization['authorize']) =>
    authorizationGate({
      authorization: { type: 'JWT', authorizerId: 'auth', authorize },
      place,
      tracing,
      observe: () => {},
    });
  it.each([
    ['a new deadline renews', 1_000, 2_000, true],
    ['the same deadline does not', 1_000, 1_000, false],
    ['none does not', 1_000, undefined, false],
  ])('%s', (_what, before, after, renews) => {
    const passage = passageOf(before);
    gateOf((_request, done) => done({ ok: true, authorizer: { principalId: 'me' }, authorizedUntilMs: after }))(
      passage,
      (refusal) => expect(refusal).toBeUndefined(),
    );
    expect(passage.contextChanged).toBe(renews);
    expect(JSON.parse(passage.envelope.connectionContext)).toEqual({
      ...connection,
      authorizer: { principalId: 'me' },
      authorizedUntilMs: after ?? before,
    });
  });
});

it('[AU-9] a token of a message does not take over a connection that another authorizer let in', () => {
  const { tracing } = createTelemetry({ role: 'router', logLevel: 'silent' });
  const gate = authorizationGate({
    authorization: {
      type: 'JWT',
      authorizerId: 'auth',
      authorize: (_request, done) => done({ ok: true, authorizer: { principalId: 'bob' }, authorizedUntilMs: 2_000 }),
    },
    place,
    tracing,
    observe: () => {},
  });
  const passage = passageOf(undefined);
  const context = encodeConnectionContext({ ...connection, authorizer: { principalId: 'alice' } });
  passage.envelope = { ...passage.envelope, connectionContext: context };
  gate(passage, (refusal) => expect(refusal).toBeUndefined());
  // The message itself is bob's.
  expect(JSON.parse(passage.envelope.connectionContext).authorizer).toEqual({ principalId: 'bob' });
  expect(passage.contextChanged).toBe(false);
});

describe('an authorization that is traced', () => {
  it('has a span of its own, which the authorizer carries on and which ends with its result', () => {
    const spans: { name: string; parent: string | undefined; ended?: string | undefined }[] = [];
    const own = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const tracing: Tracing = {
      enabled: true,
      samples: () => true,
      startSpan(name, { parent }) {
        const span: (typeof spans)[number] = { name, parent };
        spans.push(span);
        return {
          traceparent: own,
          setAttribute: () => {},
          end(failure) {
            span.ended = failure ?? 'ok';
          },
        };
      },
    };
    const carried: (string | undefined)[] = [];
    const observed: string[] = [];
    const gate = authorizationGate({
      authorization: {
        type: 'CUSTOM',
        authorizerId: 'auth',
        authorize({ envelope, traceId }, done) {
          carried.push(envelope.traceparent, traceId);
          done({ ok: false, code: 'access_denied', detail: 'no' });
        },
      },
      place,
      tracing,
      observe: (result) => observed.push(result),
    });
    const refusals: unknown[] = [];
    const passage = passageOf(undefined);
    const parent = `00-0af7651916cd43dd8448eb211c80319c-${'c'.repeat(16)}-01`;
    passage.envelope = { ...passage.envelope, traceparent: parent };
    gate(passage, (refusal) => refusals.push(refusal?.code));
    expect(spans).toEqual([{ name: 'authorize', parent, ended: 'access_denied' }]);
    expect(carried).toEqual([own, 'Root=1-0af76519-16cd43dd8448eb211c80319c']);
    expect([observed, refusals]).toEqual([['access_denied'], ['access_denied']]);
    // A message that is not recorded has no span, and still one trace for its authorizer and its integration.
    const quiet = passageOf(undefined);
    gate(quiet, () => {});
    expect(spans).toHaveLength(1);
    expect(quiet.envelope.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(carried[2]).toBe(quiet.envelope.traceparent);
  });
});

describe('gates', () => {
  const let1: Gate<string[]> = (seen, next) => {
    seen.push('one');
    next();
  };

  it('run in their order, and the first refusal ends them', () => {
    const seen: string[] = [];
    const refuse: Gate<string[]> = (_seen, next) => next({ code: 'throttled', detail: 'x' });
    const ends: unknown[] = [];
    runGates(
      [let1, refuse, let1],
      seen,
      (refusal) => ends.push(refusal?.code),
      () => expect.unreachable(),
    );
    runGates(
      [let1, let1],
      seen,
      (refusal) => ends.push(refusal),
      () => expect.unreachable(),
    );
    runGates(
      [],
      seen,
      (refusal) => ends.push(refusal),
      () => expect.unreachable(),
    );
    expect(seen).toEqual(['one', 'one', 'one']);
    expect(ends).toEqual(['throttled', undefined, undefined]);
  });

  it('a gate that calls back twice, early or late, ends its request once', () => {
    let late: (() => void) | undefined;
    const twice: Gate<string[]> = (_seen, next) => {
      next();
      next({ code: 'throttled', detail: 'again' });
      late = next;
    };
    let ends = 0;
    runGates(
      [twice, let1],
      [],
      () => ends++,
      () => expect.unreachable(),
    );
    late?.();
    expect(ends).toBe(1);
  });

  it('a fault behind a gate is told as such, and not thrown into whoever calls the gate back', () => {
    const faults: unknown[] = [];
    const end = () => {
      throw new Error('broken');
    };
    runGates([let1], [], end, (error) => faults.push(error));
    expect(faults).toEqual([new Error('broken')]);
  });

  it('a gate that throws is a fault, and may not call back afterwards', () => {
    let late: (() => void) | undefined;
    const throws: Gate<string[]> = (_seen, next) => {
      late = next;
      throw new Error('broken');
    };
    for (const gates of [[throws], [let1, throws]]) {
      const ends: unknown[] = [];
      const faults: unknown[] = [];
      runGates(
        gates,
        [],
        (refusal) => ends.push(refusal),
        (error) => faults.push(error),
      );
      late?.();
      expect([ends, faults]).toEqual([[], [new Error('broken')]]);
    }
  });

  it('a gate that throws after it has called back changes nothing', () => {
    const throwsLate: Gate<string[]> = (_seen, next) => {
      next();
      throw new Error('broken');
    };
    for (const gates of [[throwsLate], [let1, throwsLate], [throwsLate, let1]]) {
      let ends = 0;
      runGates(
        gates,
        [],
        () => ends++,
        () => expect.unreachable(),
      );
      expect(ends).toBe(1);
    }
  });
});
