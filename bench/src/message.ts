/**
 * The benchmark's messages: 100 bytes of JSON with their sender and a sequence number of eight digits, so that every answer
 * can be told from every other, and one that is wrong, doubled, missing or another's is seen.
 */
export const messageBytes = 100;
const sequenceDigits = 8;

export interface MessageShape {
  readonly template: Buffer;
  readonly sequenceAt: number;
}

/** A message of this sender for the route of this name, exactly `messageBytes` long. */
export function messageShape(action: string, sender: number): MessageShape {
  const head = `{"action":"${action}","from":${sender},"sequence":"`;
  const tail = '","text":"';
  // Keeps every message as long as the next, whatever the sender's number.
  const padding = messageBytes - head.length - sequenceDigits - tail.length - 2;
  const text = `${head}${'0'.repeat(sequenceDigits)}${tail}${'x'.repeat(padding)}"}`;
  return { template: Buffer.from(text, 'latin1'), sequenceAt: head.length };
}

/** The text with which the MOCK route answers every message: as long as the message, so that both ways carry the same. */
export const mockReply = `{"reply":"${'m'.repeat(messageBytes - 12)}"}`;

const maskKey = [0x5a, 0x17, 0xc3, 0x88] as const;
const frameHeadBytes = 6;

/** A whole client frame with the message, masked. Only the digits change from message to message. */
export function clientFrame(shape: MessageShape): Buffer {
  return maskedFrame(0x1, shape.template);
}

/** A masked client frame with at most 125 bytes of payload. */
export function maskedFrame(opcode: number, payload: Uint8Array): Buffer {
  if (payload.length > 125) throw new RangeError(`a short frame holds 125 bytes, not ${payload.length}`);
  const frame = Buffer.alloc(frameHeadBytes + payload.length);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | payload.length;
  for (let i = 0; i < 4; i++) frame[2 + i] = maskKey[i] as number;
  for (let i = 0; i < payload.length; i++) {
    frame[frameHeadBytes + i] = (payload[i] as number) ^ (maskKey[i & 3] as number);
  }
  return frame;
}

/** Writes a sequence number into a frame made by `clientFrame` that starts at `frameAt` of the buffer. */
export function writeSequence(buffer: Buffer, frameAt: number, shape: MessageShape, sequence: number): void {
  let rest = sequence;
  for (let i = sequenceDigits - 1; i >= 0; i--) {
    const at = shape.sequenceAt + i;
    buffer[frameAt + frameHeadBytes + at] = (0x30 + (rest % 10)) ^ (maskKey[at & 3] as number);
    rest = Math.floor(rest / 10);
  }
}

/** The sequence number of an echoed message, or -1 where anything else in it differs from what was sent. */
export function readSequence(buffer: Buffer, start: number, end: number, shape: MessageShape): number {
  const { template, sequenceAt } = shape;
  if (end - start !== template.length) return -1;
  const digitsEnd = sequenceAt + sequenceDigits;
  if (buffer.compare(template, 0, sequenceAt, start, start + sequenceAt) !== 0) return -1;
  if (buffer.compare(template, digitsEnd, template.length, start + digitsEnd, end) !== 0) return -1;
  let sequence = 0;
  for (let at = start + sequenceAt; at < start + digitsEnd; at++) {
    const digit = (buffer[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    sequence = sequence * 10 + digit;
  }
  return sequence;
}
