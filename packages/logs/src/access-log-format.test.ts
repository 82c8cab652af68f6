import { type ContextVariables, limits } from '@sluice/contracts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compileAccessLogFormat, InvalidLogFormatError } from './access-log-format.js';

const context: ContextVariables = {
  requestId: 'r=1',
  apiId: 'chat',
  stage: 'dev',
  routeKey: '$connect',
  status: 200,
  connectedAt: 0,
  empty: '',
  identity: { sourceIp: '127.0.0.1', userAgent: 'a "b" \\ c' },
  authorizer: { principalId: 'me', 'with-hyphen': 'h', flag: false },
  error: { message: 'No "way"\nout' },
};

it('[SL-3] replaces both spellings, nested names, numbers and booleans', () => {
  const format = compileAccessLogFormat(
    '$context.identity.sourceIp [${context.stage}]$context.apiId/$context.routeKey $context.status $context.connectedAt ${context.authorizer.with-hyphen} $context.authorizer.flag $context.requestId',
  );
  expect(format(context)).toBe('127.0.0.1 [dev]chat/$connect 200 0 h false r=1');
});

it('[SL-3] ends a name without braces before a hyphen or a final dot, and keeps other dollars', () => {
  const format = compileAccessLogFormat(
    '$context.stage-$context.requestId. $other $context. ${context} $$context.apiId',
  );
  expect(format(context)).toBe('dev-r=1. $other $context. ${context} $chat');
});

it('[SL-3] writes - for what is unknown, empty, inherited or no single value', () => {
  const format = compileAccessLogFormat(
    '$context.requestId $context.empty $context.nope.deep $context.identity $context.constructor $context.identity.toString $context.stage.length $context.waf.status',
  );
  expect(format(context)).toBe('r=1 - - - - - - -');
  expect(format({})).toBe('- - - - - - - -');
});

it('[SL-3] escapes values so that a JSON format stays JSON, and error.messageString brings its quotes', () => {
  const format = compileAccessLogFormat(
    '{"ua":"$context.identity.userAgent","message":"$context.error.message","string":$context.error.messageString,"id":"$context.requestId"}',
  );
  expect(JSON.parse(format(context))).toEqual({
    ua: 'a "b" \\ c',
    message: 'No "way"\nout',
    string: 'No "way"\nout',
    id: 'r=1',
  });
  expect(compileAccessLogFormat('$context.requestId $context.error.messageString')({})).toBe('- -');
});

it('[SL-3] lets no value break the line or the JSON string around it', () => {
  const format = compileAccessLogFormat('{"a":"$context.v","id":"$context.requestId"}');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (v) => {
      const line = format({ v, requestId: v });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      expect(JSON.parse(line)).toEqual({ a: v === '' ? '-' : v, id: v === '' ? '-' : v });
    }),
    { numRuns: 2_000 },
  );
});

it('replaces in one pass: a value that looks like a variable stays as it is', () => {
  expect(compileAccessLogFormat('$context.v $context.requestId')({ v: '${context.requestId}', requestId: 'x' })).toBe(
    '${context.requestId} x',
  );
});

it('[SL-3] refuses a format that is too long, has several lines or no request id', () => {
  const id = '$context.requestId';
  expect(() => compileAccessLogFormat('$context.stage')).toThrow(InvalidLogFormatError);
  expect(() => compileAccessLogFormat('$context.requestIdx')).toThrow(/must contain/);
  expect(() => compileAccessLogFormat(`${id}\n${id}`)).toThrow(/more than one line/);
  expect(() => compileAccessLogFormat(id + 'é'.repeat(limits.accessLogFormatBytesMax / 2))).toThrow(/3072 bytes/);
  expect(compileAccessLogFormat(`${id}${' '.repeat(limits.accessLogFormatBytesMax - id.length)}\n`)).toBeTypeOf(
    'function',
  );
  expect(compileAccessLogFormat('${context.extendedRequestId}')({ extendedRequestId: 'e' })).toBe('e');
});

it('cuts a line that long values would blow up', () => {
  const format = compileAccessLogFormat('$context.requestId'.repeat(100));
  expect(format({ requestId: 'x'.repeat(10_000) })).toHaveLength(limits.accessLogLineLengthMax);
});
