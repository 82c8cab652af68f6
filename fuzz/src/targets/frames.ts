import { encodeFrame, opcodes } from '../frames/frame.js';
import { startFuzzedGateway } from '../frames/fuzzed-gateway.js';
import { RawConnection, sentinel } from '../frames/raw-connection.js';
import { type Script, ScriptWriter } from '../frames/script.js';
import type { Random } from '../random.js';
import { type FuzzTarget, must } from '../target.js';

const endMs = 5_000;
/** Half a frame swallows the last ping: nothing more comes then. */
const silenceMs = 40;

const request = (api: string) =>
  `GET /${api}/dev HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n';

/** Frames against a running gateway: what is right is answered, what is wrong ends its own connection and nothing else. */
export const frames: FuzzTarget = {
  name: 'frames',
  async open() {
    const gateway = await startFuzzedGateway();
    return {
      async play(random, note) {
        const api = random.pick(['text', 'binary']);
        const script = new ScriptWriter(random, api === 'binary').write();
        note([`/${api}/dev, ${script.verdict}`, ...script.steps, script.bytes.toString('hex')].join('\n'));
        const raw = await RawConnection.open(gateway.port);
        try {
          await raw.sendHead(request(api), random);
          const status = await raw.status(endMs);
          // Faster than a node takes handshakes.
          if (status === 503) return 'turned away';
          must(status === 101, () => `the handshake is answered ${status}`);
          const outcome = await converse(raw, script, random);
          await gateway.mustServe();
          return outcome;
        } finally {
          raw.destroy();
        }
      },
      close: () => gateway.stop(),
    };
  },
};

async function converse(raw: RawConnection, script: Script, random: Random): Promise<string> {
  const ping = encodeFrame({ opcode: opcodes.ping, payload: Buffer.from(sentinel), mask: random.bytes(4) });
  await raw.send(Buffer.concat([script.bytes, ping]), random);
  if (script.verdict === 'ended') {
    must(await raw.until(() => raw.ended, endMs), () => 'the connection goes on');
    return 'ended';
  }
  if (script.verdict === 'either') {
    await raw.until(() => raw.ended || raw.pongs > 0, silenceMs);
    return raw.ended ? 'ended' : raw.pongs > 0 ? 'went on' : 'waits';
  }
  const answered = () => raw.ended || (raw.pongs > 0 && raw.texts.length >= script.messages);
  await raw.until(answered, endMs);
  must(!raw.ended, () => 'it was ended, and nothing was wrong');
  must(raw.pongs === 1, () => `${raw.pongs} pongs for the last ping`);
  const { length } = raw.texts;
  must(
    length === script.messages,
    () => `${length} answers to ${script.messages} messages: ${JSON.stringify(raw.texts)}`,
  );
  return 'answered';
}
