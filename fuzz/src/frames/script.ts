import { limits } from '@sluice/contracts';
import type { Random } from '../random.js';
import { anyJson, anyText } from '../texts.js';
import { type ClientFrame, encodeFrame, opcodes } from './frame.js';

/** What a client sends over one connection, and what has to become of it. */
export interface Script {
  bytes: Buffer;
  /** In words. */
  steps: string[];
  /** `open`: nothing is wrong, so every message has an answer; `ended`: the gateway has to end it. */
  verdict: 'open' | 'ended' | 'either';
  /** Whole messages, where the verdict is `open`. */
  messages: number;
}

const routes = ['echo', 'ordered', 'checked', 'rendered', 'nowhere'];

/** Writes scripts: mostly right frames, then perhaps one that is not. */
export class ScriptWriter {
  private readonly frames: Buffer[] = [];
  private readonly steps: string[] = [];
  private messages = 0;

  constructor(
    private readonly random: Random,
    private readonly takesBinary: boolean,
  ) {}

  write(): Script {
    const { random } = this;
    for (let count = random.below(6); count > 0; count -= 1) this.right();
    const verdict = random.chance(0.4) ? 'open' : this.wrong();
    return { bytes: Buffer.concat(this.frames), steps: this.steps, verdict, messages: this.messages };
  }

  private frame(step: string, frame: ClientFrame): void {
    const payload = Buffer.from(frame.payload).toString('latin1').slice(0, 200);
    this.steps.push(`${step}: ${JSON.stringify({ ...frame, claimedLength: String(frame.claimedLength), payload })}`);
    this.frames.push(encodeFrame({ mask: this.random.bytes(4), ...frame }));
  }

  private right(): void {
    const { random } = this;
    const kind = random.below(8);
    if (kind === 0) return this.frame('ping', { opcode: opcodes.ping, payload: random.bytes(random.below(126)) });
    if (kind === 1) return this.frame('pong', { opcode: opcodes.pong, payload: random.bytes(random.below(126)) });
    const binary = this.takesBinary && random.chance(0.3);
    const payload = binary ? random.bytes(random.below(200)) : Buffer.from(this.text());
    this.message(binary ? opcodes.binary : opcodes.text, payload);
    this.messages += 1;
  }

  private text(): string {
    const { random } = this;
    const kind = random.below(10);
    if (kind === 0) return anyText(random, 60);
    if (kind === 1) return `{"action":"echo","long":"${'ü'.repeat(random.pick([60, 200, 40_000, 65_000]))}"}`;
    return `{"action":"${random.pick(routes)}","value":${anyJson(random)}}`;
  }

  /** In one frame, or in several with control frames between them. */
  private message(opcode: number, payload: Buffer): void {
    const { random } = this;
    const pieces = random.chance(0.6) ? 1 : 1 + random.below(5);
    const step = Math.ceil(payload.length / pieces);
    for (let index = 0; index < pieces; index += 1) {
      if (index > 0 && random.chance(0.3))
        this.frame('ping', { opcode: opcodes.ping, payload: Buffer.from('between') });
      this.frame('message', {
        fin: index === pieces - 1,
        opcode: index === 0 ? opcode : opcodes.continuation,
        payload: payload.subarray(index * step, (index + 1) * step),
        ...(random.chance(0.1) ? { lengthBytes: 8 as const } : {}),
      });
    }
  }

  private wrong(): Script['verdict'] {
    const { random } = this;
    const payload = random.bytes(random.below(40));
    switch (random.below(16)) {
      case 0:
        this.frame('a reserved opcode', { opcode: random.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15]), payload });
        return 'ended';
      case 1:
        this.frame('a long control frame', {
          opcode: random.pick([8, 9, 10]),
          payload: random.bytes(126 + random.below(9)),
        });
        return 'ended';
      case 2:
        this.frame('a control frame in parts', { fin: false, opcode: random.pick([9, 10]), payload });
        return 'ended';
      case 3:
        this.frame('a continuation of nothing', { opcode: opcodes.continuation, payload });
        return 'ended';
      case 4:
        this.frame('a beginning', { fin: false, opcode: opcodes.text, payload: Buffer.from('{') });
        this.frame('another one', { opcode: opcodes.text, payload: Buffer.from('}') });
        return 'ended';
      case 5:
        this.message(opcodes.text, Buffer.concat([payload, Buffer.from([random.pick([0xff, 0xc0, 0xfe])]), payload]));
        return 'ended';
      case 6:
        this.message(opcodes.text, Buffer.alloc(limits.messageBytesMax + 1 + random.below(3), 'x'));
        return 'ended';
      case 7:
        this.frame('reserved bits', { rsv: 1 + random.below(7), opcode: opcodes.text, payload: Buffer.from('{}') });
        return 'ended';
      case 8:
        this.frame('a close', { opcode: opcodes.close, payload: this.closePayload() });
        return 'ended';
      case 9:
        this.frame('a lie about the length', {
          opcode: random.pick([1, 2]),
          payload,
          lengthBytes: 8,
          claimedLength: random.pick([1n << 63n, (1n << 64n) - 1n, 1n << 40n, 1n << 31n, 2n << 20n]),
        });
        return 'ended';
      case 10:
        if (!this.takesBinary) {
          this.message(opcodes.binary, payload);
          return 'ended';
        }
        return this.halfAFrame(payload);
      case 11:
        this.frame('without a mask', { opcode: opcodes.text, payload: Buffer.from('{}'), mask: undefined });
        return 'either';
      case 12:
        return this.halfAFrame(payload);
      case 13:
        this.frame('an odd length form', {
          opcode: opcodes.text,
          payload: Buffer.from('{}'),
          lengthBytes: random.pick([2, 8]),
        });
        return 'either';
      default:
        this.steps.push('noise');
        this.frames.push(random.bytes(1 + random.below(400)));
        return 'either';
    }
  }

  private halfAFrame(payload: Buffer): Script['verdict'] {
    this.frame('half a frame', {
      opcode: opcodes.text,
      payload,
      lengthBytes: 2,
      claimedLength: BigInt(payload.length + 50),
    });
    return 'either';
  }

  private closePayload(): Buffer {
    const { random } = this;
    const code = Buffer.alloc(2);
    code.writeUInt16BE(random.pick([1000, 1001, 1005, 1006, 1008, 1015, 999, 0, 3000, 4999, 5000, 65_535]));
    const reason = random.chance(0.7) ? Buffer.from('bye ü') : random.bytes(random.below(124));
    return random.pick([Buffer.alloc(0), Buffer.from([3]), code, Buffer.concat([code, reason])]);
  }
}
