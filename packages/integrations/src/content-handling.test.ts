import type { ContentHandlingStrategy, IntegrationDefinition } from '@sluice/contracts';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { backEnd, closeAll, connectRequest, invoke, message, prepared } from './back-end.fixture.js';
import { fromBase64, isBinaryContent, toBase64 } from './content-handling.js';
import type { IntegrationRequest } from './index.js';
import { mappingDoubles } from './mapping-doubles.fixture.js';

afterEach(closeAll);

const bytes = Buffer.from([0, 1, 127, 128, 255, 13, 10]);
const base64 = bytes.toString('base64');

function binaryMessage(body: Uint8Array): IntegrationRequest {
  return { ...message(''), body, binary: true } as IntegrationRequest;
}

/** A back end that says what bytes it got, and answers with bytes of its own. */
async function bytesBackEnd(contentType: string | undefined, answer: Uint8Array) {
  const got: string[] = [];
  const types: (string | undefined)[] = [];
  const { uri } = await backEnd({
    respond: (request, response) => {
      types.push(request.headers['content-type']);
      if (contentType !== undefined) response.setHeader('Content-Type', contentType);
      response.end(answer);
    },
    onBody: (body) => got.push(body.toString('hex')),
  });
  return { uri, got, types };
}

const proxy = (integrationUri: string, changes: Partial<IntegrationDefinition>, binaryFrames = false) =>
  prepared({ integrationUri, ...changes }, { binaryFrames }, mappingDoubles);
const http = (
  integrationUri: string,
  contentHandlingStrategy: ContentHandlingStrategy | undefined,
  binaryFrames = false,
  text?: string,
) =>
  prepared(
    {
      integrationType: 'HTTP',
      integrationUri,
      integrationResponses: [
        {
          integrationResponseKey: '$default',
          templateSelectionExpression: undefined,
          responseTemplates: text === undefined ? {} : { $default: text },
          contentHandlingStrategy,
        },
      ],
    },
    { binaryFrames },
    mappingDoubles,
  );

describe('contentHandlingStrategy of an integration', () => {
  it('[MT-7] CONVERT_TO_BINARY sends the bytes of base64 text; unset and CONVERT_TO_TEXT send it as it is', async () => {
    const { uri, got } = await bytesBackEnd(undefined, Buffer.from('x'));
    for (const strategy of ['CONVERT_TO_BINARY', 'CONVERT_TO_TEXT', undefined] as const) {
      await invoke(proxy(uri, { contentHandlingStrategy: strategy }), message(base64));
    }
    const asText = Buffer.from(base64).toString('hex');
    expect(got).toEqual([bytes.toString('hex'), asText, asText]);
  });

  it('[MT-7] CONVERT_TO_BINARY comes behind the template; a body that is no base64 ends in content_conversion_failed', async () => {
    const { uri, got } = await bytesBackEnd(undefined, Buffer.from('x'));
    const changes = {
      integrationType: 'HTTP' as const,
      requestTemplates: { $default: '$input.body' },
      integrationResponses: [
        { integrationResponseKey: '$default', templateSelectionExpression: undefined, responseTemplates: {} },
      ],
      contentHandlingStrategy: 'CONVERT_TO_BINARY' as const,
    };
    expect(await invoke(proxy(uri, changes), message(base64))).toMatchObject({ ok: true });
    for (const text of ['{"a":1}', 'a', 'ab=', 'a===', '=', 'YQ==YQ==', 'Y-_Q', ' YQ==', 'ü']) {
      const outcome = await invoke(proxy(uri, changes), message(text));
      expect([text, outcome.code]).toEqual([text, 'content_conversion_failed']);
    }
    expect(await invoke(proxy(uri, changes), connectRequest())).toMatchObject({ ok: true });
    expect(got).toEqual([bytes.toString('hex'), '']);
  });
});

describe('contentHandlingStrategy of an integration response', () => {
  it('[MT-7] CONVERT_TO_TEXT gives base64 of the bytes, to the response template as well', async () => {
    const { uri } = await bytesBackEnd('image/png', bytes);
    for (const binaryFrames of [false, true]) {
      const plain = await invoke(http(uri, 'CONVERT_TO_TEXT', binaryFrames), message('{}'));
      expect(plain).toMatchObject({ ok: true, text: base64 });
      expect('binary' in plain).toBe(false);
      const outcome = await invoke(http(uri, 'CONVERT_TO_TEXT', binaryFrames, '{"data":"$input.body"}'), message('{}'));
      expect(outcome.text).toBe(`{"data":"${base64}"}`);
    }
  });

  it('[MT-7] CONVERT_TO_BINARY decodes base64 text; the frame stays text unless the API has binary frames', async () => {
    const { uri } = await bytesBackEnd('text/plain', Buffer.from(base64));
    const text = await invoke(http(uri, 'CONVERT_TO_BINARY'), message('{}'));
    expect(text).toMatchObject({ ok: true, body: bytes });
    expect('binary' in text).toBe(false);
    const binary = await invoke(http(uri, 'CONVERT_TO_BINARY', true), message('{}'));
    expect(binary).toMatchObject({ ok: true, body: bytes, binary: true });
    const failed = await invoke(http(uri, 'CONVERT_TO_BINARY', false, 'no base64 of $input.body'), message('{}'));
    expect(failed).toMatchObject({ ok: false, code: 'content_conversion_failed', integrationStatus: 200 });
  });
});

describe('binary frames', () => {
  it('[IN-37] reach HTTP_PROXY and a passing HTTP as they are, as application/octet-stream', async () => {
    const { uri, got, types } = await bytesBackEnd('text/plain', Buffer.from('ok'));
    await invoke(proxy(uri, {}, true), binaryMessage(bytes));
    await invoke(http(uri, undefined, true), binaryMessage(bytes));
    await invoke(proxy(uri, { contentHandlingStrategy: 'CONVERT_TO_BINARY' }, true), binaryMessage(bytes));
    await invoke(proxy(uri, {}, true), message('{}'));
    expect(got).toEqual([...Array<string>(3).fill(bytes.toString('hex')), Buffer.from('{}').toString('hex')]);
    expect(types).toEqual([...Array<string>(3).fill('application/octet-stream'), 'application/json']);
  });

  it('[IN-37] are base64 text for CONVERT_TO_TEXT and for templates', async () => {
    const { uri, got, types } = await bytesBackEnd('text/plain', Buffer.from('ok'));
    await invoke(proxy(uri, { contentHandlingStrategy: 'CONVERT_TO_TEXT' }, true), binaryMessage(bytes));
    const changes = {
      integrationType: 'HTTP' as const,
      requestTemplates: { $default: '"$input.body"' },
      integrationResponses: [
        { integrationResponseKey: '$default', templateSelectionExpression: undefined, responseTemplates: {} },
      ],
    };
    await invoke(proxy(uri, changes, true), binaryMessage(bytes));
    expect(got.map((hex) => Buffer.from(hex, 'hex').toString())).toEqual([base64, `"${base64}"`]);
    expect(types).toEqual(['application/json', 'application/json']);
  });

  it.each([
    ['application/octet-stream', true],
    ['image/png', true],
    ['Application/X-Protobuf', true],
    ['audio/ogg; codecs=opus', true],
    [undefined, false],
    ['', false],
    ['text/html', false],
    ['application/json', false],
    ['application/problem+json; x=y', false],
    ['image/svg+xml', false],
    ['application/x-www-form-urlencoded', false],
    ['application/vnd.custom; charset=utf-8', false],
  ])(
    '[IN-37] an answer of type %s is sent binary: %s, and never where the API has no binary frames',
    async (type, binary) => {
      const { uri } = await bytesBackEnd(type, bytes);
      for (const prepare of [(on: boolean) => proxy(uri, {}, on), (on: boolean) => http(uri, undefined, on)]) {
        const outcome = await invoke(prepare(true), message('{}'));
        expect(outcome).toMatchObject({ ok: true, body: bytes, ...(binary ? { binary: true } : {}) });
        expect('binary' in outcome).toBe(binary);
        expect('binary' in (await invoke(prepare(false), message('{}')))).toBe(false);
      }
    },
  );

  it('[IN-37] what a response template makes is text, whatever the type of the answer', async () => {
    const { uri } = await bytesBackEnd('image/png', bytes);
    const outcome = await invoke(http(uri, undefined, true, 'made'), message('{}'));
    expect(outcome).toMatchObject({ ok: true, text: 'made' });
    expect('binary' in outcome).toBe(false);
  });
});

describe('base64', () => {
  it('[MT-7] any bytes come back, with and without padding; what is no base64 never gives bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (given) => {
        const text = Buffer.from(toBase64(given)).toString();
        expect(text).toBe(Buffer.from(given).toString('base64'));
        expect(fromBase64(Buffer.from(text))).toEqual(Buffer.from(given));
        expect(fromBase64(Buffer.from(text.replaceAll('=', '')))).toEqual(Buffer.from(given));
      }),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (text) => {
        const decoded = fromBase64(Buffer.from(text));
        if (/[^A-Za-z0-9+/=]/.test(text)) expect(decoded).toBeUndefined();
        else if (decoded !== undefined) {
          expect(decoded.length).toBe(Math.floor((text.replaceAll('=', '').length * 3) / 4));
        }
      }),
    );
  });

  it('[IN-37] a hostile content type is decided in linear time', () => {
    const startedAtMs = performance.now();
    expect(isBinaryContent([['Content-Type', `${'a;'.repeat(30_000)}`]])).toBe(true);
    expect(isBinaryContent([['Content-Type', `${'+'.repeat(60_000)}`]])).toBe(true);
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
  });
});
