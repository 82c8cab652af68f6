import type { Bus, Delivery } from '@sluice/bus';
import type { MessageEnvelope } from '@sluice/contracts';

/** Sends a reply or error frame to the client. An inbox that is gone took its sockets with it: there is nobody left to answer. */
export function sendReply(
  bus: Bus,
  { from }: Delivery,
  { connectionId }: MessageEnvelope,
  body: Uint8Array,
  binary: boolean | undefined,
): void {
  if (from === '') return;
  bus.send(
    from,
    binary === true ? { kind: 'REPLY', connectionId, body, binary } : { kind: 'REPLY', connectionId, body },
  );
}

/** The last step of every message, however it ended: its edge may send the next ordered one, and the entry is acknowledged. */
export function finishMessage(bus: Bus, delivery: Delivery, envelope: MessageEnvelope): void {
  releaseOrdered(bus, delivery, envelope);
  delivery.done();
}

/** After the reply, so that replies of an ordered route keep its order too. */
export function releaseOrdered(bus: Bus, { from }: Delivery, envelope: MessageEnvelope): void {
  if (envelope.ordered !== true || from === '') return;
  bus.send(from, { kind: 'DONE', connectionId: envelope.connectionId, messageId: envelope.messageId });
}
