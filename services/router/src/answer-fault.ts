import type { Bus, Delivery } from '@sluice/bus';
import { errorFrame } from '@sluice/contracts';
import { releaseOrdered, sendReply } from './settle-message.js';
import { refusedVerdict } from './verdicts.js';

/** Tells the client of a fault of the gateway itself, so that neither a message nor an upgrade waits for nothing. */
export function answerFault(bus: Bus, delivery: Delivery): void {
  const { envelope, from } = delivery;
  if (from === '') return;
  const { connectionId, requestId } = envelope;
  if (envelope.kind === 'MESSAGE') {
    sendReply(bus, delivery, envelope, Buffer.from(errorFrame('internal', connectionId, requestId)), false);
    releaseOrdered(bus, delivery, envelope);
  }
  if (envelope.kind === 'CONNECT') {
    bus.send(from, { kind: 'VERDICT', connectionId, ...refusedVerdict(envelope, { code: 'internal', detail: '' }) });
  }
}
