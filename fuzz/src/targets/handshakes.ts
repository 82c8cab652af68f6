import { startFuzzedGateway } from '../frames/fuzzed-gateway.js';
import { RawConnection } from '../frames/raw-connection.js';
import type { Random } from '../random.js';
import { type FuzzTarget, must } from '../target.js';
import { anyText, mutate } from '../texts.js';

const paths = [
  '/text/dev',
  '/text/nope',
  '/',
  '//',
  '/text/dev/@connections/x',
  '/%74ext/dev',
  '/text/dev?a=%zz&%',
  '*',
];
const words = [
  '\r\n',
  ' ',
  ':',
  '\0',
  'HTTP/1.1',
  'Upgrade: websocket\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
];
/** What an incomplete head is given before the next run. */
const silenceMs = 25;

/** Heads of upgrade requests: each is answered with a status that means what it says, or the connection ends. */
export const handshakes: FuzzTarget = {
  name: 'handshakes',
  async open() {
    const gateway = await startFuzzedGateway();
    return {
      async play(random, note) {
        const head = anyHead(random);
        note(JSON.stringify(head));
        const raw = await RawConnection.open(gateway.port);
        try {
          await raw.sendHead(head, random);
          const status = await raw.status(silenceMs);
          must(status < 500 || [501, 503, 505].includes(status), () => `it is answered ${status}`);
          await gateway.mustServe();
          return status === 0 ? 'no answer' : String(status);
        } finally {
          raw.destroy();
        }
      },
      close: () => gateway.stop(),
    };
  },
};

function anyHead(random: Random): string {
  const key = random.pick(['dGhlIHNhbXBsZSBub25jZQ==', 'x', 'A'.repeat(24)]);
  const lines = [
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Key: ${key}`,
    `Sec-WebSocket-Version: ${random.pick(['13', '13', '13', '8', '99999999999'])}`,
    ...random.list(3, () =>
      random.pick([
        ...[
          'Sec-WebSocket-Protocol: a, b,, ',
          'Origin: null',
          'X-Forwarded-For: x',
          'Expect: 100-continue',
          'Cookie: a=b',
        ],
        ...['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits', 'Content-Length: 5', 'Host: other'],
        ...[
          `X-Long: ${'x'.repeat(random.pick([10, 5_000, 20_000]))}`,
          `X-Any: ${anyText(random)}`,
          'Transfer-Encoding: chunked',
        ],
      ]),
    ),
  ];
  const kept = random.chance(0.8) ? lines : lines.filter(() => random.chance(0.8));
  const path = random.chance(0.6) ? '/text/dev' : random.pick(paths);
  const method = random.pick(['GET', 'GET', 'GET', 'GET', 'GET', 'GET', 'POST', 'HEAD', 'G\0T']);
  const first = `${method} ${path} HTTP/1.1\r\n`;
  const rest = `${kept.join('\r\n')}\r\n\r\n`;
  const mutated = random.below(10);
  if (mutated === 0) return mutate(random, first + rest, words);
  return first + (mutated < 6 ? mutate(random, rest, words) : rest);
}
