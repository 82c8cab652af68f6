import type { Bus, Delivery } from '@sluice/bus';
import { type Envelope, type ErrorCode, errorFrame, errorKinds, type VerdictCommand } from '@sluice/contracts';

/** The refusal of a held upgrade whose `$connect` could not be run to its end (spec 01 §1.3, "by a failing integration"). */
export function failedVerdict(
  envelope: Envelope,
  code: ErrorCode,
): Pick<VerdictCommand, 'status' | 'headers' | 'body'> {
  return {
    status: errorKinds[code].handshakeStatus,
    headers: [
      ['content-type', 'application/json; charset=UTF-8'],
      ['x-amz-apigw-id', envelope.requestId],
    ],
    body: Buffer.from(errorFrame(code, envelope.connectionId, envelope.requestId)),
  };
}

/** Tells the client of a fault of the gateway itself, so that neither a message nor an upgrade waits for nothing. */
export function answerFault(bus: Bus, { envelope, from }: Delivery): void {
  if (from === '') return;
  const { connectionId, requestId } = envelope;
  if (envelope.kind === 'MESSAGE') {
    const body = Buffer.from(errorFrame('internal', connectionId, requestId));
    bus.send(from, { kind: 'REPLY', connectionId, body });
  }
  if (envelope.kind === 'CONNECT')
    bus.send(from, { kind: 'VERDICT', connectionId, ...failedVerdict(envelope, 'internal') });
}
