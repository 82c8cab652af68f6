import {
  ByteWriter,
  type Envelope,
  type InboxAddress,
  readBatch,
  writeBatchHead,
  writeEnvelope,
} from '@sluice/contracts';
import type { DeadLetter } from './bus.js';
import { batchField } from './keys.js';

/** Why an envelope died, as metric label: what handlers say in words has no bound and goes into the entry only. */
export const deadLetterCauses = ['undecodable', 'deliveries', 'handler'] as const;
export type DeadLetterCause = (typeof deadLetterCauses)[number];

/** A batch of a single envelope: what a dead letter holds, so that it can go back on the frame stream as it is. */
export function encodeSingle(from: InboxAddress, envelope: Envelope): Buffer {
  const writer = new ByteWriter(512);
  writeBatchHead(writer, from, envelope.timeMs);
  writeEnvelope(writer, envelope);
  return writer.copy();
}

/** Fields of a dead-letter entry in Redis. */
export function deadLetterFields(
  raw: Buffer,
  reason: string,
  deliveryCount: number,
  originalId: string,
): (string | number | Buffer)[] {
  const words = reason.slice(0, 1_024);
  return ['at', Date.now(), 'reason', words, 'count', deliveryCount, 'original', originalId, batchField, raw];
}

/** Reads a dead-letter entry; `id` names it within the whole bus. */
export function readDeadLetter(id: string, fields: Buffer[]): DeadLetter {
  const values = new Map<string, Buffer>();
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(String(fields[i]), fields[i + 1] as Buffer);
  const raw = values.get(batchField) ?? Buffer.alloc(0);
  return {
    id,
    reason: String(values.get('reason') ?? ''),
    deadAtMs: Number(values.get('at') ?? 0),
    deliveryCount: Number(values.get('count') ?? 0),
    originalId: String(values.get('original') ?? ''),
    envelope: decodeSingle(raw),
    raw,
  };
}

function decodeSingle(raw: Buffer): Envelope | undefined {
  try {
    return readBatch(raw).envelopes[0];
  } catch {
    return undefined;
  }
}
