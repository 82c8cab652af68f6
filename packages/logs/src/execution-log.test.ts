import type { Log, LogFields } from '@sluice/telemetry';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createExecutionLog, executionLogLine } from './execution-log.js';
import { executionTexts, failureTexts } from './execution-log-texts.js';
import { maskedHeaderList, maskedUri, maskValue } from './masking.js';

function recorder() {
  const lines: { level: string; event: string; line: string; fields: LogFields | undefined }[] = [];
  const at = (level: string) => (event: string, line: string, fields?: LogFields) =>
    void lines.push({ level, event, line, fields });
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  return { log, lines };
}

const place = { apiId: 'chat', stage: 'dev' };

it('[SL-4] does not exist unless a level asks for it', () => {
  const { log } = recorder();
  expect(createExecutionLog({ log, ...place, loggingLevel: undefined, dataTraceEnabled: true })).toBeUndefined();
  expect(createExecutionLog({ log, ...place, loggingLevel: 'OFF', dataTraceEnabled: true })).toBeUndefined();
});

it.each([
  ['ERROR', false, ['error']],
  ['ERROR', true, ['error']],
  ['INFO', false, ['info', 'error']],
  ['INFO', true, ['info', 'payload', 'error']],
] as const)('[SL-4] at level %s with data trace %s writes %j (L3)', (loggingLevel, dataTraceEnabled, written) => {
  const { log, lines } = recorder();
  const execution = createExecutionLog({ log, ...place, loggingLevel, dataTraceEnabled });
  execution?.info('id', 'info');
  execution?.payload('id', 'payload');
  execution?.error('id', 'error');
  expect(lines.map(({ line }) => line)).toEqual(written.map((text) => `(id) ${text}`));
  expect(execution?.tellsAll).toBe(loggingLevel === 'INFO');
  expect(execution?.tracesData).toBe(loggingLevel === 'INFO' && dataTraceEnabled);
  for (const { event, fields } of lines) {
    expect(event).toBe('logs.execution');
    expect(fields?.['log_group']).toBe('/aws/apigateway/chat/dev');
  }
});

it('[SL-4] cuts a line after 1024 bytes, never inside a character', () => {
  expect(executionLogLine('id', 'x'.repeat(1_019))).toBe(`(id) ${'x'.repeat(1_019)}`);
  expect(executionLogLine('id', 'x'.repeat(1_020))).toBe(`(id) ${'x'.repeat(1_019)}[TRUNCATED]`);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 900, maxLength: 1_500 }), (text) => {
      const line = executionLogLine('id', text);
      const whole = `(id) ${text}`;
      if (Buffer.byteLength(whole) <= 1_024) return expect(line).toBe(whole);
      const kept = line.slice(0, -'[TRUNCATED]'.length);
      expect(line.endsWith('[TRUNCATED]')).toBe(true);
      expect(whole.startsWith(kept)).toBe(true);
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(1_024);
      expect(Buffer.byteLength(kept)).toBeGreaterThan(1_020);
    }),
    { numRuns: 300 },
  );
});

it('[SL-4] masks the tokens of clients, wherever a handshake that is passed on has them', () => {
  const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.c2lnbmF0dXJlLXNlY3JldA';
  const opaque = 'opaque-token-0123456789';
  const shown = [
    maskedHeaderList([
      ['Cookie', `session=${opaque}`],
      ['X-Auth-Token', opaque],
      ['x-own', `a ${jwt} b`],
      ['Sec-WebSocket-Protocol', `chat, bearer.${opaque}`],
      ['sec-websocket-protocol', `access_token, ${opaque}, chat`],
    ]),
    ...['token', 'access_token', 'id%5Ftoken', 'apiKey', 'password'].map((name) =>
      maskedUri(`http://h/?a=1&${name}=${opaque}&b`),
    ),
    maskedUri(`http://h/${jwt}/x?q=${jwt}`),
  ].join(' ');
  expect(shown).not.toContain(opaque);
  expect(shown).not.toContain('c2lnbmF0dXJlLXNlY3');
  expect(shown).toContain('Sec-WebSocket-Protocol=chat, bearer.*****456789');
  expect(shown).toContain('sec-websocket-protocol=access_token, *****456789, chat');
  expect(shown).toContain('http://h/?a=1&token=*****456789&b');
});

it('[SL-4] masks who a caller proves to be, in headers and in URIs', () => {
  const secret = 'AWS4-HMAC-SHA256 Credential=x, Signature=abcdef123456';
  expect(
    maskedHeaderList([
      ['Authorization', secret],
      ['X-API-Key', `${'k'.repeat(14)}abcdef`],
      ['x-amz-security-token', 'short'],
      ['Host', 'h'],
    ]),
  ).toBe('{Authorization=*****123456, X-API-Key=*****abcdef, x-amz-security-token=*****, Host=h}');
  expect(
    maskedUri('https://u:p@h/x?a=1&X-Amz-Signature=0123456789abcdef&X-Amz-Security-Token=0123456789abcdef&b'),
  ).toBe('https://*****@h/x?a=1&X-Amz-Signature=*****abcdef&X-Amz-Security-Token=*****abcdef&b');
  expect(maskedUri('http://h/?x%2Damz-signature=0123456789abcdef&%zz=1')).toBe(
    'http://h/?x%2Damz-signature=*****abcdef&%zz=1',
  );
  expect(maskValue('twelve chars')).toBe('*****');
});

it('[SL-4] has the texts of the chapter, by moment', () => {
  expect(executionTexts.connecting('wscat', '127.0.0.1', 'chat')).toBe(
    'Client [UserAgent: wscat, SourceIp: 127.0.0.1] is connecting to WebSocket API [chat].',
  );
  expect(executionTexts.route('$connect')).toBe('WebSocket Request Route: [$connect]');
  expect(executionTexts.endpointAnswered(200, 12.4)).toBe('Received response. Status: 200, Integration latency: 12 ms');
  expect(executionTexts.disconnected('c=', 'chat', { code: 1005, reason: '' }, 200)).toBe(
    'Client [Connection Id: c=] disconnected from API [chat] with integration response status code [200]. Close reason: [1005: Client-side close frame status not set]',
  );
  expect(executionTexts.disconnected('c=', 'chat', { code: 1001, reason: 'bye' })).toBe(
    'Client [Connection Id: c=] disconnected from API [chat]. Close reason: [1001: bye]',
  );
  expect(failureTexts.validation('application/json', '[object has missing required properties (["address"])]')).toBe(
    'Request body does not match model schema for content type application/json: [object has missing required properties (["address"])]',
  );
  expect(failureTexts.functionError('boom', 'id')).toBe(
    'Lambda execution failed due to customer function error: boom. Lambda request id: id',
  );
});

it('decodes of a large body only what a line can show', () => {
  const text = executionTexts.endpointRequestBody(Buffer.alloc(131_072, 'é'));
  expect(text.length).toBeLessThan(1_200);
  expect(executionLogLine('id', text)).toMatch(/é\[TRUNCATED\]$/);
});
