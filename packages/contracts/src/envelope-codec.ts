import { ByteReader, type ByteWriter, checkVersion, MalformedBytesError } from './bytes.js';
import type { Envelope, Handshake } from './envelope.js';
import type { InboxAddress } from './inbox.js';

/**
 * The binary form of one tick's batch of envelopes, which is one entry of the frame stream.
 *
 *     batch    := version:u8  from:shortText  timeMs:f64  envelope*
 *     envelope := kind:u8  flags:u8  scope:shortText  connectionId:shortText  requestId:shortText
 *                 connectionContext:text  [traceparent:shortText]  rest by kind
 *
 * Entries of both the last release and this one are on the stream during an upgrade: a change of layout takes a new
 * version, and the reader keeps the old one. A release reads a new version before the next one writes it, so that processes can
 * be upgraded, and rolled back, in any order.
 */
export const batchVersion = 1;

const kindConnect = 1;
const kindMessage = 2;
const kindDisconnect = 3;
const flagTraced = 1;
const flagBinary = 2;
const flagOrdered = 4;

export interface Batch {
  /** The inbox that awaits verdicts and replies; empty where a survivor speaks for a dead node. */
  from: InboxAddress;
  envelopes: Envelope[];
}

export function writeBatchHead(writer: ByteWriter, from: InboxAddress, timeMs: number): void {
  writer.u8(batchVersion);
  writer.shortText(from);
  writer.f64(timeMs);
}

/** Appends one envelope; its body is copied, so the caller may reuse it. */
export function writeEnvelope(writer: ByteWriter, envelope: Envelope): void {
  writer.u8(envelope.kind === 'MESSAGE' ? kindMessage : envelope.kind === 'CONNECT' ? kindConnect : kindDisconnect);
  writer.u8(flagsOf(envelope));
  writer.shortText(envelope.scope);
  writer.shortText(envelope.connectionId);
  writer.shortText(envelope.requestId);
  writer.text(envelope.connectionContext);
  if (envelope.traceparent !== undefined) writer.shortText(envelope.traceparent);
  switch (envelope.kind) {
    case 'MESSAGE':
      writer.shortText(envelope.messageId);
      writer.bytes(envelope.body);
      break;
    case 'CONNECT':
      writer.utf8(JSON.stringify(envelope.handshake));
      break;
    case 'DISCONNECT':
      writer.u16(envelope.disconnectStatusCode);
      writer.utf8(envelope.disconnectReason);
      break;
  }
}

function flagsOf(envelope: Envelope): number {
  const traced = envelope.traceparent === undefined ? 0 : flagTraced;
  if (envelope.kind !== 'MESSAGE') return traced;
  return traced | (envelope.binary === true ? flagBinary : 0) | (envelope.ordered === true ? flagOrdered : 0);
}

/**
 * Reads a whole batch. Bodies are views into `bytes`. Throws `NewerVersionError` for a batch of a later release, which is to be
 * left to a process of that release, and `MalformedBytesError` for anything else that is no batch: such an entry is poison and
 * belongs in the dead-letter stream.
 */
export function readBatch(bytes: Buffer): Batch {
  const reader = new ByteReader(bytes);
  checkVersion('batch', reader.u8(), batchVersion);
  const from = reader.shortText();
  const timeMs = reader.f64();
  const envelopes: Envelope[] = [];
  while (!reader.done) envelopes.push(readEnvelope(reader, timeMs));
  return { from, envelopes };
}

function readEnvelope(reader: ByteReader, timeMs: number): Envelope {
  const kind = reader.u8();
  const flags = reader.u8();
  const scope = reader.shortText();
  const connectionId = reader.shortText();
  const requestId = reader.shortText();
  const connectionContext = reader.text();
  const traceparent = (flags & flagTraced) === 0 ? undefined : reader.shortText();
  switch (kind) {
    case kindMessage: {
      const messageId = reader.shortText();
      const body = reader.bytes();
      return {
        kind: 'MESSAGE',
        scope,
        connectionId,
        requestId,
        timeMs,
        connectionContext,
        traceparent,
        messageId,
        body,
        binary: (flags & flagBinary) !== 0,
        ordered: (flags & flagOrdered) !== 0,
      };
    }
    case kindConnect: {
      const handshake = parseHandshake(reader.utf8());
      return { kind: 'CONNECT', scope, connectionId, requestId, timeMs, connectionContext, traceparent, handshake };
    }
    case kindDisconnect: {
      const disconnectStatusCode = reader.u16();
      const disconnectReason = reader.utf8();
      return {
        kind: 'DISCONNECT',
        scope,
        connectionId,
        requestId,
        timeMs,
        connectionContext,
        traceparent,
        disconnectStatusCode,
        disconnectReason,
      };
    }
    default:
      throw new MalformedBytesError(`envelope kind ${kind} is not known`);
  }
}

function parseHandshake(text: string): Handshake {
  try {
    return JSON.parse(text) as Handshake;
  } catch {
    throw new MalformedBytesError('the handshake of a CONNECT envelope is not JSON');
  }
}
