import { GatewayError } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidMappingError } from '../invalid-mapping.js';
import { mappingSources } from '../sources.fixture.js';
import { compileParameters } from './request-parameters.js';
import { compileResponseParameters } from './response-parameters.js';

const handshake = {
  headers: [
    ['x-one', 'a'],
    ['x-many', '1'],
    ['x-many', '2'],
  ] as [string, string][],
  queryString: 'token=t%20t&many=1&many=2&__proto__=p',
};
const body = JSON.stringify({
  s: 'text',
  n: 1.5,
  big: 12345678901234567890n.toString(),
  list: ['a', 1],
  map: { k: null },
  none: null,
  'a b': true,
});

const mapHeader = (value: string, key = 'integration.request.header.X') =>
  compileParameters({ [key]: value })(mappingSources(body, { handshake })).headers.map(([, text]) => text);

describe('requestParameters', () => {
  it('[MT-1] fills headers, query and placeholders under the names of the definition', () => {
    const mapped = compileParameters({
      'integration.request.header.X-Caller': 'context.connectionId',
      'integration.request.querystring.room': 'route.request.body.s',
      'integration.request.path.id': "'fixed value'",
      'integration.request.multivalueheader.X-All': 'route.request.multivalueheader.X-Many',
      'integration.request.multivaluequerystring.m': 'route.request.multivaluequerystring.many',
    })(mappingSources(body, { handshake }));
    expect(mapped).toEqual({
      headers: [
        ['X-Caller', 'TZNr4dT9IAMCGvA='],
        ['X-All', '1'],
        ['X-All', '2'],
      ],
      querystring: [
        ['room', 'text'],
        ['m', '1'],
        ['m', '2'],
      ],
      path: { id: 'fixed value' },
    });
  });

  it.each([
    ['route.request.header.X-One', ['a']],
    ['route.request.header.x-many', ['2']],
    ['route.request.multivalueheader.x-many', ['1,2']],
    ['route.request.querystring.token', ['t t']],
    ['route.request.querystring.__proto__', ['p']],
    ['route.request.multivaluequerystring.many', ['1,2']],
    ['route.request.body', [body]],
    ['route.request.body.s', ['text']],
    ['route.request.body.n', ['1.5']],
    ['route.request.body.list', ['["a",1]']],
    ['route.request.body.list[1]', ['1']],
    ['route.request.body.map', ['{"k":null}']],
    ['route.request.body.none', ['null']],
    ["route.request.body['a b']", ['true']],
    ['route.request.body.$.list[0]', ['a']],
    ['route.request.body..k', ['[null]']],
    ['context.authorizer.tier', ['gold']],
    ['context.requestTimeEpoch', ['1700000000000']],
    ['stageVariables.table', ['messages']],
    ["''", ['']],
    // Nothing: not sent.
    ['route.request.header.nope', []],
    ['route.request.querystring.nope', []],
    ['route.request.multivalueheader.nope', []],
    ['route.request.body.nope', []],
    ['route.request.body..nope', []],
    ['context.nope', []],
    ['context.authorizer', []],
    ['context.constructor', []],
    ['stageVariables.nope', []],
    ['stageVariables.constructor', []],
  ])('[MT-1] %s', (value, expected) => {
    expect(mapHeader(value)).toEqual(expected);
  });

  it('[MT-1] takes each item of a list where the target has several values, numbers as written', () => {
    const mapped = compileParameters({ 'integration.request.multivalueheader.X': 'route.request.body.a' });
    expect(mapped(mappingSources('{"a":["x",1.0,{"b":2}]}')).headers).toEqual([
      ['X', 'x'],
      ['X', '1.0'],
      ['X', '{"b":2}'],
    ]);
  });

  it('[MT-1] has nothing from a body that is no JSON, or from no handshake', () => {
    const mapped = compileParameters({
      'integration.request.header.A': 'route.request.body.a',
      'integration.request.header.B': 'route.request.header.b',
      'integration.request.header.C': 'route.request.body',
    });
    expect(mapped(mappingSources('ping')).headers).toEqual([['C', 'ping']]);
    expect(mapped(mappingSources()).headers).toEqual([]);
  });

  it('[MT-1] reads the message, also where the body is the back end’s answer', () => {
    const sources = mappingSources('{"a":"client"}', { body: Buffer.from('{"a":"back end"}') });
    expect(compileParameters({ 'integration.request.path.a': 'route.request.body.a' })(sources).path).toEqual({
      a: 'client',
    });
  });

  it('[MT-1] lets no message write a header of its own', () => {
    const mapped = compileParameters({ 'integration.request.header.X': 'route.request.body.a' });
    expect(() => mapped(mappingSources('{"a":"x\\r\\nEvil: 1"}'))).toThrow(GatewayError);
    expect(() => mapped(mappingSources('{"a":"x\\u0000"}'))).toThrow('integration.request.header.X');
  });

  it.each([
    ['integration.request.header.', "'x'"],
    ['integration.request.header.a b', "'x'"],
    ['integration.request.body.x', "'x'"],
    ['integration.request.constructor.x', "'x'"],
    ['method.request.header.x', "'x'"],
    ['integration.request.header.X', 'x'],
    ['integration.request.header.X', 'route.request.path.x'],
    ['integration.request.header.X', 'route.request.header.'],
    ['integration.request.header.X', 'route.request.header.a b'],
    ['integration.request.header.X', 'route.request.body.a['],
    ['integration.request.header.X', 'route.request.body.a[(@.length-1)]'],
    ['integration.request.header.X', 'route.request.bodyx'],
    ['integration.request.header.X', 'context.'],
    ['integration.request.header.X', '$context.connectionId'],
    ['integration.request.header.X', 'integration.response.header.x'],
    ['integration.request.header.X', "'open"],
  ])('[MT-1] is refused when it is compiled: %s from %s', (key, value) => {
    expect(() => compileParameters({ [key]: value })).toThrow(InvalidMappingError);
    expect(() => compileParameters({ [key]: value })).toThrow(key);
  });

  it('[MT-1] throws nothing of its own for any key and value', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (name, rest, message) => {
        const run = () =>
          compileParameters({ [`integration.request.header.${name}`]: `route.request.body.${rest}` })(
            mappingSources(message),
          );
        try {
          run();
        } catch (error) {
          expect(
            error instanceof InvalidMappingError || error instanceof GatewayError ? undefined : error,
          ).toBeUndefined();
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('responseParameters', () => {
  const sources = {
    ...mappingSources('{"a":"client"}', { body: Buffer.from('{"p":["v1",2],"s":"x"}') }),
    status: 200,
    headers: [
      ['Set-Cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['sec-websocket-protocol', 'chat'],
    ] as [string, string][],
  };

  it.each([
    ['integration.response.header.Sec-WebSocket-Protocol', ['chat']],
    ['integration.response.header.set-cookie', ['a=1']],
    ['integration.response.multivalueheader.Set-Cookie', ['a=1', 'b=2']],
    ['integration.response.header.nope', []],
    ['integration.response.body', ['{"p":["v1",2],"s":"x"}']],
    ['integration.response.body.p[0]', ['v1']],
    ['integration.response.body.p', ['["v1",2]']],
    ['integration.response.body.nope', []],
    ['context.connectionId', ['TZNr4dT9IAMCGvA=']],
    ['stageVariables.url', ['example.com']],
    ["'v1'", ['v1']],
  ])('[RS-10] %s', (value, expected) => {
    const mapped = compileResponseParameters({ 'method.response.header.X-Out': value })(sources);
    expect(mapped).toEqual(expected.map((text) => ['X-Out', text]));
  });

  it('[RS-10] lets no back end write a header of its own', () => {
    const mapped = compileResponseParameters({ 'method.response.header.X': 'integration.response.body.s' });
    expect(() => mapped({ ...sources, body: Buffer.from('{"s":"a\\nb: c"}') })).toThrow(GatewayError);
  });

  it.each([
    ['method.response.header.', "'x'"],
    ['method.response.body', "'x'"],
    ['integration.response.header.x', "'x'"],
    ['method.response.header.X', 'route.request.body.a'],
    ['method.response.header.X', 'integration.response.body[('],
    ['method.response.header.X', 'nope'],
  ])('[RS-10] is refused when it is compiled: %s from %s', (key, value) => {
    expect(() => compileResponseParameters({ [key]: value })).toThrow(InvalidMappingError);
  });
});
